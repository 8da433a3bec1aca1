import type { PlannedStage } from "../../model/plan.ts";
import { hasMadeRoom } from "./cancel.ts";
import { counts, policyOf } from "./planned.ts";
import { isOver, type RunState } from "./state.ts";

/** How a run goes as a whole. */
export interface Course {
  /** No ordinary stage begins any more. */
  readonly halted: boolean;
  /** A failure that counts has happened. */
  readonly failed: boolean;
  /** A stage has ended for a newer run, which wants its cluster. */
  readonly superseded: boolean;
  /** All ordinary stages are over. */
  readonly ordinaryOver: boolean;
  /** And all that clear up after a failure are, too. */
  readonly clearedUp: boolean;
}

/** Looks at a run in one pass over its stages. */
export function courseOf(state: RunState): Course {
  let halted = state.cancel !== undefined || state.timedOut !== undefined;
  let failed = state.timedOut !== undefined;
  let superseded = false;
  let ordinaryOver = true;
  let clearedUp = true;
  for (const planned of state.plan.stages) {
    const stage = state.stages[planned.name];
    if (!stage) continue;
    if (!isOver(stage)) {
      if (planned.role === undefined) ordinaryOver = false;
      if (planned.role !== "finally") clearedUp = false;
    } else if (stage.status === "failed") {
      if (halts(planned)) halted = true;
      if (counts(planned, stage)) failed = true;
    } else if (planned.role === undefined && hasMadeRoom(stage)) superseded = true;
  }
  halted ||= superseded;
  return { halted, failed, superseded, ordinaryOver, clearedUp };
}

function halts(planned: PlannedStage): boolean {
  return planned.role === undefined && policyOf(planned) === "fail-run";
}
