import { formatDuration } from "../../model/duration.ts";
import type { PlannedStage } from "../../model/plan.ts";
import type { NewEvent } from "../events.ts";
import { phaseOf, type RolloutState } from "../rollout/state.ts";
import type { Course } from "./course.ts";
import { RUN_TIMEOUT } from "./planned.ts";
import type { RunState, StageState } from "./state.ts";
import { cancelOf, whyCancelled } from "./cancel.ts";

/** The end of the run's own time, when it has come. */
export function endOfTime(
  { deadline, timedOut, pausedAt, cancel, plan }: RunState,
  { ordinaryOver }: Course,
  at: number,
): NewEvent | undefined {
  if (deadline === undefined || at < deadline || timedOut !== undefined) return undefined;
  if (pausedAt !== undefined || cancel || ordinaryOver) return undefined;
  return { type: "run-timed-out", at, reason: tooLong("the run", plan.timeoutMs) };
}

/** What stops a stage that is under way: a cancel, or the end of its time or of the run's. Undefined: nothing does. */
export function stopStage(
  state: RunState,
  planned: PlannedStage,
  stage: StageState,
  at: number,
): readonly NewEvent[] | undefined {
  const cancel = cancelOf(state, planned, stage);
  return cancel ? cancelStage(cancel, planned, stage, at) : timeOut(state, planned, stage, at);
}

// Forced: everything stops as it is. Graceful: what waits ends at once; code is told by its signal; a rollout takes its
// way back. A run below is cancelled in either case before its stage is over.
function cancelStage(
  cancel: NonNullable<RunState["cancel"]>,
  { name, kind }: PlannedStage,
  stage: StageState,
  at: number,
): NewEvent[] | undefined {
  if (kind === "pipeline" && stage.child !== undefined) return undefined;
  const rollout = isRolling(stage);
  const late = stage.deadline !== undefined && at >= stage.deadline;
  const codeRuns = kind === "effect" || (kind === "operation" && stage.status !== "queued");
  // A rollout ends its stage by itself: by its way back, or well, past the point of no return.
  if (cancel.mode === "graceful" && (stage.rollout || (codeRuns && !late))) return undefined;
  const { reason } = cancel;
  const stop: NewEvent[] = rollout
    ? [{ type: "rollout-finished", at, stage: name, outcome: "cancelled", reason, watching: false }]
    : [];
  return [...stop, { type: "stage-cancelled", at, stage: name, ...whyCancelled(cancel) }];
}

function timeOut(
  state: RunState,
  planned: PlannedStage,
  stage: StageState,
  at: number,
): readonly NewEvent[] | undefined {
  if (state.pausedAt !== undefined || stage.timedOut !== undefined) return undefined;
  const ofRun = planned.role === undefined ? state.timedOut : undefined;
  const late = stage.deadline !== undefined && at >= stage.deadline;
  if (ofRun === undefined && !late) return undefined;
  const reason = ofRun ?? tooLong("it", planned.timeoutMs);
  const { name } = planned;
  const timedOut: NewEvent = { type: "stage-timed-out", at, stage: name, reason };
  if (isRolling(stage)) return [timedOut, ...turnBack(name, stage.rollout, reason, at)];
  if (planned.kind === "pipeline" && stage.child !== undefined) return [timedOut];
  const code = ofRun === undefined ? "timeout" : RUN_TIMEOUT;
  return [{ type: "stage-failed", at, stage: name, error: { code, message: reason, retryable: false } }];
}

function isRolling(stage: StageState): stage is StageState & { readonly rollout: RolloutState } {
  return stage.rollout !== undefined && stage.rollout.outcome === undefined;
}

// Past the point of no return a rollout goes on: the deadlines of its phases bound it.
function turnBack(stage: string, rollout: RolloutState, reason: string, at: number): readonly NewEvent[] {
  if (rollout.direction === "back" || phaseOf(rollout)?.after === "forward") return [];
  return [{ type: "rollout-turned-back", at, stage, reason, cancelled: false }];
}

function tooLong(what: string, ms: number | undefined): string {
  return `${what} took longer than ${formatDuration(ms ?? 0)}`;
}
