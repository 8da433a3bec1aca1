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
  /** How long to wait for an answer; then it counts as a fail. Default: for ever. Paused time does not count. */
  readonly timeout?: Duration;
}

/** Who answered what. */
export interface JudgementOutput {
  readonly verdict: Verdict;
  readonly actor: string;
  readonly at: number;
  readonly reason?: string;
}

/** Asks a person: `run.judge(stage, { verdict, actor })`. A pass goes on, a fail fails the stage, an inconclusive answer leaves it open. */
export const judgement: StageType<JudgementInput, JudgementOutput> = {
  type: "judgement",
  kind: "judgement",
  check: ({ roles, timeout }) => [
    ...(Array.isArray(roles) &&
    roles.length > 0 &&
    roles.every((role) => typeof role === "string" && role !== "")
      ? []
      : ["roles: at least one role is needed"]),
    ...(timeout === undefined ? [] : checkDuration("timeout", timeout)),
  ],
};
