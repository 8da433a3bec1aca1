import type { PhaseForecast, RolloutForecast } from "@gennaker/core";
import { SIZE } from "./subjects.ts";

/** A stretch of time in which nothing changes. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
  /** Instances of the groups that are not the candidate. */
  readonly stable: number;
  /** Candidates that are healthy. */
  readonly ready: number;
  /** Candidates that boot. */
  readonly booting: number;
  /** The candidate's part of the traffic in percent. */
  readonly share: number;
}

/** A phase on a timeline: getting what it wants, then holding it. */
export interface TimedPhase {
  readonly name: string;
  readonly work: Span;
  readonly hold: Span;
  /** Who is asked at its end, or `"promote"`. */
  readonly asks?: string;
}

interface Moment {
  readonly stable: number;
  readonly candidate: number;
  readonly share: number;
}

/** A plan as what can be drawn of it. */
export function timelineOf({ phases, candidate }: RolloutForecast): readonly TimedPhase[] {
  let before: Moment = { stable: SIZE, candidate: 0, share: 0 };
  return phases.map((phase) => {
    const after = momentOf(phase, candidate);
    const timed = timedPhase(phase, before, after);
    before = after;
    return timed;
  });
}

// Instances are asked for at once; traffic moves and stable shrinks when they are healthy.
function timedPhase(phase: PhaseForecast, before: Moment, after: Moment): TimedPhase {
  const endsMs = phase.startsMs + phase.takesMs;
  const readyMs = endsMs - phase.holdMs;
  const booting = Math.max(0, after.candidate - before.candidate);
  const work: Span = {
    fromMs: phase.startsMs,
    toMs: readyMs,
    stable: Math.max(before.stable, after.stable),
    ready: before.candidate,
    booting,
    share: before.share,
  };
  const { stable, candidate: ready, share } = after;
  const hold: Span = { fromMs: readyMs, toMs: endsMs, stable, ready, booting: 0, share };
  return { name: phase.phase, work, hold, ...asksOf(phase) };
}

function asksOf({ gate }: PhaseForecast): { readonly asks?: string } {
  if (!gate) return {};
  return { asks: gate.kind === "judgement" ? `asks ${gate.roles.join(", ")}` : "waits to be promoted" };
}

function momentOf({ groups }: PhaseForecast, candidate: string): Moment {
  const mine = groups.find(({ name }) => name === candidate);
  const others = groups.filter(({ name }) => name !== candidate);
  return {
    stable: others.reduce((sum, { desired }) => sum + desired, 0),
    candidate: mine?.desired ?? 0,
    share: mine?.share ?? 0,
  };
}
