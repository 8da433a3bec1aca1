import type { NewEvent, SupersededBy } from "../events.ts";
import { cancelOfStage } from "./cancel.ts";
import { isOver, type RunState } from "./state.ts";

/** Has a run make room for a newer one of its pipeline; nothing, when it ends anyway. */
export function supersedeRun(state: RunState, by: SupersededBy, at: number): readonly NewEvent[] {
  if (state.outcome !== undefined || state.cancel) return [];
  return [
    { type: "run-cancel-requested", at, mode: "graceful", reason: supersededText(by), supersededBy: by },
  ];
}

/** Has a stage make room for a newer run on its cluster; nothing, when it ends anyway. */
export function supersedeStage(
  state: RunState,
  name: string,
  by: SupersededBy,
  at: number,
): readonly NewEvent[] {
  const stage = state.stages[name];
  if (!stage || isOver(stage) || cancelOfStage(state, name)) return [];
  return [{ type: "stage-superseded", at, stage: name, by, reason: supersededText(by) }];
}

/** Why, for people. */
function supersededText({ run, actor }: SupersededBy): string {
  return `superseded by run ${run}${actor === undefined ? "" : ` (${actor})`}`;
}
