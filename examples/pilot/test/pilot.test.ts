// What a stranger would write to be sure of a strategy of their own.
import { readFileSync } from "node:fs";
import { exploreStrategy, type ExploreOptions, simulatePipeline } from "@gennaker/testkit";
import { deploy, pipeline } from "@gennaker/core";
import { expect, it } from "vitest";
import { pilot } from "../pilot.ts";

const strategy = pilot({ flight: "10s" });
const WORLDS: readonly ExploreOptions[] = [
  ...strategy.modes.flatMap((traffic) => [1, 2, 3].map((size) => ({ traffic, size }))),
  { firstDeploy: true },
  { others: "idle", size: 1 },
];

it.for(WORLDS)("keeps every promise in every history of two faults: %o", { timeout: 120_000 }, (options) => {
  const { unsafe, stuck, windows, complete } = exploreStrategy(strategy, { faults: 2, ...options });
  const told = [...unsafe, ...stuck].map(({ property, trace }) => `${property}\n${trace.text}`);
  expect({ told, windows, complete }).toEqual({ told: [], windows: 0, complete: true });
});

it(
  "was seen to turn back for every reason that there is but an answer: it asks nobody and measures nothing",
  { timeout: 60_000 },
  () => {
    // Each of them follows from one fault.
    const { coverage } = exploreStrategy(strategy, { size: 1, faults: 1 });
    const untried = Object.keys(coverage).filter((mark) => mark.startsWith("turn: ") && coverage[mark] === 0);
    expect(untried).toEqual(["turn: verdictAgainst", "turn: backgroundAgainst"]);
  },
);

it("survives kills and faults in a pipeline", async () => {
  const cluster = { provider: "cloud", account: "prod", location: "eu", name: "shop-api" };
  const ship = pipeline("ship").stage("api", deploy, () => ({ cluster, release: "v2", strategy: pilot() }));
  for (let seed = 1; seed <= 10; seed += 1) {
    const { outcome, violations } = await simulatePipeline(ship, {
      input: null,
      clusters: [{ cluster, groups: [{ size: 3, share: 100, release: "v1" }] }],
      faults: { lostAnswer: 0.05, lateCommand: 0.05, autoscaler: 0.05 },
      crashes: 2,
      seed,
    });
    expect({ seed, outcome, violations }).toEqual({ seed, outcome: "succeeded", violations: [] });
  }
});

it("refuses what is not a length of time", () => {
  expect(() => pilot({ flight: "soon" as never })).toThrow('flight: "soon" is not a duration');
});

it("is what the guide shows, word for word", () => {
  const guide = readFileSync(new URL("../../../docs/guide/write-a-strategy.md", import.meta.url), "utf8");
  expect(guide).toContain(readFileSync(new URL("../pilot.ts", import.meta.url), "utf8").trim());
});
