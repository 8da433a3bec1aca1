import { createHash } from "node:crypto";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { V1Container, V1ContainerState, V1ContainerStatus, V1Pod } from "@kubernetes/client-node";
import type { Keeper, KeptProcess } from "../processes/keeper.ts";
import type { PodAddress } from "./addressing.ts";
import { probe } from "./probe.ts";

const FIRST_BACKOFF_MS = 1000;
const LONGEST_BACKOFF_MS = 30_000;

/** What a container is run with. */
export interface ContainerPlace {
  readonly keeper: Keeper;
  readonly folder: string;
  readonly pod: V1Pod;
  readonly address: PodAddress;
  /** Told when its status is another. */
  readonly changed: () => void;
}

/** One container as one process: started, probed, and started again with growing pauses when it ends. */
export class ContainerRun {
  readonly #container: V1Container;
  readonly #place: ContainerPlace;
  readonly #stop = new AbortController();
  #process: KeptProcess | undefined;
  #ready = false;
  #restarts = 0;
  #state: V1ContainerState = { waiting: { reason: "ContainerCreating" } };
  #lastState: V1ContainerState | undefined;

  constructor(container: V1Container, place: ContainerPlace) {
    this.#container = container;
    this.#place = place;
  }

  get status(): V1ContainerStatus {
    const { name, image = "" } = this.#container;
    return {
      name,
      image,
      imageID: imageId(image),
      ready: this.#ready,
      started: this.#state.running !== undefined,
      restartCount: this.#restarts,
      state: this.#state,
      ...(this.#lastState ? { lastState: this.#lastState } : {}),
    };
  }

  /** Runs it until it is stopped. */
  async run(): Promise<void> {
    if (this.#container.image?.includes("-bad-image")) return this.#be(waiting("ImagePullBackOff"));
    for (
      let backoff = FIRST_BACKOFF_MS;
      !this.#stop.signal.aborted;
      backoff = Math.min(backoff * 2, LONGEST_BACKOFF_MS)
    ) {
      await this.#runOnce();
      if (this.#stop.signal.aborted) return;
      this.#be(waiting("CrashLoopBackOff"));
      await sleep(backoff, undefined, { signal: this.#stop.signal }).catch(() => {});
      this.#restarts += 1;
    }
  }

  /** Lets its preStop sleep pass, asks it to end, and kills it when the grace is over. */
  async stop(graceMs: number): Promise<void> {
    this.#stop.abort();
    const running = this.#process;
    if (!running) return;
    const patience = new AbortController();
    const kill = sleep(graceMs, undefined, { signal: patience.signal }).then(
      () => running.signal("SIGKILL"),
      () => {},
    );
    const seconds = this.#container.lifecycle?.preStop?.sleep?.seconds ?? 0;
    await Promise.race([
      sleep(seconds * 1000, undefined, { signal: patience.signal }).catch(() => {}),
      running.exited,
    ]);
    running.signal("SIGTERM");
    await running.exited;
    patience.abort();
    await kill;
  }

  async #runOnce(): Promise<void> {
    const startedAt = new Date();
    const running = await this.#place.keeper.start(this.#launch());
    this.#process = running;
    // Stopped while it was started.
    if (this.#stop.signal.aborted) running.signal("SIGKILL");
    this.#be({ running: { startedAt } });
    const over = new AbortController();
    const probing = probe(
      this.#container,
      this.#place.address.host,
      (ready) => this.#be(this.#state, ready),
      AbortSignal.any([over.signal, this.#stop.signal]),
    );
    const { code, signal } = await running.exited;
    over.abort();
    await probing;
    this.#process = undefined;
    const exitCode = code ?? 128 + (signal === "SIGKILL" ? 9 : 15);
    this.#lastState = {
      terminated: {
        exitCode,
        reason: exitCode === 0 ? "Completed" : "Error",
        startedAt,
        finishedAt: new Date(),
      },
    };
    this.#be(this.#lastState);
  }

  #launch(): Parameters<Keeper["start"]>[0] {
    const { pod, address, folder } = this.#place;
    const { command = [], args = [], image = "", name, ports } = this.#container;
    const [program = process.execPath, ...rest] =
      command.length > 0
        ? [...command, ...args]
        : [process.execPath, join(import.meta.dirname, "pod-server.ts"), ...args];
    return {
      command: program,
      args: rest,
      cwd: folder,
      log: join(folder, "logs", `pod-${pod.metadata?.name ?? ""}-${name}.log`),
      env: {
        HOST: address.host,
        PORT: String(ports?.[0]?.containerPort ?? 8080),
        IMAGE: image,
        POD_NAME: pod.metadata?.name ?? "",
        POD_NAMESPACE: pod.metadata?.namespace ?? "",
        NODE_NO_WARNINGS: "1",
        ...this.#environment(),
      },
    };
  }

  #environment(): Record<string, string> {
    return Object.fromEntries((this.#container.env ?? []).map(({ name, value = "" }) => [name, value]));
  }

  #be(state: V1ContainerState, ready = false): void {
    this.#state = state;
    this.#ready = ready;
    this.#place.changed();
  }
}

function waiting(reason: string): V1ContainerState {
  return { waiting: { reason, message: `${reason}, says the bed's agent` } };
}

// No registry gave it: what one would say, the same for the same reference.
function imageId(image: string): string {
  const [repository = image] = image.split(/@|:(?=[^/]*$)/);
  return `${repository}@sha256:${createHash("sha256").update(image).digest("hex")}`;
}
