import type { NewEvent } from "../events.ts";
import type { Phase } from "../../model/phase.ts";
import type { Sight } from "./sight.ts";
import { elapsed } from "./stopwatch.ts";
import { workOf } from "./work.ts";

/** How long a phase's question may stay open; undefined: for ever, or there is none. */
export function timeoutOf(phase: Phase | undefined): number | undefined {
  return phase?.gate?.kind === "judgement" ? phase.gate.timeoutMs : undefined;
}

/** Asks the phase's question, once its want is met and held. */
export function askGate({ state, phase, now }: Sight): NewEvent<"judgement-requested"> | undefined {
  const { gate } = phase ?? {};
  if (!phase || gate?.kind !== "judgement" || state.gate || state.promoted) return undefined;
  const { stage } = state.planned;
  return {
    type: "judgement-requested",
    at: now,
    stage,
    judgement: `${workOf(state.planned)}/${phase.name}/${state.asked + 1}`,
    roles: gate.roles,
    phase: phase.name,
    ...(gate.instructions !== undefined && { instructions: gate.instructions }),
    ...(gate.timeoutMs !== undefined && { expiresAt: now + gate.timeoutMs }),
  };
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
  if (state.gate?.verdict !== "inconclusive") return undefined;
  const reason = `${phase?.name}: the verdict was inconclusive; resume to ask again`;
  return { type: "rollout-paused", at: now, stage: state.planned.stage, reason };
}

/** Whether a phase's gate lets it go on. */
export function isPassed({ state, phase }: Sight): boolean {
  return !phase?.gate || state.promoted || state.gate?.verdict === "pass";
}
