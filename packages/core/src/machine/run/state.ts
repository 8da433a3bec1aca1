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
}

/** An answer that came. */
export interface Answer {
  readonly judgement: string;
  readonly verdict: Verdict;
  readonly actor: string;
  readonly at: number;
  readonly reason?: string;
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
  readonly steps?: { readonly [step: string]: Json };
  readonly progress?: { readonly message: string; readonly ratio?: number };
  readonly judgement?: OpenJudgement;
  readonly answer?: Answer;
  readonly rollout?: RolloutState;
  /** A newer run wants its cluster. */
  readonly superseded?: { readonly by: SupersededBy; readonly reason: string };
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
