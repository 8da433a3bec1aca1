// "No finding" must not mean "not looked at": each branch of the machine was taken in each strategy, or cannot be, for a
// reason that is written down here.
import type { Strategy } from "@gennaker/core";
import { canary, highlander, redBlack, rolling, rollingRedBlack } from "@gennaker/strategies";
import { expect, it } from "vitest";
import { exploreStrategy, type ExploreOptions } from "../src/index.ts";

const gate = { roles: ["qa"], timeout: "1h" } as const;

const BY_ITSELF = ["autoscaler", "instance dies", "group never heals"] as const;

/**
 * The smallest worlds that lead to all there is: one more instance, a second fault beside older groups or in a first deploy
 * and a whole menu with proportional traffic take nothing that these do not. Those are in the tests of each strategy.
 */
const WORLDS: readonly ExploreOptions[] = [
  { size: 1 },
  { size: 1, others: "serving", faults: 1 },
  { traffic: "proportional", size: 1, menu: BY_ITSELF },
  { traffic: "proportional", size: 2, menu: BY_ITSELF },
  { traffic: "proportional", size: 4, menu: BY_ITSELF },
  { size: 1, faults: 3, menu: ["autoscaler"] },
  { firstDeploy: true, faults: 1 },
];

/** What is measured beside the phases and who waits for the cluster needs no other trouble to be seen. */
const BESIDE: ExploreOptions = { size: 1, faults: 1, menu: ["check fails", "superseded"] };
const analysis = { check: "errors", every: "1h" } as const;
const warm = { analysis, scaleDownDelay: "20s" } as const;

const SHRINKS_LAST = "stable gets smaller only when it has no traffic any more";
const HEALTHY_FIRST = "whatever takes instances away waits for healthy candidates with all the traffic first";
const NO_PARTS =
  "traffic moves at once to candidates that were waited for: nothing is said that would be refused";
const NO_GATE = "rolling asks nobody";
const NO_HOLD = "nothing is held past the point of no return: there is nothing to cut short";

/** Branches that a strategy cannot come to, and why. */
const OUT_OF_REACH: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "red-black": { "guard: guardShrink": SHRINKS_LAST, "guard: guardLast": HEALTHY_FIRST, refusal: NO_PARTS },
  highlander: {
    "guard: guardShrink": SHRINKS_LAST,
    "guard: guardLast": HEALTHY_FIRST,
    refusal: NO_PARTS,
    hurried: NO_HOLD,
  },
  "rolling-red-black": { "guard: guardLast": HEALTHY_FIRST },
  rolling: {
    "guard: guardLast": HEALTHY_FIRST,
    hurried: NO_HOLD,
    "turn: verdictAgainst": NO_GATE,
    "gate: inconclusive": NO_GATE,
    "gate: expired": NO_GATE,
  },
  canary: { "guard: guardLast": HEALTHY_FIRST },
};

const STRATEGIES: readonly (readonly [plain: Strategy, beside: Strategy])[] = [
  [redBlack({ soak: "10s", gate }), redBlack(warm)],
  [highlander({ soak: "10s", gate }), highlander({ analysis })],
  [
    rollingRedBlack({ percentages: [50], pause: "10s", validate: gate }),
    rollingRedBlack({ percentages: [50], ...warm }),
  ],
  [rolling({ maxSurge: 1, pause: "10s" }), rolling({ maxSurge: 1, analysis })],
  [canary({ steps: [{ weight: 25, hold: "10s", gate }] }), canary({ steps: [25], ...warm })],
];

it.for(STRATEGIES.map(([plain, beside]) => ({ name: plain.name, plain, beside })))(
  "every branch that $name can come to was taken",
  { timeout: 180_000 },
  ({ name, plain, beside }) => {
    const taken = new Map<string, number>();
    const worlds = [...WORLDS.map((options) => [plain, options] as const), [beside, BESIDE] as const];
    for (const [strategy, options] of worlds) {
      const { coverage, complete } = exploreStrategy(strategy, { faults: 2, ...options });
      expect(complete).toBe(true);
      for (const [mark, count] of Object.entries(coverage)) taken.set(mark, (taken.get(mark) ?? 0) + count);
    }
    const missed = [...taken].filter(([, count]) => count === 0).map(([mark]) => mark);
    expect(missed.toSorted()).toEqual(Object.keys(OUT_OF_REACH[name] ?? {}).toSorted());
  },
);

it("counts what was taken, and names what was not", () => {
  const { coverage } = exploreStrategy(redBlack(), { faults: 0 });
  expect(coverage).toMatchObject({ "ended: succeeded": 1, "turn: candidateSick": 0, "late: turned back": 2 });
});
