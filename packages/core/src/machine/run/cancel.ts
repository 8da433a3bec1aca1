import type { SupersededBy } from "../events.ts";
import type { RunState, StageState } from "./state.ts";

type Cancel = NonNullable<RunState["cancel"]>;

/** The cancel that concerns a stage: its run's; or, when a newer run wants its cluster, one of its own. */
export function cancelOf({ cancel }: RunState, { superseded }: StageState): Cancel | undefined {
  if (cancel || !superseded) return cancel;
  return { mode: "graceful", reason: superseded.reason, supersededBy: superseded.by };
}

/** The cancel that ended a run: its own, or that of the stage that was superseded. */
export function cancelOfRun(state: RunState): Cancel | undefined {
  if (state.cancel) return state.cancel;
  for (const name in state.stages) {
    const stage = state.stages[name]!;
    if (stage.status === "cancelled" && stage.superseded) return cancelOf(state, stage);
  }
  return undefined;
}

/** What an event says of a cancel. */
export function whyCancelled({ reason, supersededBy }: Cancel): {
  readonly reason: string;
  readonly supersededBy?: SupersededBy;
} {
  return { reason, ...(supersededBy && { supersededBy }) };
}
