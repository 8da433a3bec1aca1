import type { Json } from "./json.ts";
import type { StageKind, StageRetry } from "./stage.ts";

/** What the failure of a stage means for the rest of its run. */
export type FailurePolicy = "fail-run" | "fail-branch" | "continue" | "ignore";

/** What a stage waits for in those that it comes after. */
export type Join = "all" | "any" | "over";

/** Stages apart from the run's ordinary course: those that clear up after a failure, and those that always run. */
export type StageRole = "on-failure" | "finally";

/** One stage of a frozen plan. What is absent is as it is by default. */
export interface PlannedStage {
  readonly name: string;
  /** Name of the stage's type, found again in the registered pipeline. */
  readonly type: string;
  readonly kind: StageKind;
  /** Stages that must have passed before (see `join`); empty: it starts at once. */
  readonly after: readonly string[];
  readonly retry?: StageRetry;
  /** Default `all`: every one of `after` passed. */
  readonly join?: Join;
  /** Default `fail-run`; for a stage with a role `continue`. */
  readonly onFailure?: FailurePolicy;
  /** How long it may run, all attempts together. Not counted: paused time, and time in the queue of a cluster. */
  readonly timeoutMs?: number;
  /** A person may skip it. */
  readonly skippable?: true;
  /** Its `when` is asked before it starts. */
  readonly conditional?: true;
  readonly role?: StageRole;
  /** For `on-failure`: the stages whose failure it is for; absent: the run's. */
  readonly clears?: readonly string[];
  /** For `on-failure`: it also runs when what it is for was cancelled. */
  readonly onCancel?: true;
  /** For `on-failure`: when it succeeds, the failure that it is for counts as undone; or that of these stages. */
  readonly undoes?: true | readonly string[];
  /** The stage that this one was made from, once for each item of a list. */
  readonly of?: string;
  /** For which item. */
  readonly item?: Json;
  /** For `expand`: what is made of each item, and of how many at most. */
  readonly template?: Omit<PlannedStage, "name" | "after" | "of" | "item" | "template" | "max">;
  readonly max?: number;
}

/** A pipeline's shape, frozen in a run's first event. */
export interface Plan {
  readonly pipeline: string;
  /** What the pipeline belongs to, if it says so: for lists, reports and rights. */
  readonly application?: string;
  readonly stages: readonly PlannedStage[];
  /** How long the run may take, apart from its `on-failure` and `finally` stages. Paused time does not count. */
  readonly timeoutMs?: number;
}
