import type { Outcome } from "../machine/events.ts";
import type { Cluster, ClusterState } from "./cluster.ts";
import type { Json } from "./json.ts";
import type { Operation } from "./operation.ts";
import type { Schema } from "./schema.ts";

/** Who carries a stage out: user code, the run's machine itself, a rollout, commands to a cluster by hand, or another run. */
export type StageKind = "effect" | "wait" | "judgement" | "rollout" | "operation" | "expand" | "pipeline";

/** What a stage's own code gets. */
export interface StageContext<Input> {
  /** As recorded when the stage started; the same on every attempt, and frozen. */
  readonly input: Input;
  readonly run: string;
  readonly stage: string;
  /** 1, 2, 3 … */
  readonly attempt: number;
  /** Stable over attempts: give it to whatever you call, so that a repetition is recognised. */
  readonly idempotencyKey: string;
  /** Aborts when the run is cancelled or the delivery closes. */
  readonly signal: AbortSignal;
  /** Records a line of progress in the run's log; `ratio` is 0–1. Need not be awaited. */
  readonly progress: (message: string, ratio?: number) => Promise<void>;
  /**
   * Computes a value once in the life of the stage: recorded, and returned from the log on a later attempt.
   *
   * @throws ConfigurationError when a new step's name holds a secret: names are recorded as they are
   */
  readonly step: <T extends Json>(name: string, compute: () => T | Promise<T>) => Promise<T>;
  /**
   * A text with known secrets masked and, in texts of up to 16,000 characters, what looks like one. For what is shortened
   * before it is recorded: half of a secret is not recognised any more.
   *
   * @example throw new Error(`refused: ${redact(body).slice(0, 200)}`)
   */
  readonly redact: (text: string) => string;
  /** Waits by the delivery's clock. Rejects when the stage is to stop. */
  readonly sleep: (ms: number) => Promise<void>;
  /**
   * A cluster now, by its provider; repeated while that may help.
   *
   * @throws ConfigurationError when its provider is not one of the delivery
   */
  readonly observe: (cluster: Cluster<unknown>) => Promise<ClusterState>;
  /** The newest run of a pipeline that began before this one and is over; undefined: there is none. */
  readonly lastRun: (pipeline: string) => Promise<FinishedRun | undefined>;
}

/** A run that is over. */
export interface FinishedRun {
  readonly run: string;
  readonly outcome: Outcome;
  readonly startedAt: number;
}

/** How often a failed stage is tried again, and when. */
export interface StageRetry {
  /** Attempts in all, the first included. */
  readonly attempts: number;
  /** Milliseconds before the second attempt; doubles each time, up to a minute (or to itself, if it is longer). Default 1000. */
  readonly delayMs?: number;
}

/** A type of stage. Made by `defineStage`; `deploy`, `wait` and `judgement` are built in. */
export interface StageType<Input, Output> {
  readonly type: string;
  readonly kind: StageKind;
  /** What is wrong with an input; empty when nothing is. */
  check(input: Input): readonly string[];
  readonly input?: Schema<unknown, Input>;
  readonly output?: Schema<unknown, Output>;
  readonly retry?: StageRetry;
  /** What a stage of kind `operation` does. */
  readonly operation?: Operation["do"];
  /** The work of a stage of kind `effect`. */
  readonly run?: (context: StageContext<Input>) => Promise<Output>;
}
