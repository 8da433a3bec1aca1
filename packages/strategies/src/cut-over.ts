import {
  parseDuration,
  type Phase,
  type Rollout,
  type Shares,
  type Situation,
  type Strategy,
  type Want,
} from "@gennaker/core";
import {
  type AnalysisOptions,
  backgroundOf,
  gatePhases,
  type Gates,
  labelOf,
  listOf,
  type GateOption,
} from "./gates.ts";
import type { CandidateOptions } from "./options.ts";

/** All at once, or not at all: what every traffic can do. */
export const ANY_TRAFFIC: Strategy["modes"] = ["weighted", "proportional", "switch"];

/** Where traffic can be divided. */
export const PARTS: Strategy["modes"] = ["weighted", "proportional"];

const HEALTHY: Want = { candidate: 100 };

/** What is wanted once the candidate has all the traffic. */
export const CUT_OVER: Want = { ...HEALTHY, traffic: { candidate: 100 } };

/** What counts of the options for a cut-over. */
export interface CutOverOptions extends Pick<CandidateOptions, "soak" | "deadline" | "postPromotion"> {
  readonly gate?: Gates | undefined;
}

/** From nothing to all the traffic on the candidate: launch, approve, shift, soak, verify. */
export function cutOver(options: CutOverOptions): readonly Phase[] {
  const { gate, deadline = "10m" } = options;
  const common = { deadlineMs: parseDuration(deadline), after: "back" } as const;
  return [
    { name: "launch", want: HEALTHY, ...common },
    ...(gate ? gatePhases(labelOf(listOf(gate)[0] as GateOption), gate, { want: HEALTHY, ...common }) : []),
    { name: "shift", want: CUT_OVER, ...common },
    ...soak(options),
  ];
}

/**
 * How long the candidate must serve well, and what is asked or measured then; `stable`: the size at which stable waits
 * meanwhile.
 */
export function soak(
  { soak: time = 0, postPromotion, deadline = "10m" }: CutOverOptions,
  stable: Pick<Want, "stable"> = {},
): readonly Phase[] {
  const holdMs = parseDuration(time);
  const common = {
    want: { ...CUT_OVER, ...stable },
    deadlineMs: parseDuration(deadline),
    after: "back",
  } as const;
  return [
    ...(holdMs > 0 ? [{ name: "soak", holdMs, ...common }] : []),
    ...(postPromotion ? gatePhases("verify", postPromotion, common) : []),
  ];
}

/** What is measured beside the phases, where there is something to go back to. */
export function analysed({ analysis }: AnalysisOptions, situation: Situation): Pick<Rollout, "background"> {
  return serves(situation) ? backgroundOf(analysis) : {};
}

/** The candidate's part of the traffic in percent, the rest for stable. */
export function inParts(candidate: number): Shares {
  return candidate === 100 ? { candidate } : { stable: 100 - candidate, candidate };
}

/** The candidate's part of the traffic, as much for a baseline, and the rest for stable. */
export function compared(candidate: number): Shares {
  return { stable: 100 - 2 * candidate, candidate, baseline: candidate };
}

/** Whether stable has traffic and instances, so that parts of it can move. */
export function serves({ stable }: Situation): boolean {
  return stable !== undefined && stable.share > 0 && stable.desired > 0;
}

/** Whether there is anything besides the candidate. */
export function hasPast({ stable, others }: Situation): boolean {
  return stable !== undefined || others.length > 0;
}
