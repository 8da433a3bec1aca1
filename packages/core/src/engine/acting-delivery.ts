import type { Event, EventType } from "../machine/events.ts";
import type { Disabled } from "../machine/run/state.ts";
import type { Cluster } from "../model/cluster.ts";
import type { Pipeline } from "../model/pipeline.ts";
import type { RunFilter, RunSummary } from "../ports/engine.ts";
import type { DeployInput, DeployStage } from "../stages/deploy.ts";
import type { DryRun } from "./dry-run.ts";
import type { PruneOptions } from "./history/prune.ts";
import type { Report, ReportOptions } from "./history/report.ts";
import type { AnyPipeline } from "./registry.ts";
import type { RunHandle } from "./run-handle.ts";
import type { UndoTarget } from "./undo.ts";

/** How a run is started. */
export interface StartOptions {
  /** A person or a bot; recorded. */
  readonly actor?: string;
  /** Starting again with the same key (for one pipeline) returns the run that has it. */
  readonly idempotencyKey?: string;
}

/** How a run is started anew. */
export interface RestartOptions extends StartOptions {
  readonly reason?: string;
}

/**
 * What an actor can do: starts runs, acts on them, and sees what happens. Where there is an authorizer, whatever the actor
 * may not do is a `DeniedError`, and changes nothing; lists and streams leave out what the actor may not READ.
 */
export interface ActingDelivery {
  /**
   * Starts a run of a pipeline.
   *
   * @throws ConfigurationError with all problems of the pipeline's shape and of the input; nothing was started
   * @throws ConflictError when the pipeline is disabled; it says why
   */
  start<Input, Outputs>(
    pipeline: Pipeline<Input, Outputs>,
    input: NoInfer<Input>,
    options?: StartOptions,
  ): Promise<RunHandle>;
  /** The one-stage short form: replaces what a cluster runs by a release, by a strategy. */
  deploy<Release>(input: DeployInput<Release>, options?: StartOptions): Promise<RunHandle>;
  /**
   * What a run would do to the clusters as they are now: the real machine in virtual time. Changes nothing. Problems
   * are listed in the plan, not thrown.
   *
   * @throws ConfigurationError with all problems of the pipeline's shape and of the input
   */
  plan<Input, Outputs>(
    pipeline: Pipeline<Input, Outputs>,
    input: NoInfer<Input>,
    options?: { readonly signal?: AbortSignal },
  ): Promise<DryRun>;
  /** The same for the short form: `delivery.plan(deploy, { cluster, release, strategy })`. */
  plan<Release>(
    shortForm: DeployStage,
    input: DeployInput<Release>,
    options?: { readonly signal?: AbortSignal },
  ): Promise<DryRun>;
  /**
   * Where a cluster could go back to, the newest first, and what it would cost: groups that are still there, and by the
   * log (its newest 200 runs) releases whose groups are gone.
   *
   * @throws ConfigurationError when the cluster's provider is not one of this delivery
   */
  undoTargets(
    cluster: Cluster<unknown>,
    options?: { readonly signal?: AbortSignal },
  ): Promise<readonly UndoTarget[]>;
  /**
   * Goes back to what served before: `to` a group or the run that brought it, or else the newest. A group that is still
   * there is brought back, its instances being started where they do not run; where it is gone, its release is brought up
   * in a new one. Then all traffic is shifted at once. The group that served is left warm, for the undo of the undo. In
   * the middle of a rollout, which it supersedes, it goes back to what served before that.
   *
   * @throws ConflictError when there is nothing to go back to; it names what there is
   */
  undo(cluster: Cluster<unknown>, options?: StartOptions & { readonly to?: string }): Promise<RunHandle>;
  /**
   * Starts a run that is over anew, with the same input, by the pipeline as it is registered now; the new run names the
   * old one. Asked again, it returns the run that it had started: another one needs an idempotency key of its own.
   *
   * @throws ConflictError when there is no such run, or it is not over, or its pipeline is disabled
   */
  restart(run: string, options?: RestartOptions): Promise<RunHandle>;
  /**
   * Has a pipeline refuse to start, restart or retry, with this reason, until it is enabled. Runs that are under way go
   * on. Stands in the log, and so outlives the process. Does nothing when it is disabled for that reason already.
   */
  disable(
    pipeline: AnyPipeline | string,
    act: { readonly actor?: string; readonly reason: string },
  ): Promise<void>;
  /** Lets a disabled pipeline start again. Does nothing when it is not disabled. */
  enable(
    pipeline: AnyPipeline | string,
    act?: { readonly actor?: string; readonly reason?: string },
  ): Promise<void>;
  /** Why a pipeline is disabled, since when and by whom; undefined when it is not. */
  disabled(pipeline: AnyPipeline | string): Promise<Disabled | undefined>;
  /** A run by its id. `actor`: who looks. @throws ConflictError when there is none */
  run(id: string, options?: { readonly actor?: string }): Promise<RunHandle>;
  /** Runs, newest first. */
  runs(filter?: RunFilter): Promise<readonly RunSummary[]>;
  /**
   * Deployment frequency, lead time, change failure rate and time to restore in a window, and how long runs and stages
   * took. Reads the events of the runs it is about.
   *
   * @throws ConfigurationError when the window is none
   */
  report(options?: ReportOptions): Promise<Report>;
  /**
   * Removes finished runs with all their events: those that are older than `olderThan`, but the newest `keep` of each pipeline, the
   * last two that brought something to a cluster, those below a run that is not over, those with somebody still at work, and those that a notifier was
   * not told of. Their idempotency keys are free again. Answers how many. Needs ADMIN: on the pipeline or application
   * that is named, else on application `"*"`.
   *
   * @throws UnsupportedError when the engine's log only grows
   */
  prune(options?: PruneOptions): Promise<number>;
  /**
   * Events of all runs: from an offset on (default: the beginning), then live, until the signal aborts or the delivery closes.
   * What was removed is skipped; offsets are never given again.
   */
  events(options?: { readonly from?: number; readonly signal?: AbortSignal }): AsyncIterable<Event>;
  /**
   * Calls back on each event of a type, as it is recorded; returns how to stop. For history, use `events`. A listener
   * that throws or rejects is reported to the logger; the other listeners and the run do not notice.
   */
  on<T extends EventType>(type: T, listener: (event: Event<T>) => unknown): () => void;
}
