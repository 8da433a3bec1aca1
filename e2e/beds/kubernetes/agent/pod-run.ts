import { setTimeout as sleep } from "node:timers/promises";
import {
  type ApiException,
  CoreV1Api,
  type KubeConfig,
  PatchStrategy,
  type V1Pod,
  type V1PodStatus,
  setHeaderOptions,
} from "@kubernetes/client-node";
import type { Keeper } from "../processes/keeper.ts";
import type { PodAddress } from "./addressing.ts";
import { ContainerRun } from "./container-run.ts";

const TRY_AGAIN_MS = 200;
const STRATEGIC = setHeaderOptions("Content-Type", PatchStrategy.StrategicMergePatch);

/** What a pod is run with. */
export interface PodPlace {
  readonly config: KubeConfig;
  readonly keeper: Keeper;
  readonly folder: string;
  readonly address: PodAddress;
}

/** One pod: its processes, and its status in the API, which says what they do. */
export class PodRun {
  readonly #pod: V1Pod;
  readonly #place: PodPlace;
  readonly #api: CoreV1Api;
  readonly #containers: readonly ContainerRun[];
  readonly #startTime = new Date();
  readonly #since = new Map<string, { readonly status: string; readonly at: Date }>();
  #writing = false;
  #stale = false;
  #ending: Promise<void> | undefined;
  #gone = false;

  constructor(pod: V1Pod, place: PodPlace) {
    this.#pod = pod;
    this.#place = place;
    this.#api = place.config.makeApiClient(CoreV1Api);
    const { keeper, folder, address } = place;
    const changed = (): void => this.#write();
    this.#containers = (pod.spec?.containers ?? []).map(
      (container) => new ContainerRun(container, { keeper, folder, pod, address, changed }),
    );
    for (const container of this.#containers) void container.run();
    this.#write();
  }

  /** Ends its processes within the grace, then takes the object away: what a kubelet does when a pod is deleted. */
  end(graceSeconds: number): Promise<void> {
    this.#ending ??= (async () => {
      await Promise.all(this.#containers.map((container) => container.stop(graceSeconds * 1000)));
      await this.#remove();
    })();
    return this.#ending;
  }

  /** Kills its processes: its object is no more, or the agent stops. */
  async kill(): Promise<void> {
    this.#gone = true;
    await Promise.all(this.#containers.map((container) => container.stop(0)));
  }

  #write(): void {
    this.#stale = true;
    if (!this.#writing) void this.#writeWhileStale();
  }

  // One write at a time, and after it another if something changed meanwhile: the last state is always written.
  async #writeWhileStale(): Promise<void> {
    this.#writing = true;
    await Promise.resolve();
    while (this.#stale && !this.#gone) {
      this.#stale = false;
      const status = this.#status();
      await this.#insist(() =>
        this.#api.patchNamespacedPodStatus({ ...this.#name(), body: { status } }, STRATEGIC),
      );
    }
    this.#writing = false;
  }

  #remove(): Promise<void> {
    // A grace period outside the body does not count when there is a body.
    const body = { gracePeriodSeconds: 0, preconditions: { uid: this.#pod.metadata?.uid ?? "" } };
    return this.#insist(() => this.#api.deleteNamespacedPod({ ...this.#name(), body }));
  }

  // The API server may be away for a while; a pod that is gone, or another by now, is not ours to write about.
  async #insist(call: () => Promise<unknown>): Promise<void> {
    while (!this.#gone) {
      try {
        await call();
        return;
      } catch (error) {
        const { code } = error as ApiException<unknown>;
        if (code === 404 || code === 409) return;
        await sleep(TRY_AGAIN_MS);
      }
    }
  }

  #name(): { readonly name: string; readonly namespace: string } {
    return { name: this.#pod.metadata?.name ?? "", namespace: this.#pod.metadata?.namespace ?? "" };
  }

  #status(): V1PodStatus {
    const containerStatuses = this.#containers.map(({ status }) => status);
    const ready = containerStatuses.every((status) => status.ready);
    const begun = containerStatuses.every(({ state, restartCount }) => !state?.waiting || restartCount > 0);
    const { podIP } = this.#place.address;
    return {
      phase: begun ? "Running" : "Pending",
      startTime: this.#startTime,
      podIP,
      podIPs: [{ ip: podIP }],
      conditions: [
        this.#condition("Initialized", true),
        this.#condition("ContainersReady", ready),
        this.#condition("Ready", ready),
      ],
      containerStatuses,
    };
  }

  #condition(type: string, is: boolean): NonNullable<V1PodStatus["conditions"]>[number] {
    const status = is ? "True" : "False";
    const before = this.#since.get(type);
    const at = before?.status === status ? before.at : new Date();
    this.#since.set(type, { status, at });
    return {
      type,
      status,
      lastTransitionTime: at,
      ...(is ? { reason: "" } : { reason: "ContainersNotReady" }),
    };
  }
}
