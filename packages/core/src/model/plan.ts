import type { StageKind, StageRetry } from "./stage.ts";

/** One stage of a frozen plan. */
export interface PlannedStage {
  readonly name: string;
  /** Name of the stage's type, found again in the registered pipeline. */
  readonly type: string;
  readonly kind: StageKind;
  /** Stages that must have succeeded before; empty: it starts at once. */
  readonly after: readonly string[];
  readonly retry?: StageRetry;
}

/** A pipeline's shape, frozen in a run's first event. */
export interface Plan {
  readonly pipeline: string;
  /** What the pipeline belongs to, if it says so: for lists, reports and rights. */
  readonly application?: string;
  readonly stages: readonly PlannedStage[];
}
