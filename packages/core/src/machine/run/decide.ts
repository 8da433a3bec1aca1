import { parseDuration, type Duration } from "../../model/duration.ts";
import type { Json } from "../../model/json.ts";
import type { PlannedStage } from "../../model/plan.ts";
import type { NewEvent, Outcome, RecordedError, SupersededBy } from "../events.ts";
import { isAdmitted } from "./admission.ts";
import { isActive, isOver, type RunState, type StageState } from "./state.ts";

/** What follows from a run's state: facts to record, stages to hand out, effects that are over. */
export interface RunDecision {
  readonly events: readonly NewEvent[];
  /** Stages of which an attempt is to be handed out, if none is. */
  readonly issue: readonly { readonly id: string; readonly attempt: number }[];
}

/** Decides one round; the caller folds the events and asks again until nothing more follows. */
export function decideRun(state: RunState, now: number): RunDecision {
  if (state.outcome !== undefined) return { events: [], issue: [] };
  const events: NewEvent[] = [];
  const issue: { id: string; attempt: number }[] = [];
  const halted = state.cancel !== undefined || hasFailed(state);
  const begins = !halted && state.pausedAt === undefined && isAdmitted(state);
  for (const planned of state.plan.stages) {
    const stage = state.stages[planned.name];
    if (!stage || isOver(stage)) continue;
    if (stage.status === "pending") {
      if (halted) events.push(...skip(state, planned, now));
      else if (begins && isReady(state, planned)) issue.push({ id: planned.name, attempt: 1 });
      continue;
    }
    // Started together with the end of the stage before: somebody must still carry it out.
    if (isCarriedOut(planned)) issue.push({ id: planned.name, attempt: Math.max(1, stage.attempt) });
    events.push(...continueStage(state, planned, stage, now));
  }
  if (events.length === 0 && issue.length === 0) events.push(...finish(state, now));
  return { events, issue };
}

function isCarriedOut({ kind }: PlannedStage): boolean {
  return kind === "effect" || kind === "rollout";
}

function isReady({ stages }: RunState, { after }: PlannedStage): boolean {
  for (const name of after) if (stages[name]?.status !== "succeeded") return false;
  return true;
}

function hasFailed(state: RunState): boolean {
  for (const name in state.stages) {
    const status = state.stages[name]?.status;
    if (status === "failed" || status === "cancelled" || status === "skipped") return true;
  }
  return false;
}

// Once a stage has failed, or the run is to end, what has not begun will not begin.
function skip(state: RunState, planned: PlannedStage, at: number): NewEvent[] {
  if (state.cancel) return [{ type: "stage-skipped", at, stage: planned.name, reason: state.cancel.reason }];
  const blame = state.plan.stages.find(({ name }) => {
    const status = state.stages[name]?.status;
    return status === "failed" || status === "cancelled";
  });
  return blame
    ? [
        {
          type: "stage-skipped",
          at,
          stage: planned.name,
          reason: `stage ${JSON.stringify(blame.name)} did not succeed`,
        },
      ]
    : [];
}

function continueStage(state: RunState, planned: PlannedStage, stage: StageState, at: number): NewEvent[] {
  const cancelled = cancelStage(state, planned, stage, at);
  if (cancelled) return cancelled;
  if (planned.kind === "rollout") return closeRollout(state, planned.name, stage, at);
  if (state.pausedAt !== undefined) return [];
  if (planned.kind === "wait") return decideWait(planned.name, stage, at);
  if (planned.kind === "judgement") return decideJudgement(planned.name, stage, at);
  return [];
}

// Forced: everything stops as it is. Graceful: what waits ends at once; code is told by its signal; a rollout takes its way back.
function cancelStage(
  run: RunState,
  planned: PlannedStage,
  stage: StageState,
  at: number,
): NewEvent[] | undefined {
  const cancel = cancelOf(run, stage);
  if (!cancel) return undefined;
  const waits =
    planned.kind === "wait" || planned.kind === "judgement" || (planned.kind === "rollout" && !stage.rollout);
  const rollout = stage.rollout !== undefined && stage.rollout.outcome === undefined;
  if (cancel.mode === "graceful" && (!waits || rollout)) return undefined;
  const stop: NewEvent[] = rollout
    ? [
        {
          type: "rollout-finished",
          at,
          stage: planned.name,
          outcome: "cancelled",
          reason: cancel.reason,
          watching: false,
        },
      ]
    : [];
  return [...stop, { type: "stage-cancelled", at, stage: planned.name, ...whyCancelled(cancel) }];
}

// A stage that a newer run supersedes ends as a graceful cancel would end it.
function cancelOf({ cancel }: RunState, { superseded }: StageState): RunState["cancel"] {
  if (cancel || !superseded) return cancel;
  return { mode: "graceful", reason: superseded.reason, supersededBy: superseded.by };
}

function whyCancelled({ reason, supersededBy }: NonNullable<RunState["cancel"]>): {
  readonly reason: string;
  readonly supersededBy?: SupersededBy;
} {
  return { reason, ...(supersededBy && { supersededBy }) };
}

function decideWait(stage: string, state: StageState, at: number): NewEvent[] {
  if (state.until === undefined) {
    const { for: duration } = state.input as { for: Duration };
    return [{ type: "wait-started", at, stage, until: at + parseDuration(duration) }];
  }
  return at >= state.until ? [{ type: "stage-succeeded", at, stage, output: { until: state.until } }] : [];
}

function decideJudgement(stage: string, state: StageState, at: number): NewEvent[] {
  const { judgement, answer, input } = state;
  if (answer && answer.verdict !== "inconclusive") {
    const { judgement: _, ...output } = answer;
    if (answer.verdict === "pass") return [{ type: "stage-succeeded", at, stage, output: output as Json }];
    const why = answer.reason === undefined ? "" : `: ${answer.reason}`;
    return [failed(stage, at, "judgement-failed", `${answer.actor} judged it a fail${why}`)];
  }
  if (!judgement) return [requestJudgement(stage, input as unknown as JudgementRequest, at)];
  if (judgement.expiresAt === undefined || at < judgement.expiresAt) return [];
  return [
    { type: "judgement-expired", at, stage, judgement: judgement.judgement },
    failed(stage, at, "judgement-expired", `nobody of ${judgement.roles.join(", ")} answered in time`),
  ];
}

interface JudgementRequest {
  readonly roles: readonly string[];
  readonly instructions?: string;
  readonly timeout?: Duration;
}

function requestJudgement(stage: string, ask: JudgementRequest, at: number): NewEvent {
  return {
    type: "judgement-requested",
    at,
    stage,
    judgement: stage,
    roles: ask.roles,
    ...(ask.instructions !== undefined && { instructions: ask.instructions }),
    ...(ask.timeout !== undefined && { expiresAt: at + parseDuration(ask.timeout) }),
  };
}

function failed(stage: string, at: number, code: string, message: string): NewEvent {
  return { type: "stage-failed", at, stage, error: { code, message, retryable: false } };
}

// A rollout that ended ends its stage.
function closeRollout(run: RunState, stage: string, state: StageState, at: number): NewEvent[] {
  const { rollout } = state;
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
        ...whyCancelled({ mode: "graceful", ...cancelOf(run, state), reason }),
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

function finish(state: RunState, at: number): NewEvent[] {
  const stages = Object.entries(state.stages);
  if (!stages.every(([, stage]) => isOver(stage))) return [];
  const outcome = outcomeOf(state);
  const blame = stages.find(([, stage]) => stage.status === "failed");
  const cancel = cancelOfRun(state);
  const reason = blame ? `${blame[0]}: ${blame[1].error?.message ?? ""}` : cancel?.reason;
  const supersededBy = outcome === "cancelled" ? cancel?.supersededBy : undefined;
  const left = stages.flatMap(([name, stage]) => leftBehind(name, stage));
  return [
    {
      type: "run-finished",
      at,
      outcome,
      ...(outcome !== "succeeded" && reason !== undefined && { reason }),
      ...(left.length > 0 && { left }),
      ...(supersededBy && { supersededBy }),
    },
  ];
}

function cancelOfRun(state: RunState): RunState["cancel"] {
  const superseded = Object.values(state.stages).find(
    (stage) => stage.status === "cancelled" && stage.superseded,
  );
  return state.cancel ?? (superseded && cancelOf(state, superseded));
}

/** failed, if a stage failed and could not undo what it did; else rolled back, else cancelled, else succeeded. */
function outcomeOf(state: RunState): Outcome {
  const stages = Object.values(state.stages);
  if (stages.some((stage) => stage.status === "failed" && !stage.rolledBack)) return "failed";
  if (stages.some((stage) => stage.status === "failed")) return "rolled-back";
  if (stages.some((stage) => stage.status === "cancelled" || stage.status === "skipped")) return "cancelled";
  return "succeeded";
}

// What a forced cancel or a failure leaves in the world, for the person who has to look.
function leftBehind(name: string, { status, rollout, rolledBack }: StageState): string[] {
  if (!rollout || status === "succeeded" || rolledBack) return [];
  const { cluster, before } = rollout.planned;
  const candidate = rollout.candidate ? `candidate ${rollout.candidate}` : "perhaps a candidate";
  return [
    `stage ${JSON.stringify(name)}: ${cluster.name} has ${candidate}${before ? ` beside ${before.group}` : ""}`,
  ];
}

/** The next instant at which time alone changes a decision; null: none. */
export function nextWake(state: RunState): number | null {
  if (state.outcome !== undefined || state.pausedAt !== undefined) return null;
  let next: number | null = null;
  for (const name in state.stages) {
    const stage = state.stages[name];
    if (!stage || !isActive(stage)) continue;
    for (const instant of [stage.until, stage.rollout ? undefined : stage.judgement?.expiresAt])
      if (instant !== undefined && (next === null || instant < next)) next = instant;
  }
  return next;
}
