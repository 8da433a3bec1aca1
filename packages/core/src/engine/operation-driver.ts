import type { RolloutCommand } from "../machine/events.ts";
import { nextStep, type OperationStep } from "../machine/operation/step.ts";
import type { OperationTarget } from "../machine/operation/target.ts";
import { workName } from "../machine/run/state.ts";
import { clusterId, type ClusterState } from "../model/cluster.ts";
import { parseDuration } from "../model/duration.ts";
import type { Operation } from "../model/operation.ts";
import { StageError } from "../stages/stage-error.ts";
import type { Attempt } from "./attempt.ts";
import type { CommandEnd, ProviderCalls } from "./provider-calls.ts";
import { sleep } from "./sleep.ts";
import { record, stageOf, type Surroundings } from "./surroundings.ts";
import { WorldFeed } from "./world-feed.ts";

/** What an operation is driven with. */
export interface OperationDrive {
  readonly using: Surroundings;
  readonly attempt: Attempt;
  readonly operation: Operation;
  readonly target: OperationTarget;
  readonly calls: ProviderCalls;
}

const TROUBLE_MS = 500;
const MISSES_MAX = 10;

/** Claims a cluster and says one command after the other, each on a fresh look, until all is as wanted. */
export class OperationDriver {
  readonly #drive: OperationDrive;
  readonly #feed: WorldFeed;
  readonly #patience = new AbortController();
  readonly #signal: AbortSignal;
  /** Undefined: claim before anything else is said. */
  #epoch: number | undefined;
  #said = 0;
  #misses = 0;
  #waits = "";

  constructor(drive: OperationDrive) {
    this.#drive = drive;
    const { calls, attempt, using } = drive;
    const { clock, logger, redactor } = using;
    const ring = (): void => attempt.bell.ring();
    this.#feed = new WorldFeed(calls, clock, logger, ring, (message) => redactor.text(message));
    this.#signal = AbortSignal.any([drive.attempt.signal, this.#patience.signal]);
  }

  /** @throws StageError when it may not be done, or is not done in time */
  async run(): Promise<void> {
    const { using, operation } = this.#drive;
    const { timeout = "10m" } = operation;
    const callOff = using.clock.after(parseDuration(timeout), () => {
      const why = this.#waits === "" ? "" : `: ${this.#waits}`;
      this.#patience.abort(
        new StageError("operation-late", `${operation.do} was not done within ${timeout}${why}`),
      );
    });
    const following = this.#feed.follow(this.#signal);
    try {
      while (await this.#turn()) this.#signal.throwIfAborted();
    } finally {
      callOff();
      this.#patience.abort();
      await following;
    }
  }

  /** False when all is as wanted. */
  async #turn(): Promise<boolean> {
    const { calls, attempt, operation } = this.#drive;
    if (this.#epoch === undefined) {
      this.#epoch = await calls.claim(attempt.effect.run, this.#signal);
      await this.#feed.refresh(this.#signal);
    }
    const world = this.#feed.world ?? (await this.#feed.refresh(this.#signal));
    const step = this.#decide(world);
    if (!step) return false;
    if ("refuse" in step) throw new StageError("operation-refused", `${operation.do}: ${step.refuse}`);
    if ("wait" in step) await this.#rest(step.wait, world);
    else await this.#say(step.say, this.#epoch);
    return true;
  }

  #decide(world: ClusterState): OperationStep | undefined {
    const { calls, operation, target, using } = this.#drive;
    if (world.stale) return { wait: "what it looks like is not known yet" };
    return nextStep(target, world, {
      traffic: calls.provider.supports.traffic,
      guarded: using.guarded.has(clusterId(operation.cluster)),
    });
  }

  async #say(body: RolloutCommand, epoch: number): Promise<void> {
    const { attempt, calls, using } = this.#drive;
    const { run, id } = attempt.effect;
    const stage = stageOf(using, attempt.effect);
    await this.#progress(describeCommand(body));
    this.#said += 1;
    // Another one after each claim, also in another life of this process: a provider that knows it does nothing.
    const command = `${stage ? workName(id, stage) : id}/${epoch}.${this.#said}`;
    const token = { run, epoch, command };
    const end = await calls.say(body, null, token, this.#signal);
    if (end.error !== undefined) await this.#missed(end);
    else this.#misses = 0;
    if (end.error !== undefined) await sleep(using.clock, TROUBLE_MS, this.#signal);
    if (this.#epoch !== undefined) await this.#feed.refresh(this.#signal);
  }

  // What may still land must not: claim anew, and look. The same where a claim of ours came through late.
  async #missed({ result, error, claimedBy }: CommandEnd): Promise<void> {
    this.#misses += 1;
    const late = result === "fenced" && claimedBy === this.#drive.attempt.effect.run;
    if (result === "failed" || (result === "fenced" && !late) || this.#misses > MISSES_MAX) throw error;
    if (result !== "refused") this.#epoch = undefined;
  }

  async #rest(why: string, { stale = false }: ClusterState): Promise<void> {
    const { attempt, using } = this.#drive;
    if (why !== this.#waits) await this.#progress(why);
    this.#waits = why;
    const callOff = stale ? using.clock.after(TROUBLE_MS, () => attempt.bell.ring()) : undefined;
    await attempt.bell.wait(this.#signal);
    callOff?.();
    if (stale && !this.#signal.aborted) await this.#feed.refresh(this.#signal);
  }

  async #progress(message: string): Promise<void> {
    const { attempt, using } = this.#drive;
    const { effect } = attempt;
    await record(using, effect, [
      { type: "stage-progressed", at: using.clock.now(), stage: effect.id, message },
    ]);
  }
}

function describeCommand(command: RolloutCommand): string {
  switch (command.do) {
    case "scale-group":
      return `${command.group} to ${command.size} instances`;
    case "set-traffic": {
      const shares = Object.entries(command.shares).map(([name, share]) => `${share} % ${name}`);
      return `traffic: ${shares.join(", ") || "nobody"}`;
    }
    case "destroy-group":
      return `${command.group} is removed`;
    default:
      return command.do;
  }
}
