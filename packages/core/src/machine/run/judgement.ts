import { type Duration, parseDuration } from "../../model/duration.ts";
import type { Json } from "../../model/json.ts";
import type { NewEvent, Verdict } from "../events.ts";
import { type RunState, type StageState, workName } from "./state.ts";

/** What a `judgement` stage was given, as it is recorded. */
interface JudgementRequest {
  readonly roles: readonly string[];
  readonly instructions?: string;
  readonly timeout?: Duration;
  readonly onTimeout?: "fail" | "pass";
  readonly approvals?: number;
  readonly choices?: readonly string[];
  readonly excludeStarter?: boolean;
}

/** Asks a stage's question, and ends the stage by what came of it. */
export function decideJudgement(
  run: Pick<RunState, "actor">,
  stage: string,
  state: StageState,
  at: number,
): NewEvent[] {
  const { judgement, answer } = state;
  const ask = state.input as unknown as JudgementRequest;
  if (answer && answer.verdict !== "inconclusive") return [conclude(stage, answer, at)];
  if (!judgement) return [request(run, stage, workName(stage, state), ask, at)];
  if (judgement.expiresAt === undefined || at < judgement.expiresAt) return [];
  return [
    { type: "judgement-expired", at, stage, judgement: judgement.judgement },
    expire(stage, ask, judgement.approvedBy?.length ?? 0, at),
  ];
}

function conclude(stage: string, answer: NonNullable<StageState["answer"]>, at: number): NewEvent {
  const { judgement: _, ...output } = answer;
  if (answer.verdict === "pass")
    return { type: "stage-succeeded", at, stage, output: output as unknown as Json };
  const why = answer.reason === undefined ? "" : `: ${answer.reason}`;
  return failed(stage, at, "judgement-failed", `${answer.actor} judged it a fail${why}`);
}

function expire(stage: string, ask: JudgementRequest, approved: number, at: number): NewEvent {
  if (ask.onTimeout === "pass") {
    const verdict: Verdict = "pass";
    return { type: "stage-succeeded", at, stage, output: { verdict, at, expired: true } };
  }
  const { roles, approvals = 1 } = ask;
  const who = approved === 0 ? `nobody of ${roles.join(", ")}` : `only ${approved} of ${approvals}`;
  return failed(stage, at, "judgement-expired", `${who} answered in time`);
}

function request(
  { actor }: Pick<RunState, "actor">,
  stage: string,
  judgement: string,
  ask: JudgementRequest,
  at: number,
): NewEvent {
  const { roles, instructions, timeout, approvals, choices, excludeStarter } = ask;
  return {
    type: "judgement-requested",
    at,
    stage,
    judgement,
    roles,
    ...(instructions !== undefined && { instructions }),
    ...(timeout !== undefined && { expiresAt: at + parseDuration(timeout) }),
    ...(approvals !== undefined && approvals > 1 && { approvals }),
    ...(choices && { choices }),
    ...(excludeStarter === true && actor !== undefined && { excludes: actor }),
  };
}

function failed(stage: string, at: number, code: string, message: string): NewEvent {
  return { type: "stage-failed", at, stage, error: { code, message, retryable: false } };
}
