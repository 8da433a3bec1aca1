import type { Json } from "../model/json.ts";
import type { GroupView, Outcome, RecordedError, SupersededBy } from "../machine/events.ts";
import { type OpenCheck, openChecks } from "../machine/rollout/open-check.ts";
import { statusOf } from "../machine/run/advance.ts";
import type { StageRole } from "../model/plan.ts";
import type {
  Answer,
  EarlierRound,
  OpenJudgement,
  RunState,
  StageState,
  StageStatus,
} from "../machine/run/state.ts";
import type { RunStatus } from "../ports/engine.ts";

/** A rollout as it stands. */
export interface RolloutView {
  readonly strategy: string;
  readonly direction: "forward" | "back";
  readonly phase: string;
  readonly candidate?: string;
  readonly stable?: string;
  /** The group to compare the candidate with, while it is there. */
  readonly baseline?: string;
  readonly outcome?: Outcome;
  readonly reason?: string;
  /** Where the candidate can be reached, whatever its share of the traffic. */
  readonly preview?: string;
  /** What is being measured: the phase's gate first, then what is measured in the background. */
  readonly checks?: readonly CheckView[];
  /** Failed, and still trying to put traffic right. */
  readonly watching: boolean;
  readonly groups?: readonly GroupView[];
}

/** A check that is open. */
export interface CheckView {
  readonly check: string;
  readonly gate: string;
  readonly background: boolean;
  /** Measurements so far, and of them those that failed, and the errors in a row. */
  readonly measured: number;
  readonly failures: number;
  readonly errors: number;
  /** What the last measurement that did not pass said. */
  readonly reason?: string;
}

/** A stage as it stands. Instants are milliseconds since 1970. */
export interface StageView {
  readonly name: string;
  readonly type: string;
  readonly after: readonly string[];
  readonly status: StageStatus;
  readonly attempt: number;
  readonly startedAt?: number;
  readonly finishedAt?: number;
  readonly output?: Json;
  readonly error?: RecordedError;
  readonly reason?: string;
  /** Its windows are closed; it is looked at again at `until`. */
  readonly held?: { readonly until: number; readonly reason: string; readonly opensAt?: number };
  /** Place in the queue of its cluster: 1 is next. */
  readonly position?: number;
  readonly progress?: { readonly message: string; readonly ratio?: number };
  readonly judgement?: OpenJudgement;
  readonly answer?: Answer;
  readonly rollout?: RolloutView;
  /** Stages apart from the ordinary course: what clears up after a failure, and what always runs. */
  readonly role?: StageRole;
  /** A person may skip it. */
  readonly skippable?: true;
  /** It did not run, and what comes after it went on all the same: why. */
  readonly bypassed?: "condition" | "operator" | "list";
  /** When its time is over. */
  readonly deadline?: number;
  /** Its time was over: why. */
  readonly timedOut?: string;
  /** The run that it started. */
  readonly child?: string;
  /** How it had ended before somebody had it retried, oldest first. */
  readonly earlier?: readonly EarlierRound[];
  /** The newer run that wants its cluster. */
  readonly superseded?: { readonly by: SupersededBy; readonly reason: string };
}

/** A run as it stands: JSON for a page, a bot or a test. */
export interface RunView {
  readonly id: string;
  readonly pipeline: string;
  readonly status: RunStatus;
  readonly input: Json;
  readonly startedAt: number;
  readonly finishedAt?: number;
  readonly actor?: string;
  readonly reason?: string;
  /** Why it waits for code, when it is parked. */
  readonly parked?: string;
  /** What a forced cancel or a failure left behind. */
  readonly left?: readonly string[];
  /** When its time is over. */
  readonly deadline?: number;
  /** The stage of another run that started it. */
  readonly parent?: { readonly run: string; readonly stage: string };
  /** The run of which it is a new start. */
  readonly restarts?: string;
  /** Place in the queue of its pipeline, while it is queued: 1 is next. */
  readonly position?: number;
  /** The newer run that it was cancelled for. */
  readonly supersededBy?: SupersededBy;
  readonly stages: readonly StageView[];
}

/** Shows a run. */
export function viewRun(state: RunState): RunView {
  const { run, plan, input, startedAt, finishedAt, actor, reason, parked, left } = state;
  const { deadline, parent, restarts, position, supersededBy } = state;
  return {
    id: run,
    pipeline: plan.pipeline,
    status: statusOf(state),
    input,
    startedAt,
    ...defined({ finishedAt, actor, reason, parked, left }),
    ...defined({ deadline, parent, restarts, position, supersededBy }),
    stages: plan.stages.flatMap(({ name, type, after, role, skippable }) => {
      const stage = state.stages[name];
      return stage ? [{ name, type, after, ...defined({ role, skippable }), ...viewStage(stage) }] : [];
    }),
  };
}

function viewStage(stage: StageState): Omit<StageView, "name" | "type" | "after" | "role" | "skippable"> {
  const {
    status,
    attempt,
    rollout: _,
    admitted: __,
    unbound: ______,
    steps: ___,
    input: ____,
    leftMs: _____,
    left: _______,
    ...rest
  } = stage;
  return { ...rest, status, attempt, ...viewRollout(stage) };
}

function viewRollout({ rollout }: StageState): { readonly rollout?: RolloutView } {
  if (!rollout) return {};
  const { planned, direction, index, candidate, baseline, outcome, reason, watching } = rollout;
  const checks = outcome === undefined ? openChecks(rollout).map(viewCheck) : [];
  const phases = direction === "forward" ? planned.rollout.phases : rollout.wayBack;
  return {
    rollout: {
      strategy: planned.strategy,
      direction,
      phase: phases[index]?.name ?? "",
      watching,
      ...defined({ candidate, baseline, outcome, reason, preview: rollout.preview?.address }),
      ...(checks.length > 0 && { checks }),
      ...(planned.before && { stable: planned.before.group }),
    },
  };
}

function viewCheck({ check, spec, background }: OpenCheck): CheckView {
  const { measured, failures, errors, reason } = check.tally;
  return {
    check: spec.check,
    gate: check.judgement,
    background: background !== undefined,
    measured,
    failures,
    errors,
    ...(reason !== undefined && { reason }),
  };
}

function defined<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
