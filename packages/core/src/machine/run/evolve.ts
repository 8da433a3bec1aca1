import type { Event, EventType, NewEvent } from "../events.ts";
import { evolveRollout, initialRollout } from "../rollout/evolve.ts";
import { resumeClocks, stageClock, withDeadline } from "./clocks.ts";
import { growPlan } from "./expand.ts";
import { plannedStage, isShielded } from "./planned.ts";
import { reset } from "./reset.ts";
import type { RunState, StageState } from "./state.ts";

/** A fact, in the log or about to be. */
export type Fact<T extends EventType = EventType> = Event<T> | NewEvent<T>;

/** The state after a run's first event. */
export function beginRun(run: string, started: Fact<"run-started">): RunState {
  const stages: Record<string, StageState> = {};
  for (const { name } of started.plan.stages) stages[name] = { status: "pending", attempt: 0 };
  const begun: RunState = {
    run,
    plan: started.plan,
    input: started.input,
    startedAt: started.at,
    stages,
    ...(started.actor !== undefined && { actor: started.actor }),
    ...(started.parent && { parent: started.parent }),
    ...(started.restarts !== undefined && { restarts: started.restarts }),
    ...(started.admission && { admission: started.admission }),
  };
  // What waits for its place has all of its time before it.
  return started.admission ? begun : withDeadline(begun, started.at);
}

/** The state after one more event. Total: an event it does not know, or of an unknown stage, changes nothing. */
export function evolveRun(state: RunState, event: Fact): RunState {
  const next = evolveOwn(state, event);
  return evolveRollouts(next, event);
}

// One line for each event that is the run's own.
function evolveOwn(state: RunState, event: Fact): RunState {
  switch (event.type) {
    case "run-queued":
      return { ...state, position: event.position };
    case "run-admitted": {
      const { position: _, ...rest } = state;
      return withDeadline({ ...rest, admitted: true }, state.pausedAt ?? event.at);
    }
    case "run-parked":
      return { ...state, parked: event.reason };
    case "run-unparked": {
      const { parked: _, ...rest } = state;
      return rest;
    }
    case "run-paused":
      return state.pausedAt === undefined ? { ...state, pausedAt: event.at } : state;
    case "run-resumed":
      return state.pausedAt === undefined ? state : resumeClocks(state, state.pausedAt, event.at);
    case "run-cancel-requested":
      return {
        ...state,
        cancel: {
          mode: event.mode,
          reason: event.reason ?? `cancelled by ${event.actor ?? "an unnamed actor"}`,
          ...(event.supersededBy && { supersededBy: event.supersededBy }),
        },
      };
    case "run-timed-out":
      return { ...state, timedOut: event.reason };
    case "run-retried":
      return reset(state, event.stages, event.at);
    case "plan-expanded":
      return growPlan(state, event.stage, event.stages);
    case "pipeline-disabled": {
      const { reason, at, actor } = event;
      return { ...state, disabled: { reason, at, ...(actor !== undefined && { actor }) } };
    }
    case "pipeline-enabled": {
      const { disabled: _, ...rest } = state;
      return rest;
    }
    case "run-finished": {
      const { position: _, ...rest } = state;
      return {
        ...rest,
        outcome: event.outcome,
        finishedAt: event.at,
        ...(event.reason !== undefined && { reason: event.reason }),
        ...(event.left && { left: event.left }),
        ...(event.supersededBy && { supersededBy: event.supersededBy }),
      };
    }
    default:
      return "stage" in event
        ? patchStage(state, event.stage, (stage) => stageClock(state, evolveStage(stage, event), event))
        : state;
  }
}

function patchStage(state: RunState, name: string, patch: (stage: StageState) => StageState): RunState {
  // By name, not by what every object has: a log may speak of a stage called "constructor".
  const stage = Object.hasOwn(state.stages, name) ? state.stages[name] : undefined;
  if (!stage) return state;
  const next = patch(stage);
  return next === stage ? state : { ...state, stages: { ...state.stages, [name]: next } };
}

function evolveStage(stage: StageState, event: Fact): StageState {
  switch (event.type) {
    case "stage-held": {
      const { until, reason, opensAt } = event;
      return { ...stage, held: { until, reason, ...(opensAt !== undefined && { opensAt }) } };
    }
    case "stage-released":
      return released(stage);
    case "stage-windows-overridden":
      return { ...released(stage), unbound: true };
    case "stage-started":
      return {
        ...released(stage),
        status: "running",
        attempt: 1,
        input: event.input,
        startedAt: event.at,
      };
    case "stage-queued":
      return { ...stage, status: "queued", position: event.position };
    case "stage-admitted": {
      const { position: _, ...rest } = stage;
      return { ...rest, status: "running", admitted: true };
    }
    case "stage-superseded":
      return { ...stage, superseded: { by: event.by, reason: event.reason } };
    case "stage-progressed":
      return {
        ...stage,
        progress: { message: event.message, ...(event.ratio !== undefined && { ratio: event.ratio }) },
      };
    case "stage-step-recorded":
      return { ...stage, steps: { ...stage.steps, [event.step]: event.value } };
    case "stage-retried":
      return { ...stage, attempt: event.attempt + 1, error: event.error, retryAt: event.retryAt };
    case "stage-succeeded":
      return { ...end(stage, event), status: "succeeded", output: event.output };
    case "stage-failed":
      return { ...end(stage, event), status: "failed", error: event.error };
    case "stage-cancelled":
      return { ...end(stage, event), status: "cancelled", reason: event.reason };
    case "stage-skipped":
      return { ...end(stage, event), status: "skipped", reason: event.reason };
    case "stage-bypassed":
      return { ...end(stage, event), status: "skipped", bypassed: event.by, reason: event.reason };
    case "stage-timed-out":
      return { ...stage, timedOut: event.reason };
    case "stage-run-started":
      return { ...stage, child: event.child };
    case "wait-started":
      return { ...stage, until: event.until };
    case "judgement-requested":
      return { ...stage, judgement: openJudgement(event) };
    case "judgement-approved":
      return approve(stage, event);
    case "judgement-answered":
      return answer(stage, event);
    case "judgement-expired":
      return closeJudgement(stage, event.judgement);
    case "rollout-planned":
      return { ...stage, rollout: initialRollout(event) };
    default:
      return stage;
  }
}

function released(stage: StageState): StageState {
  if (!stage.held) return stage;
  const { held: _, ...rest } = stage;
  return rest;
}

// What is over waits in no line any more, and its clock has stopped.
function end(
  stage: StageState,
  {
    at,
    rolledBack,
    left,
  }: { readonly at: number; readonly rolledBack?: boolean; readonly left?: readonly string[] },
): StageState {
  const ended = {
    ...released(stage),
    finishedAt: at,
    ...(rolledBack && { rolledBack }),
    ...(left && { left }),
  };
  if (ended.position === undefined && ended.deadline === undefined && ended.leftMs === undefined)
    return ended;
  const { position: _, deadline: __, leftMs: ___, ...rest } = ended;
  return rest;
}

function openJudgement(event: Fact<"judgement-requested">): NonNullable<StageState["judgement"]> {
  const {
    judgement,
    roles,
    instructions,
    phase,
    expiresAt,
    approvals,
    choices,
    excludes,
    onTimeout,
    preview,
  } = event;
  return {
    judgement,
    roles,
    ...(instructions !== undefined && { instructions }),
    ...(phase !== undefined && { phase }),
    ...(expiresAt !== undefined && { expiresAt }),
    ...(approvals !== undefined && { approvals }),
    ...(choices && { choices }),
    ...(excludes !== undefined && { excludes }),
    ...(onTimeout !== undefined && { onTimeout }),
    ...(preview !== undefined && { preview }),
  };
}

// Who approves again changes their mind about the choice, and counts once.
function approve(stage: StageState, event: Fact<"judgement-approved">): StageState {
  const { judgement } = stage;
  if (judgement?.judgement !== event.judgement) return stage;
  const { actor = "", at, choice, reason } = event;
  const approval = {
    actor,
    at,
    ...(choice !== undefined && { choice }),
    ...(reason !== undefined && { reason }),
  };
  const others = (judgement.approvedBy ?? []).filter((given) => given.actor !== actor);
  return { ...stage, judgement: { ...judgement, approvedBy: [...others, approval] } };
}

function answer(stage: StageState, event: Fact<"judgement-answered">): StageState {
  const { judgement, verdict, choice, reason, at, actor = "" } = event;
  const approvedBy = stage.judgement?.judgement === judgement ? stage.judgement.approvedBy : undefined;
  const answered = {
    ...stage,
    answer: {
      judgement,
      verdict,
      actor,
      at,
      ...(choice !== undefined && { choice }),
      ...(reason !== undefined && { reason }),
      ...(approvedBy && { approvedBy }),
    },
  };
  // An inconclusive answer leaves a stage's own question open; a phase's question is asked anew by the rollout.
  return verdict === "inconclusive" && !stage.judgement?.phase
    ? answered
    : closeJudgement(answered, judgement);
}

function closeJudgement(stage: StageState, judgement: string): StageState {
  if (stage.judgement?.judgement !== judgement) return stage;
  const { judgement: _, ...rest } = stage;
  return rest;
}

// Rollouts hear what concerns their stage, and what concerns the whole run.
function evolveRollouts(state: RunState, event: Fact): RunState {
  if (event.type === "rollout-planned") return state;
  if ("stage" in event) return evolveRolloutOf(state, event.stage, event);
  if (event.type !== "run-paused" && event.type !== "run-resumed" && event.type !== "run-cancel-requested")
    return state;
  return Object.keys(state.stages).reduce(
    (next, name) => (concerns(state, name, event) ? evolveRolloutOf(next, name, event) : next),
    state,
  );
}

// What clears up goes on through a graceful cancel.
function concerns(state: RunState, name: string, event: Fact): boolean {
  if (event.type !== "run-cancel-requested") return true;
  const planned = plannedStage(state, name);
  return planned === undefined || !isShielded(state, planned);
}

function evolveRolloutOf(state: RunState, name: string, event: Fact): RunState {
  if (!state.stages[name]?.rollout) return state;
  return patchStage(state, name, (stage) => {
    if (!stage.rollout) return stage;
    const rollout = evolveRollout(stage.rollout, event);
    return rollout === stage.rollout ? stage : { ...stage, rollout };
  });
}
