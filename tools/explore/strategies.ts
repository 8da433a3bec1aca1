import type { Strategy } from "@gennaker/core";
import { canary, highlander, redBlack, rolling, rollingRedBlack } from "@gennaker/strategies";

/** A canary beside a baseline, under a name of its own. */
export const COMPARING: Strategy = {
  ...canary({ steps: [{ weight: 25, hold: "10s" }], baseline: true }),
  name: "canary, baseline",
};

/** What is explored: one line for each strategy, with short holds, since time is a part of every moment. */
export const STRATEGIES: readonly Strategy[] = [
  redBlack({ soak: "10s" }),
  highlander({ soak: "10s" }),
  rollingRedBlack({ soak: "10s" }),
  rolling({ pause: "10s" }),
  canary({ steps: [{ weight: 25, hold: "10s" }] }),
  COMPARING,
];

/** The same with gates and checks, in a small world: what people and checks answer is many more histories. */
export const GATED: readonly Strategy[] = [
  { ...redBlack({ gate: { check: "smoke", times: 2, every: "10s", failureLimit: 1 } }), name: "checked" },
  {
    ...canary({ steps: [{ weight: 25, gate: { roles: ["qa"] } }], analysis: { check: "errors" } }),
    name: "analysed",
  },
  {
    ...canary({
      steps: [{ weight: 25, gate: { check: "smoke" } }],
      baseline: true,
      analysis: { check: "errors", every: "1h" },
    }),
    name: "compared, judged",
  },
  { ...redBlack({ scaleDownDelay: "20s" }), name: "superseded" },
];
