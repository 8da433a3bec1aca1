import { formatDuration } from "../../model/duration.ts";
import { illness } from "./baseline.ts";
import type { Sight } from "./sight.ts";
import { need } from "./size.ts";
import { elapsed } from "./stopwatch.ts";
import type { Step } from "./want.ts";
import { wantedCandidate } from "./want.ts";

/** Why a rollout on its way out must take the way back; undefined: it need not. */
export type TurnRule = (sight: Sight) => string | undefined;

const mayFail = ({ phase }: Sight): boolean => phase?.after !== "forward";

// Past the point of no return there is a way back only as long as stable is there.
const mayReturn = (sight: Sight): boolean => mayFail(sight) || sight.stable !== undefined;

/** A cancel, unless the point of no return is passed. */
export const cancelled: TurnRule = (sight) =>
  sight.state.cancel && mayFail(sight) ? sight.state.cancel.reason : undefined;

/** A command failed for good. */
const commandFailed: TurnRule = (sight) => (mayFail(sight) ? sight.state.failure : undefined);

/** The candidate was there and is not any more. */
const candidateVanished: TurnRule = (sight) =>
  sight.state.candidate !== undefined && !sight.candidate && mayReturn(sight)
    ? `${sight.state.candidate} is gone: it was removed by somebody else`
    : undefined;

/** The candidate cannot become healthy, however long one waits. */
const candidateHopeless: TurnRule = (sight) => {
  const { candidate, state } = sight;
  if (!candidate?.problem?.fatal || !mayReturn(sight)) return undefined;
  const needed = need(wantedCandidate(sight), state.planned.rollout.minHealthy);
  return candidate.healthy < needed
    ? `${candidate.name} cannot become healthy (${candidate.problem.message})`
    : undefined;
};

/** The candidate lost health after an earlier phase had counted on it, and has traffic. */
const candidateSick: TurnRule = (sight) => {
  const { candidate, stable, state } = sight;
  if (!candidate || !stable || candidate.share === 0) return undefined;
  // Instances that an autoscaler took away are drift, not ill health.
  const asked = need(candidate.desired, state.planned.rollout.minHealthy);
  const needed = Math.max(1, Math.min(state.proved, asked));
  if (candidate.healthy >= needed) return undefined;
  const why = candidate.problem?.message ?? `${candidate.healthy} healthy, ${needed} needed`;
  return `${candidate.name} became unhealthy (${why})`;
};

/** The group to come back to is gone, before the candidate could take its place. */
const stableMissing: TurnRule = (sight) => {
  const { stable, candidate, state } = sight;
  const missing = state.planned.before !== undefined && !stable && mayFail(sight);
  return missing && candidate?.share !== 100 ? missingStable(sight) : undefined;
};

/** The question was answered with no, or by nobody in time; or the check failed. */
const verdictAgainst: TurnRule = ({ state, phase, rules }) => {
  const { gate } = state;
  if (phase?.after === "forward") return undefined;
  if (gate?.verdict === "fail") return `${phase?.name}: ${gate.reason ?? "the verdict was fail"}`;
  return gate?.verdict === "expired" && !rules.isConsent(phase)
    ? `${phase?.name}: nobody answered in time`
    : undefined;
};

/** A check beside the phases failed. */
const backgroundAgainst: TurnRule = (sight) => {
  const failed = sight.state.background.find((check) => check?.verdict === "fail");
  return failed && mayFail(sight) ? (failed.reason ?? "a check in the background failed") : undefined;
};

/** What to say when stable is gone. */
export function missingStable({ state }: Sight): string {
  return `${state.planned.before?.group} is gone: there is nothing to go back to`;
}

/** Whether the want has been unmet for too long. */
export function isLate({ state, phase, now }: Pick<Sight, "state" | "phase" | "now">): boolean {
  return phase !== undefined && !state.met && elapsed(state.unmet, now) >= phase.deadlineMs;
}

/** Why a want was not met in time, for people. */
export function lateness(sight: Sight, step: Step | undefined): string {
  const { state, phase } = sight;
  if (step && "wait" in step && step.wait === "health")
    return `${nameOf(sight)} ${state.metOnce ? "did not become healthy again" : "never became healthy"} (${step.why})`;
  const why =
    state.failure ??
    (step && "urgent" in step ? illness(sight) : undefined) ??
    (step && ("wait" in step ? step.why : `${said(step)} had no effect`));
  return `${phase?.name} was not done within ${formatDuration(phase?.deadlineMs ?? 0)}${why ? ` (${why})` : ""}`;
}

/** What is missing for a want that was met before, for people. */
export function shortfall(sight: Sight, step: Step): string {
  if ("urgent" in step) return illness(sight);
  if (!("wait" in step)) return `${said(step)} is due again`;
  return step.wait === "health" ? `${nameOf(sight)} is not healthy (${step.why})` : step.why;
}

function nameOf({ candidate, state }: Sight): string {
  return candidate?.name ?? state.candidate ?? "the candidate";
}

function said({ say }: Extract<Step, { readonly say: unknown }>): string {
  if (say.do === "create-group") return `create of ${say.size} instances`;
  if (say.do === "scale-group") return `scaling ${say.group} to ${say.size}`;
  if (say.do === "destroy-group") return `removal of ${say.group}`;
  return `traffic to ${Object.keys(say.shares).join(" and ") || "nobody"}`;
}

/** In the order of importance; the first that applies is the reason. */
export const TURN: readonly TurnRule[] = [
  cancelled,
  candidateVanished,
  stableMissing,
  candidateHopeless,
  candidateSick,
  commandFailed,
  verdictAgainst,
  backgroundAgainst,
];
