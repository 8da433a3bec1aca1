import type { Fact } from "./evolve.ts";
import { plannedStage } from "./planned.ts";
import { isActive, isOver, type RunState, type StageState } from "./state.ts";

/** The next instant at which time alone changes a decision; null: none. */
export function nextWake(state: RunState): number | null {
  if (state.outcome !== undefined || state.pausedAt !== undefined) return null;
  let next = Infinity;
  for (const name in state.stages) {
    const stage = state.stages[name]!;
    if (stage.held && stage.status === "pending" && stage.held.until < next) next = stage.held.until;
    if (!isActive(stage)) continue;
    if (stage.until !== undefined && stage.until < next) next = stage.until;
    if (stage.deadline !== undefined && stage.timedOut === undefined && stage.deadline < next)
      next = stage.deadline;
    const expires = stage.rollout ? undefined : stage.judgement?.expiresAt;
    if (expires !== undefined && expires < next) next = expires;
  }
  if (state.deadline !== undefined && state.deadline < next && boundsRun(state)) next = state.deadline;
  return next === Infinity ? null : next;
}

// A run's own time bounds only its ordinary course.
function boundsRun({ timedOut, cancel, plan, stages }: RunState): boolean {
  if (timedOut !== undefined || cancel) return false;
  return plan.stages.some(({ name, role }) => role === undefined && !isOver(stages[name]!));
}

/** A run whose time begins now. */
export function withDeadline(state: RunState, now: number): RunState {
  const { timeoutMs } = state.plan;
  return timeoutMs === undefined ? state : { ...state, deadline: now + timeoutMs };
}

/** Clocks stood still while paused: every instant that lies ahead moves by that long. A clock that was set back meanwhile makes nothing come sooner. */
export function resumeClocks({ pausedAt: _, ...state }: RunState, from: number, to: number): RunState {
  const pausedMs = Math.max(0, to - from);
  const stages = Object.fromEntries(
    Object.entries(state.stages).map(([name, stage]) => [name, shiftClocks(stage, from, pausedMs)]),
  );
  return {
    ...state,
    stages,
    ...(state.deadline !== undefined && { deadline: state.deadline + pausedMs }),
  };
}

function shiftClocks(stage: StageState, from: number, ms: number): StageState {
  const { judgement, retryAt, deadline } = stage;
  const until = isInstant(stage) ? undefined : stage.until;
  const tries = retryAt !== undefined && retryAt > from;
  if (until === undefined && judgement?.expiresAt === undefined && !tries && deadline === undefined)
    return stage;
  return {
    ...stage,
    ...(tries && { retryAt: retryAt + ms }),
    ...(until !== undefined && { until: until + ms }),
    ...(deadline !== undefined && { deadline: deadline + ms }),
    ...(judgement?.expiresAt !== undefined && {
      judgement: { ...judgement, expiresAt: judgement.expiresAt + ms },
    }),
  };
}

// An instant that was given comes when it comes.
function isInstant({ input }: StageState): boolean {
  return (input as { readonly until?: number } | null | undefined)?.until !== undefined;
}

/** A stage's time runs while it is at work, not while it waits in the queue of a cluster, and not while the run is paused. */
export function stageClock(state: RunState, stage: StageState, event: Fact): StageState {
  const now = state.pausedAt ?? event.at;
  if (event.type === "stage-started") {
    const timeoutMs = plannedStage(state, event.stage)?.timeoutMs;
    return timeoutMs === undefined ? stage : { ...stage, deadline: now + timeoutMs };
  }
  if (event.type === "stage-queued" && stage.deadline !== undefined) {
    const { deadline, ...rest } = stage;
    return { ...rest, leftMs: Math.max(0, deadline - now) };
  }
  if (event.type === "stage-admitted" && stage.leftMs !== undefined) {
    const { leftMs, ...rest } = stage;
    return { ...rest, deadline: now + leftMs };
  }
  return stage;
}
