import { withDeadline } from "./clocks.ts";
import type { EarlierRound, RunState, StageState } from "./state.ts";

/** A run that goes on: the stages named stand at their beginning again, all others as they were. */
export function reset(state: RunState, names: readonly string[], at: number): RunState {
  const stages: Record<string, StageState> = { ...state.stages };
  for (const name of names) {
    const stage = Object.hasOwn(stages, name) ? stages[name] : undefined;
    if (stage) stages[name] = again(stage);
  }
  return { ...(state.outcome === undefined ? state : reopen(state, at)), stages };
}

// A run that was over has all of its time again, and waits for a place of its own again; whatever had stopped it is past.
function reopen(state: RunState, at: number): RunState {
  const {
    outcome: _,
    reason: __,
    left: ___,
    finishedAt: ____,
    cancel: _____,
    timedOut: ______,
    pausedAt: _______,
    parked: ___________,
    supersededBy: ________,
    admitted: _________,
    deadline: __________,
    ...going
  } = state;
  return going.admission ? going : withDeadline(going, at);
}

// What never began has nothing to remember.
function again(stage: StageState): StageState {
  const earlier = stage.startedAt === undefined ? stage.earlier : [...(stage.earlier ?? []), roundOf(stage)];
  return { status: "pending", attempt: 0, ...(earlier && { earlier }) };
}

function roundOf(stage: StageState): EarlierRound {
  const { status, attempt, output, error, rolledBack, reason, bypassed, startedAt, finishedAt, child } =
    stage;
  return {
    status,
    attempt,
    ...(output !== undefined && { output }),
    ...(error && { error }),
    ...(rolledBack && { rolledBack }),
    ...(reason !== undefined && { reason }),
    ...(bypassed && { bypassed }),
    ...(startedAt !== undefined && { startedAt }),
    ...(finishedAt !== undefined && { finishedAt }),
    ...(child !== undefined && { child }),
  };
}
