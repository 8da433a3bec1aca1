import type { NewEvent } from "../../machine/events.ts";
import type { RunState } from "../../machine/run/state.ts";
import type { Act, Saying } from "./act.ts";

/** Nothing, when it is over or was paused before. */
export function pauseRun({ outcome, pausedAt }: RunState, act: Act, say: Saying): readonly NewEvent[] {
  return outcome !== undefined || pausedAt !== undefined ? [] : [{ type: "run-paused", ...say(act) }];
}

/** Nothing, when it is over or not paused. */
export function resumeRun(state: RunState, act: Act, say: Saying): readonly NewEvent[] {
  return state.outcome !== undefined || !isPaused(state) ? [] : [{ type: "run-resumed", ...say(act) }];
}

// A rollout may have paused by itself, on an inconclusive verdict.
function isPaused({ pausedAt, stages }: RunState): boolean {
  return pausedAt !== undefined || Object.values(stages).some(({ rollout }) => rollout?.undecided === true);
}
