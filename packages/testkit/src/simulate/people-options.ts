import type { Duration, Verdict } from "@gennaker/core";

/** One answer to a judgement. */
export interface ScriptedAnswer {
  readonly verdict: Verdict;
  /** How long after the question. Default `"5m"`. */
  readonly after?: Duration;
  /** Which of the judgement's choices. Default: the first one. */
  readonly choice?: string;
}

/**
 * What is answered to the judgement of each stage: a verdict, several ones in turn (after an inconclusive one, or when a
 * phase of a rollout asks again), or `"nobody"`. A stage that is not named is answered by seed: sooner or later, pass
 * or fail or inconclusive, now and then too late, now and then by two people. Where several must approve, so many people
 * pass it.
 */
export type Answers = Readonly<
  Record<string, Verdict | "nobody" | ScriptedAnswer | readonly (Verdict | ScriptedAnswer)[]>
>;

/** What people do of themselves: probabilities for one run, 0–1. When, is by seed. */
export interface People {
  /** Pauses it, and resumes it within a day. */
  readonly pause?: number;
  /** Cancels it. */
  readonly cancel?: number;
  /** Stops it by force: what is left is left. */
  readonly forcedCancel?: number;
  /** Skips the hold and the gate of a phase. */
  readonly promote?: number;
  /** Skips everything that is left, but health. */
  readonly promoteFully?: number;
  /** Skips a stage that its pipeline calls `skippable`. */
  readonly skip?: number;
  /** Lets a stage begin that its windows hold. */
  readonly override?: number;
  /** Retries it from a failed stage when it did not end well; three times at most. */
  readonly retry?: number;
}
