import { formatDuration } from "../../model/duration.ts";
import type { CheckGate, JudgementGate } from "../../model/gate.ts";
import type { Phase } from "../../model/phase.ts";
import type { NewEvent } from "../events.ts";
import type { Sight } from "./sight.ts";
import { elapsed } from "./stopwatch.ts";
import { workOf } from "./work.ts";

/** How long a phase's question may stay open; undefined: for ever, or there is none. */
export function timeoutOf(phase: Phase | undefined): number | undefined {
  return phase?.gate?.kind === "judgement" ? phase.gate.timeoutMs : undefined;
}

/** How long a phase must be well until it promotes itself; undefined: it never does. */
export function overdueMs(phase: Phase | undefined): number | undefined {
  const afterMs = phase?.gate?.kind === "promotion" ? phase.gate.afterMs : undefined;
  return afterMs === undefined ? undefined : (phase?.holdMs ?? 0) + afterMs;
}

/** Asks the phase's question, or opens its check, once its want is met and held. */
export function askGate(sight: Sight): NewEvent<"judgement-requested" | "check-opened"> | undefined {
  const { state, phase } = sight;
  const { gate } = phase ?? {};
  if (!phase || !gate || gate.kind === "promotion" || state.gate || state.promoted) return undefined;
  const id = `${workOf(state.planned)}/${phase.name}/${state.asked + 1}`;
  return gate.kind === "judgement" ? question(sight, phase, gate, id) : opened(sight, phase, gate, id);
}

function question(
  { state, now, candidate }: Sight,
  phase: Phase,
  gate: JudgementGate,
  judgement: string,
): NewEvent<"judgement-requested"> {
  const { preview, planned } = state;
  return {
    type: "judgement-requested",
    at: now,
    stage: planned.stage,
    judgement,
    roles: gate.roles,
    phase: phase.name,
    ...(gate.instructions !== undefined && { instructions: gate.instructions }),
    ...(gate.timeoutMs !== undefined && { expiresAt: now + gate.timeoutMs }),
    ...(gate.onTimeout !== undefined && { onTimeout: gate.onTimeout }),
    ...(preview && preview.group === candidate?.name && { preview: preview.address }),
  };
}

function opened(
  { state, now }: Sight,
  phase: Phase,
  { check, input }: CheckGate,
  gate: string,
): NewEvent<"check-opened"> {
  const { stage } = state.planned;
  const given = input === undefined ? {} : { input };
  return { type: "check-opened", at: now, stage, gate, check, ...given, phase: phase.name };
}

/** Promotes a phase that was well for as long as its gate waits for somebody. */
export function promoteOverdue(sight: Sight): NewEvent<"rollout-phase-promoted"> | undefined {
  const { state, phase, now, rules } = sight;
  const ms = overdueMs(phase);
  if (!phase || ms === undefined || !rules.isOverdue(state, ms, now)) return undefined;
  const reason = `nobody promoted it within ${formatDuration(ms - (phase.holdMs ?? 0))}`;
  return { type: "rollout-phase-promoted", at: now, stage: state.planned.stage, phase: phase.name, reason };
}

/** Ends a question that nobody answered in time. */
export function expireGate({ state, phase, now }: Sight): NewEvent<"judgement-expired"> | undefined {
  const timeoutMs = timeoutOf(phase);
  if (!state.gate || state.gate.verdict !== undefined || timeoutMs === undefined) return undefined;
  if (elapsed(state.open, now) < timeoutMs) return undefined;
  return { type: "judgement-expired", at: now, stage: state.planned.stage, judgement: state.gate.judgement };
}

/** Stands still where the answer was neither yes nor no. */
export function pauseUndecided({ state, phase, now }: Sight): NewEvent<"rollout-paused"> | undefined {
  const at = { type: "rollout-paused", at: now, stage: state.planned.stage } as const;
  if (state.gate?.verdict === "inconclusive") {
    const why = state.gate.reason ?? "the verdict was inconclusive";
    return {
      ...at,
      reason: `${phase?.name}: ${why}; resume to ${state.gate.tally ? "measure" : "ask"} again`,
    };
  }
  const beside = state.background.find((check) => check?.verdict === "inconclusive");
  return (
    beside && { ...at, reason: `${beside.reason ?? "the check was inconclusive"}; resume to measure again` }
  );
}

/** Whether a phase's gate lets it go on. */
export function isPassed({ state, phase, rules }: Sight): boolean {
  const verdict = state.gate?.verdict;
  if (!phase?.gate || state.promoted || verdict === "pass") return true;
  return verdict === "expired" && rules.isConsent(phase);
}

/** Whether silence until the timeout is a yes. */
export function isConsent(phase: Phase | undefined): boolean {
  return phase?.gate?.kind === "judgement" && phase.gate.onTimeout === "pass";
}
