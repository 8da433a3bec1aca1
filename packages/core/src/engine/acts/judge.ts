import { ConfigurationError, ConflictError } from "../../errors.ts";
import type { NewEvent, Verdict } from "../../machine/events.ts";
import { isOver, type OpenJudgement, type RunState, type StageState } from "../../machine/run/state.ts";
import { suggest } from "../../model/suggest.ts";
import type { Said } from "./act.ts";
import { findStage } from "../find-stage.ts";

/** An answer to a judgement. */
export interface JudgeAct {
  readonly verdict: Verdict;
  /** A person or a bot; recorded in the event. */
  readonly actor: string;
  readonly reason?: string;
  /** Roles that the actor has. When given, one of them must be among the judgement's. */
  readonly roles?: readonly string[];
  /** One of the judgement's choices, where it has some. */
  readonly choice?: string;
  /**
   * Which question is answered: `judgement` of the event that asked. A click on an old button then never answers a newer
   * question of the same stage.
   */
  readonly judgement?: string;
}

/**
 * The event that an answer leads to: the last word, or one approval of several.
 *
 * @throws ConflictError when that question is not open (any more); it says who answered
 * @throws ConfigurationError when the answer is none, or its actor may not give it
 */
export function judged(state: RunState, name: string, act: JudgeAct, said: Said): NewEvent {
  checkAnswer(act);
  const open = openJudgement(state, name, act.judgement);
  const problems = [...whoMayNot(open, act), ...wrongChoice(open, act)];
  if (problems.length > 0)
    throw new ConfigurationError(`the judgement of stage ${JSON.stringify(name)}`, problems);
  const { verdict, choice } = act;
  const chosen = choice === undefined ? {} : { choice };
  const answer = { ...said, stage: name, judgement: open.judgement, ...chosen };
  return verdict === "pass" && !isLastApproval(open, act)
    ? { type: "judgement-approved", ...answer }
    : { type: "judgement-answered", ...answer, verdict };
}

// Answers come from buttons and web pages: what is not a verdict must not count as one.
function checkAnswer({ verdict, actor }: JudgeAct): void {
  const verdicts = ["pass", "fail", "inconclusive"];
  const problems = [
    ...(verdicts.includes(verdict)
      ? []
      : [`verdict: ${JSON.stringify(verdict)} is not one of ${verdicts.join(", ")}; nothing was recorded`]),
    ...(typeof actor === "string" && actor.trim() !== "" ? [] : ["actor: is missing; say who answers"]),
  ];
  if (problems.length > 0) throw new ConfigurationError("judge", problems);
}

function whoMayNot({ roles, excludes }: OpenJudgement, act: JudgeAct): readonly string[] {
  return [
    ...(!act.roles || act.roles.some((role) => roles.includes(role))
      ? []
      : [`${act.actor} is not one of ${roles.join(", ")}`]),
    ...(excludes === act.actor ? [`${act.actor} started the run: somebody else must answer`] : []),
  ];
}

function wrongChoice({ choices }: OpenJudgement, { verdict, choice }: JudgeAct): readonly string[] {
  if (choice === undefined)
    return choices && verdict === "pass" ? [`choice: is missing; choose one of ${choices.join(", ")}`] : [];
  if (!choices) return [`choice: ${JSON.stringify(choice)} was not asked for; leave it out`];
  return choices.includes(choice)
    ? []
    : [`choice: ${JSON.stringify(choice)} is not one of ${choices.join(", ")}${suggest(choice, choices)}`];
}

// Whoever approved something else does not count for this.
function isLastApproval({ approvals = 1, approvedBy = [] }: OpenJudgement, act: JudgeAct): boolean {
  const others = approvedBy.filter(({ actor, choice }) => actor !== act.actor && choice === act.choice);
  return others.length + 1 >= approvals;
}

function openJudgement(state: RunState, name: string, asked: string | undefined): OpenJudgement {
  const stage = findStage(state, name);
  const open = isOver(stage) || state.outcome !== undefined ? undefined : stage.judgement;
  if (open && (asked === undefined || asked === open.judgement)) return open;
  const question = open ? `the question ${asked} is not open any more` : "asks nothing now";
  throw new ConflictError(
    `run ${state.run}: stage ${JSON.stringify(name)} ${question}: ${late(stage, asked)}`,
  );
}

function late({ answer, status }: StageState, asked: string | undefined): string {
  return answer && (asked === undefined || answer.judgement === asked)
    ? `${answer.actor} answered ${answer.verdict} at ${new Date(answer.at).toISOString()}`
    : `it is ${status}`;
}
