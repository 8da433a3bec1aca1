import type { Approval } from "../machine/run/state.ts";
import type { Verdict } from "../machine/events.ts";
import type { Duration } from "../model/duration.ts";
import type { StageType } from "../model/stage.ts";
import { checkDuration } from "./wait.ts";

/** What a `judgement` stage asks. */
export interface JudgementInput {
  /** Who may answer; at least one role. */
  readonly roles: readonly string[];
  /** What to look at before answering. */
  readonly instructions?: string;
  /** What an approval chooses among. Default: nothing is to be chosen. Several approvals must choose the same. */
  readonly choices?: readonly string[];
  /** So many different people must approve; one fail is enough to fail. Default 1. */
  readonly approvals?: number;
  /** Whoever started the run may not answer. Default false. */
  readonly excludeStarter?: boolean;
  /** How long to wait for an answer. Default: for ever. Paused time does not count. */
  readonly timeout?: Duration;
  /** What it counts as when nobody answered in time. Default `"fail"`. */
  readonly onTimeout?: "fail" | "pass";
}

/** Who answered what. */
export interface JudgementOutput {
  readonly verdict: Verdict;
  /** Absent when nobody answered in time and that counted as a pass. */
  readonly actor?: string;
  readonly at: number;
  readonly choice?: string;
  readonly reason?: string;
  /** Who approved before `actor`, where more than one had to. */
  readonly approvedBy?: readonly Approval[];
  /** Nobody answered in time, and that counted as a pass. */
  readonly expired?: boolean;
}

/**
 * Asks people: `run.judge(stage, { verdict, actor })`. A pass goes on, a fail fails the stage, an inconclusive answer
 * leaves it open.
 */
export const judgement: StageType<JudgementInput, JudgementOutput> = {
  type: "judgement",
  kind: "judgement",
  check: ({ roles, timeout, onTimeout, approvals, choices }) => [
    ...(isNames(roles) ? [] : ["roles: at least one role is needed"]),
    ...(timeout === undefined ? [] : checkDuration("timeout", timeout)),
    ...(onTimeout === undefined || onTimeout === "fail" || onTimeout === "pass"
      ? []
      : [`onTimeout: ${JSON.stringify(onTimeout)} is unknown (write "fail" or "pass")`]),
    ...(onTimeout !== undefined && timeout === undefined
      ? ["onTimeout: without a timeout it never comes"]
      : []),
    ...(approvals === undefined || (Number.isInteger(approvals) && approvals >= 1)
      ? []
      : [`approvals: ${approvals} is not a number of people (write 2)`]),
    ...(choices === undefined || isNames(choices) ? [] : ["choices: must be texts, at least one"]),
  ],
};

function isNames(list: unknown): boolean {
  return (
    Array.isArray(list) && list.length > 0 && list.every((name) => typeof name === "string" && name !== "")
  );
}
