import { parseDuration, type Duration } from "../../model/duration.ts";
import type { Json } from "../../model/json.ts";
import type { PlannedStage } from "../../model/plan.ts";
import type { NewEvent, RecordedError } from "../events.ts";
import { isAdmitted } from "./admission.ts";
import { admissionOf } from "./admit.ts";
import { courseOf } from "./course.ts";
import { expand } from "./expand.ts";
import { decideJudgement } from "./judgement.ts";
import { finish } from "./outcome.ts";
import { isOver, type RunState, type StageState } from "./state.ts";
import { endOfTime, stopStage } from "./stop.ts";
import { cancelOf, whyCancelled } from "./cancel.ts";

/** What follows from a run's state: facts to record, stages to hand out, effects that are over. */
export interface RunDecision {
  readonly events: readonly NewEvent[];
  /** Stages of which an attempt is to be handed out, if none is. */
  readonly issue: readonly { readonly id: string; readonly attempt: number }[];
}

const NONE: readonly never[] = [];
const NOTHING: RunDecision = { events: NONE, issue: NONE };

/** Decides one round; the caller folds the events and asks again until nothing more follows. */
export function decideRun(state: RunState, now: number): RunDecision {
  if (state.outcome !== undefined) return NOTHING;
  const course = courseOf(state);
  const over = endOfTime(state, course, now);
  if (over) return { events: [over], issue: NONE };
  const events: NewEvent[] = [];
  const issue: { id: string; attempt: number }[] = [];
  for (const planned of state.plan.stages) {
    const stage = state.stages[planned.name];
    if (!stage || isOver(stage)) continue;
    const { name } = planned;
    if (stage.status === "pending") {
      const admission = admissionOf(state, planned, course);
      if (admission === "ready") {
        if (state.pausedAt !== undefined || !isAdmitted(state)) continue;
        if (stage.held === undefined) issue.push({ id: name, attempt: 1 });
        else if (now >= stage.held.until) events.push({ type: "stage-released", at: now, stage: name });
      } else if (admission !== "waits")
        events.push({ type: "stage-skipped", at: now, stage: name, reason: admission.skip });
      continue;
    }
    // Started together with the end of the stage before: somebody must still carry it out.
    if (isCarriedOut(planned)) issue.push({ id: name, attempt: Math.max(1, stage.attempt) });
    for (const event of continueStage(state, planned, stage, now)) events.push(event);
  }
  if (events.length === 0 && issue.length === 0) return { events: finish(state, now), issue: NONE };
  return { events, issue };
}

function isCarriedOut({ kind }: PlannedStage): boolean {
  return kind === "effect" || kind === "rollout" || kind === "operation" || kind === "pipeline";
}

function continueStage(
  state: RunState,
  planned: PlannedStage,
  stage: StageState,
  at: number,
): readonly NewEvent[] {
  const stopped = stopStage(state, planned, stage, at);
  if (stopped) return stopped;
  if (planned.kind === "rollout") return closeRollout(state, planned, stage, at);
  if (state.pausedAt !== undefined) return NONE;
  if (planned.kind === "wait") return decideWait(planned.name, stage, at);
  if (planned.kind === "judgement") return decideJudgement(state, planned.name, stage, at);
  if (planned.kind === "expand") return expand(planned, stage, at);
  return NONE;
}

interface WaitRecord {
  readonly for?: Duration;
  readonly until?: number;
}

function decideWait(stage: string, state: StageState, at: number): NewEvent[] {
  if (state.until === undefined) {
    const { for: duration = 0, until = at + parseDuration(duration) } = state.input as WaitRecord;
    return [{ type: "wait-started", at, stage, until }];
  }
  return at >= state.until ? [{ type: "stage-succeeded", at, stage, output: { until: state.until } }] : [];
}

// A rollout that ended ends its stage.
function closeRollout(run: RunState, planned: PlannedStage, state: StageState, at: number): NewEvent[] {
  const { rollout } = state;
  const stage = planned.name;
  if (rollout?.outcome === undefined) return [];
  const reason = rollout.reason ?? "";
  if (rollout.outcome === "succeeded")
    return [
      {
        type: "stage-succeeded",
        at,
        stage,
        output: {
          cluster: rollout.planned.cluster as unknown as Json,
          release: rollout.planned.release,
          group: rollout.candidate ?? "",
          ...(rollout.planned.before && { previous: rollout.planned.before.group }),
        },
      },
    ];
  if (rollout.outcome === "cancelled")
    return [
      {
        type: "stage-cancelled",
        at,
        stage,
        ...whyCancelled({ mode: "graceful", ...cancelOf(run, planned, state), reason }),
        rolledBack: true,
      },
    ];
  const rolledBack = rollout.outcome === "rolled-back";
  const error: RecordedError = {
    code: rolledBack ? "rolled-back" : "rollout-failed",
    message: reason,
    retryable: false,
  };
  return [{ type: "stage-failed", at, stage, error, ...(rolledBack && { rolledBack }) }];
}
