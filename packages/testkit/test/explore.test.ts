import { RULES } from "@gennaker/core/machine";
import { canary, highlander, redBlack } from "@gennaker/strategies";
import { describe, expect, it } from "vitest";
import { exploreStrategy, type ExploreOptions, type Fault } from "../src/index.ts";
import { MUTANTS, type Mutant, STRATEGIES } from "./explore-mutants.ts";
import { FLAWLESS, verdict } from "./explore-table.ts";

const { soaking, approving, stepping, checking, watched, hurried, silent, patient } = STRATEGIES;
const measured = { check: "errors", times: 2, every: "10s", failureLimit: 1, errorLimit: 1 } as const;

const CHECKING: readonly Fault[] = [
  "instance dies",
  "driver crashes",
  "answer is lost",
  "cancel",
  "pause",
  "promote",
  "promote fully",
  "inconclusive",
  "check fails",
  "check error",
  "foreign verdict",
];

const judged = canary({
  steps: [{ weight: 25, gate: { check: "smoke" } }],
  baseline: true,
  analysis: { check: "errors", every: "1h" },
});

describe("every promise is kept, up to 2 faults,", () => {
  const rows = {
    "when people approve the cut-over": [approving, {}],
    "when a check decides before the cut-over": [checking, { size: 1 }],
    "when a check may fail once, and cannot always be measured": [
      redBlack({ gate: measured }),
      { size: 1, menu: CHECKING, faults: 3 },
    ],
    "when a check and then people decide after the cut-over": [
      redBlack({ postPromotion: [{ check: "errors" }, { roles: ["qa"] }] }),
      { size: 1, menu: CHECKING },
    ],
    "when a check is measured beside the phases": [watched, { size: 1 }],
    "when a check is measured beside phases that take no time": [hurried, { size: 1 }],
    "when checks are measured beside weighted steps, and decide them": [
      canary({
        steps: [{ weight: 25, gate: { check: "smoke" } }],
        analysis: { check: "errors", from: "start" },
      }),
      { size: 2, menu: CHECKING },
    ],
    "when silence means yes": [silent, { size: 1 }],
    "when a promotion does not wait for ever": [patient, { size: 1 }],
    "when traffic moves in weighted parts": [stepping, { size: 4 }],
    "when traffic moves as instances do": [stepping, { traffic: "proportional" }],
    "when the cluster is empty": [soaking, { firstDeploy: true }],
    "when people approve a first deploy": [approving, { firstDeploy: true }],
    "when older groups are there": [soaking, { others: "idle" }],
    "when highlander finds older groups": [highlander({ soak: "10s" }), { others: "idle" }],
    "when an older group has a part of the traffic": [soaking, { others: "serving" }],
    "when an older group has a part of proportional traffic": [
      soaking,
      { others: "serving", traffic: "proportional" },
    ],
    "when highlander finds an older group with traffic": [highlander({ soak: "10s" }), { others: "serving" }],
    "when stable stays warm for a while, and a newer run waits for the cluster": [
      redBlack({ scaleDownDelay: "20s" }),
      {},
    ],
    "when checks beside a baseline decide": [judged, { size: 1, menu: CHECKING }],
    "when previous groups are kept warm": [redBlack({ keepWarm: 1, keep: 1 }), { others: "idle" }],
    "when half of the instances are enough": [redBlack({ minHealthy: 50, soak: "10s" }), {}],
    "when the candidate is larger than stable": [redBlack({ size: { match: true, atLeast: 3 } }), {}],
    "when the candidate is smaller than stable": [redBlack({ size: 2, soak: "10s" }), { size: 3 }],
    "when a candidate that failed is kept": [redBlack({ onRollback: "keep", soak: "10s" }), {}],
    "when old commands are drained, not refused": [soaking, { fencing: "drain" }],
    "when the world makes one group for one key by itself": [soaking, { createOnce: true }],
  } as const;
  it.each(Object.entries(rows))(
    "%s",
    (_, [strategy, options]) => {
      expect(verdict(strategy, { faults: 2, ...options })).toEqual(FLAWLESS);
    },
    120_000,
  );
});

it("only windows are left open by a provider that cannot check conditions", () => {
  const { unsafe, stuck, windows, complete } = exploreStrategy(soaking, { faults: 2, conditions: false });
  expect({ unsafe, stuck, complete }).toEqual({ unsafe: [], stuck: [], complete: true });
  expect(windows).toBeGreaterThan(0);
});

it("says that nothing is proved when it had to stop early", () => {
  expect(exploreStrategy(soaking, { maxStates: 100 }).complete).toBe(false);
});

it("tells the shortest history that breaks a promise, and a test to paste", () => {
  const rules = { ...RULES, isHeld: () => true };
  const [finding] = exploreStrategy(soaking, { faults: 0, rules }).unsafe;
  expect(finding?.property).toBe("S9");
  expect(finding?.trace.text).toContain(
    "· traffic v002 100 %: acknowledged   [0 s: v001 2/2 0 % · v002 2/2 100 %]",
  );
  expect(finding?.trace.history.at(0)).toBe("the driver claims the cluster");
});

it("refuses a strategy that does not fit the world, with every problem", () => {
  const partial = { ...soaking, modes: ["weighted"] as const };
  expect(() => exploreStrategy(partial, { traffic: "switch" })).toThrow("needs traffic to be weighted");
});

describe("nothing is there for nothing: something breaks without", () => {
  it.each(MUTANTS)(
    "$without",
    (mutant) => {
      // A broken driver or world is compared with the whole one, a broken frame with the frame in the same world.
      expect(broken(mutant, mutant.rules ? mutant.options : {})).not.toContain(mutant.breaks);
      expect(broken(mutant, mutant.options, mutant.rules)).toContain(mutant.breaks);
    },
    60_000,
  );
});

function broken({ strategy = soaking }: Mutant, options?: ExploreOptions, rules?: Mutant["rules"]): string[] {
  const { unsafe, stuck, windows } = exploreStrategy(strategy, {
    faults: 1,
    maxStates: 10_000,
    ...options,
    rules: { ...RULES, ...rules },
  });
  return [...[...unsafe, ...stuck].map(({ property }) => property), ...(windows > 0 ? ["window"] : [])];
}
