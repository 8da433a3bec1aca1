import { parseDuration, type Phase, type Situation, type Strategy, type Want } from "@gennaker/core";
import { type CandidateOptions, gateOf } from "./options.ts";

/** All at once, or not at all: what every traffic can do. */
export const ANY_TRAFFIC: Strategy["modes"] = ["weighted", "proportional", "switch"];

const HEALTHY: Want = { candidate: 100 };

/** What is wanted once the candidate has all the traffic. */
export const CUT_OVER: Want = { ...HEALTHY, traffic: { candidate: 100 } };

/** From nothing to all the traffic on the candidate: launch, approve, shift, soak. */
export function cutOver({ gate, soak = 0, deadline = "10m" }: CandidateOptions): readonly Phase[] {
  const common = { deadlineMs: parseDuration(deadline), after: "back" } as const;
  const soakMs = parseDuration(soak);
  return [
    { name: "launch", want: HEALTHY, ...common },
    ...(gate ? [{ name: "approve", want: HEALTHY, gate: gateOf(gate), ...common }] : []),
    { name: "shift", want: CUT_OVER, ...common },
    ...(soakMs > 0 ? [{ name: "soak", want: CUT_OVER, holdMs: soakMs, ...common }] : []),
  ];
}

/** Whether there is anything besides the candidate. */
export function hasPast({ stable, others }: Situation): boolean {
  return stable !== undefined || others.length > 0;
}
