import type { PlannedStage } from "../../model/plan.ts";
import type { SupersededBy } from "../events.ts";
import { isShielded, plannedStage } from "./planned.ts";
import type { RunState, StageState } from "./state.ts";

type Cancel = NonNullable<RunState["cancel"]>;

/**
 * The cancel that concerns a stage: its run's, unless it is shielded from it; or, when a newer run wants its cluster, one
 * of its own. From that nothing is shielded: what clears up for an older release does not hold up a newer one.
 */
export function cancelOf(
  run: RunState,
  planned: PlannedStage,
  { superseded }: StageState,
): Cancel | undefined {
  const ofRun = isShielded(run, planned) ? undefined : run.cancel;
  if (ofRun || !superseded) return ofRun;
  return { mode: "graceful", reason: superseded.reason, supersededBy: superseded.by };
}

/** The same, by the stage's name. */
export function cancelOfStage(state: RunState, name: string): Cancel | undefined {
  const planned = plannedStage(state, name);
  const stage = state.stages[name];
  return planned && stage && cancelOf(state, planned, stage);
}

/** The cancel that ended a run: its own, or that of the stage that was superseded. */
export function cancelOfRun(state: RunState): Cancel | undefined {
  if (state.cancel) return state.cancel;
  for (const planned of state.plan.stages) {
    const stage = state.stages[planned.name];
    if (stage && hasMadeRoom(stage)) return cancelOf(state, planned, stage);
  }
  return undefined;
}

/** Whether a stage has ended for a newer run. */
export function hasMadeRoom({ status, superseded }: StageState): boolean {
  return status === "cancelled" && superseded !== undefined;
}

/** What an event says of a cancel. */
export function whyCancelled({ reason, supersededBy }: Cancel): {
  readonly reason: string;
  readonly supersededBy?: SupersededBy;
} {
  return { reason, ...(supersededBy && { supersededBy }) };
}
