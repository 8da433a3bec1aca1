import type { Json } from "./json.ts";

/** A gate that asks a person. */
export interface JudgementGate {
  readonly kind: "judgement";
  /** Who may answer; at least one. */
  readonly roles: readonly string[];
  readonly instructions?: string;
  /** Milliseconds until silence is the answer. Default: it waits for ever. Does not run while paused. */
  readonly timeoutMs?: number;
  /** What silence until the timeout means. Default `"fail"`. */
  readonly onTimeout?: "fail" | "pass";
}

/** A gate without a question: it waits for `run.promote(stage)`. */
export interface PromotionGate {
  readonly kind: "promotion";
  /**
   * Promotes by itself when the phase has been well for so many milliseconds without a break, after its hold. Default:
   * it waits for ever. Does not run while paused.
   */
  readonly afterMs?: number;
}

/** How often a check is measured, and what its measurements come to. */
export interface Measures {
  /** Name of the check: `defineCheck({ name })`. */
  readonly check: string;
  /** What its function gets. */
  readonly input?: Json;
  /** Milliseconds from the opening to the first measurement. Default 0. */
  readonly delayMs?: number;
  /** Milliseconds from the end of a measurement to the next one. Needed where there is more than one. */
  readonly everyMs?: number;
  /** So many failed measurements may be; one more, and the check fails. Default 0. */
  readonly failureLimit?: number;
  /** So many inconclusive measurements may be; one more, and the check is inconclusive. Default 0. */
  readonly inconclusiveLimit?: number;
  /**
   * So many measurements in a row may come to an error (the function threw, or took too long); each is repeated, after
   * 5 s, then 10 s, doubling to 5 minutes. One more, and `onError` says what the check is. Default 4.
   */
  readonly errorLimit?: number;
  /** What a check is that cannot be measured. Default `"inconclusive"`: not being able to look is no failure of the release. */
  readonly onError?: "inconclusive" | "fail";
  /** Milliseconds that one measurement may take; then it is stopped and counts as an error. Default 600,000. */
  readonly timeoutMs?: number;
}

/**
 * A gate that measures: a user's own function answers, once or several times. Measured while the phase's want is met.
 * It passes when it was measured `times` and no limit was exceeded.
 */
export interface CheckGate extends Measures {
  readonly kind: "check";
  /** Measurements that end without an error, until it passes. Default 1. */
  readonly times?: number;
}

/** What holds a phase until a verdict: pass, fail or inconclusive. */
export type Gate = JudgementGate | PromotionGate | CheckGate;

/**
 * A check that is measured all the way out, beside the phases, until the point of no return. Once it fails, the rollout
 * turns back. The point of no return is not passed before it was measured once.
 */
export interface BackgroundCheck extends Measures {
  readonly everyMs: number;
  /** From the candidate's first traffic on, or from the rollout's start. Default `"traffic"`. */
  readonly from?: "traffic" | "start";
}
