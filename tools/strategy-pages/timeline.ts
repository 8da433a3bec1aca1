import type { PhaseForecast, RolloutForecast } from "@gennaker/core";
import { SIZE } from "./subjects.ts";

/** A stretch of time in which nothing changes. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
  /** Instances of the groups that are neither the candidate nor its baseline. */
  readonly stable: number;
  /** Instances of the baseline, and those of them that boot. */
  readonly compared: number;
  readonly comparing: number;
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
  readonly baseline: number;
  readonly candidate: number;
  readonly share: number;
}

/** A plan as what can be drawn of it. */
export function timelineOf({ phases, candidate }: RolloutForecast): readonly TimedPhase[] {
  let before: Moment = { stable: SIZE, baseline: 0, candidate: 0, share: 0 };
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
  const readyMs = endsMs - phase.holdMs - phase.measuresMs;
  const booting = Math.max(0, after.candidate - before.candidate);
  const work: Span = {
    fromMs: phase.startsMs,
    toMs: readyMs,
    stable: Math.max(before.stable, after.stable),
    compared: before.baseline,
    comparing: Math.max(0, after.baseline - before.baseline),
    ready: before.candidate,
    booting,
    share: before.share,
  };
  const { stable, baseline: compared, candidate: ready, share } = after;
  const whole = { stable, compared, comparing: 0, ready, booting: 0, share };
  const hold: Span = { fromMs: readyMs, toMs: endsMs, ...whole };
  return { name: phase.phase, work, hold, ...asksOf(phase) };
}

function asksOf({ gate }: PhaseForecast): { readonly asks?: string } {
  if (!gate) return {};
  if (gate.kind === "check") return { asks: `measures ${gate.check}` };
  return { asks: gate.kind === "judgement" ? `asks ${gate.roles.join(", ")}` : "waits to be promoted" };
}

function momentOf({ groups }: PhaseForecast, candidate: string): Moment {
  const mine = groups.find(({ name }) => name === candidate);
  const baseline = groups.find(({ role }) => role === "baseline");
  const others = groups.filter((group) => group !== mine && group !== baseline);
  return {
    baseline: baseline?.desired ?? 0,
    stable: others.reduce((sum, { desired }) => sum + desired, 0),
    candidate: mine?.desired ?? 0,
    share: mine?.share ?? 0,
  };
}
