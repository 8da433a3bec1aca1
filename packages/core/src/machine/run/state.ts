import type { Json } from "../../model/json.ts";
import type { Plan } from "../../model/plan.ts";
import type { RecordedError, Outcome, RunAdmission, SupersededBy, Verdict } from "../events.ts";
import type { RolloutState } from "../rollout/state.ts";

/** Where a stage stands. */
export type StageStatus = "pending" | "queued" | "running" | "succeeded" | "failed" | "cancelled" | "skipped";

/** A question that waits for a person. */
export interface OpenJudgement {
  readonly judgement: string;
  readonly roles: readonly string[];
  readonly instructions?: string;
  readonly phase?: string;
  readonly expiresAt?: number;
  /** What silence until `expiresAt` means. Absent: a fail. */
  readonly onTimeout?: "fail" | "pass";
  /** Where the candidate can be looked at before it has traffic. */
  readonly preview?: string;
  /** So many different people must approve. Absent: one. */
  readonly approvals?: number;
  readonly choices?: readonly string[];
  /** Who may not answer. */
  readonly excludes?: string;
  /** Who approved so far, where more than one has to. */
  readonly approvedBy?: readonly Approval[];
}

/** One of several approvals. */
export interface Approval {
  readonly actor: string;
  readonly at: number;
  readonly choice?: string;
  readonly reason?: string;
}

/** An answer that came. */
export interface Answer {
  readonly judgement: string;
  readonly verdict: Verdict;
  readonly actor: string;
  readonly at: number;
  readonly choice?: string;
  readonly reason?: string;
  /** Who approved before, where more than one had to. */
  readonly approvedBy?: readonly Approval[];
}

/** A stage, folded from the log. */
export interface StageState {
  readonly status: StageStatus;
  /** Attempts begun so far. */
  readonly attempt: number;
  readonly input?: Json;
  readonly output?: Json;
  readonly error?: RecordedError;
  /** What it did was undone. */
  readonly rolledBack?: boolean;
  readonly reason?: string;
  readonly startedAt?: number;
  readonly finishedAt?: number;
  /** When the next attempt starts. */
  readonly retryAt?: number;
  /** When a `wait` is over. */
  readonly until?: number;
  /** Place in the queue of its cluster: 1 is next. */
  readonly position?: number;
  readonly admitted?: boolean;
  /** Its windows are closed. */
  readonly held?: { readonly until: number; readonly reason: string; readonly opensAt?: number };
  /** A person let it begin whatever its windows say. */
  readonly unbound?: true;
  readonly steps?: { readonly [step: string]: Json };
  readonly progress?: { readonly message: string; readonly ratio?: number };
  readonly judgement?: OpenJudgement;
  readonly answer?: Answer;
  readonly rollout?: RolloutState;
  /** It did not run, and what comes after it goes on all the same. */
  readonly bypassed?: "condition" | "operator" | "list";
  /** When its time is over; absent while it waits in the queue of a cluster. */
  readonly deadline?: number;
  /** What is left of its time, while it waits in a queue. */
  readonly leftMs?: number;
  /** Its time was over: why. */
  readonly timedOut?: string;
  /** The run that it started. */
  readonly child?: string;
  /** What that has left behind. */
  readonly left?: readonly string[];
  /** How it went before somebody had it retried, oldest first. */
  readonly earlier?: readonly EarlierRound[];
  /** A newer run wants its cluster. */
  readonly superseded?: { readonly by: SupersededBy; readonly reason: string };
}

/** How a stage had ended before it was carried out anew. */
export interface EarlierRound {
  readonly status: StageStatus;
  readonly attempt: number;
  readonly output?: Json;
  readonly error?: RecordedError;
  readonly rolledBack?: boolean;
  readonly reason?: string;
  readonly bypassed?: "condition" | "operator" | "list";
  readonly startedAt?: number;
  readonly finishedAt?: number;
  readonly child?: string;
}

/** A cancel that was asked for. */
interface Cancellation {
  readonly mode: "graceful" | "forced";
  readonly reason: string;
  readonly supersededBy?: SupersededBy;
}

/** A run, folded from its log. */
export interface RunState {
  readonly run: string;
  readonly plan: Plan;
  readonly input: Json;
  readonly startedAt: number;
  readonly actor?: string;
  /** The place that it needs before it begins. */
  readonly admission?: RunAdmission;
  readonly admitted?: boolean;
  /** Place in the queue of its pipeline when it came; 1 was next. */
  readonly position?: number;
  readonly stages: { readonly [stage: string]: StageState };
  /** Since when it is paused. */
  readonly pausedAt?: number;
  /** Why its code is not here. */
  readonly parked?: string;
  readonly cancel?: Cancellation;
  readonly outcome?: Outcome;
  readonly reason?: string;
  readonly left?: readonly string[];
  /** The newer run that it was cancelled for. */
  readonly supersededBy?: SupersededBy;
  readonly finishedAt?: number;
  /** When its time is over. */
  readonly deadline?: number;
  /** Its time was over: why. */
  readonly timedOut?: string;
  readonly parent?: { readonly run: string; readonly stage: string };
  readonly restarts?: string;
  /** For the record of a pipeline's switch: why it refuses to start. */
  readonly disabled?: Disabled;
}

/** Why a pipeline refuses to start, since when, and who said so. */
export interface Disabled {
  readonly reason: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly actor?: string;
}

const OVER: ReadonlySet<StageStatus> = new Set(["succeeded", "failed", "cancelled", "skipped"]);

/** Whether a stage can no longer change. */
export function isOver(stage: StageState): boolean {
  return OVER.has(stage.status);
}

/** Whether a stage has begun and is not over. */
export function isActive(stage: StageState): boolean {
  return stage.status !== "pending" && !isOver(stage);
}

/** How often a stage has been carried out from its beginning: 1, and one more for each retry by a person. */
export function roundOf({ earlier }: StageState): number {
  return (earlier?.length ?? 0) + 1;
}

/** A name for a stage's work that is another one in each round: `ship`, then `ship~2`. */
export function workName(stage: string, state: StageState): string {
  const round = roundOf(state);
  return round === 1 ? stage : `${stage}~${round}`;
}
