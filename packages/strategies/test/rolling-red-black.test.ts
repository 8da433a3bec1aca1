import type { Phase } from "@gennaker/core";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { rollingRedBlack, type RollingRedBlackOptions } from "../src/index.ts";
import { EMPTY, problemsOf, serving } from "./situations.ts";

const phases = (options?: RollingRedBlackOptions, situation = serving(4)): readonly Phase[] =>
  rollingRedBlack(options).rollout(situation).phases;

const brief = ({ name, want, after }: Phase): string => {
  const { candidate, stable, traffic } = want;
  return `${name}: ${candidate} beside ${stable}, traffic ${traffic?.candidate ?? 0}, ${after}`;
};

it("grows first, then moves traffic, and keeps stable at its size until the end", () => {
  expect(phases().map(brief)).toEqual([
    "grow 10 %: 10 beside 100, traffic 0, back",
    "shift 10 %: 10 beside 100, traffic 10, back",
    "grow 50 %: 50 beside 100, traffic 10, back",
    "shift 50 %: 50 beside 100, traffic 50, back",
    "grow 100 %: 100 beside 100, traffic 50, back",
    "shift 100 %: 100 beside 100, traffic 100, back",
    "retire: 100 beside 0, traffic 100, forward",
  ]);
});

it("makes stable smaller as the candidate grows where numbers of instances are the shares", () => {
  expect(phases({ percentages: [25, 75], soak: "1m" }, serving(4, "proportional")).map(brief)).toEqual([
    "grow 25 %: 25 beside 100, traffic 0, back",
    "shift 25 %: 25 beside 75, traffic 25, back",
    "grow 75 %: 75 beside 75, traffic 25, back",
    "shift 75 %: 75 beside 25, traffic 75, back",
    "grow 100 %: 100 beside 25, traffic 75, back",
    "shift 100 %: 100 beside 25, traffic 100, back",
    "soak: 100 beside 25, traffic 100, back",
    "retire: 100 beside 0, traffic 100, forward",
  ]);
});

it("pauses and asks in each step, before the traffic comes", () => {
  const options = { percentages: [50], pause: "5m", validate: { roles: ["qa"], timeout: "1h" } } as const;
  const all = phases({ ...options, keepWarm: 1 });
  expect(all.map(({ name, holdMs = 0, gate }) => `${name} ${holdMs} ${gate?.kind ?? ""}`.trim())).toEqual([
    "grow 50 % 300000",
    "validate 50 % 0 judgement",
    "shift 50 % 0",
    "grow 100 % 300000",
    "validate 100 % 0 judgement",
    "shift 100 % 0",
    "retire 0",
  ]);
  expect(all.at(-1)?.want.stable).toBeUndefined();
});

it("launches, asks and shifts where nothing serves yet", () => {
  const names = phases({ validate: { roles: ["qa"] }, soak: "1m" }, EMPTY).map(({ name }) => name);
  expect(names).toEqual(["launch", "approve", "shift", "soak"]);
});

it("takes traffic that goes to one group at a time only in one step, and says so before anything is changed", () => {
  expect(problemsOf(rollingRedBlack(), 3, "switch")).toEqual([
    "strategy rolling-red-black: needs traffic to be weighted or proportional, but model:a/l/shop-api has switch (take a strategy that works with switch, such as red/black)",
  ]);
  expect(problemsOf(rollingRedBlack({ percentages: [100] }), 3, "switch")).toEqual([]);
});

const rising = fc
  .uniqueArray(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 6 })
  .map((list) => list.toSorted((a, b) => a - b));
const modes = fc.constantFrom("weighted" as const, "proportional" as const);
const sizes = fc.integer({ min: 1, max: 10 });

it("makes phases that the engine accepts, whatever the size and the percentages", () => {
  fc.assert(
    fc.property(rising, sizes, modes, (percentages, size, traffic) => {
      expect(problemsOf(rollingRedBlack({ percentages }), size, traffic)).toEqual([]);
    }),
  );
});

it("always ends with everything on the candidate, and never has less than the size serve", () => {
  fc.assert(
    fc.property(rising, sizes, (percentages, size) => {
      const all = phases({ percentages }, serving(size, "proportional")).slice(0, -1);
      expect(all.at(-1)?.want).toMatchObject({ candidate: 100, traffic: { candidate: 100 } });
      for (const { want } of all)
        expect(Number(want.candidate) + Number(want.stable)).toBeGreaterThanOrEqual(100);
    }),
  );
});

it("can be made again from what is recorded of it", () => {
  const made = rollingRedBlack({ percentages: [20, 60], pause: "1m", keep: 3 });
  const recorded = JSON.parse(JSON.stringify(made.options)) as RollingRedBlackOptions;
  expect(rollingRedBlack.strategy).toBe(made.name);
  expect(rollingRedBlack(recorded).rollout(serving(3))).toEqual(made.rollout(serving(3)));
});

it.each([[[]], [[50, 50]], [[60, 40]], [[0]], [[101]], [[12.5]], [["10"]], [10]])(
  "refuses %j as percentages",
  (percentages) => {
    const wrong = { percentages, gate: { roles: ["qa"] }, pause: "soon" };
    expect(() => rollingRedBlack(wrong as unknown as RollingRedBlackOptions)).toThrow(
      [
        "rolling-red-black has 3 problems",
        `percentages: ${JSON.stringify(percentages)} are not rising whole percentages of 1 to 100 (write [10, 50])`,
        "gate: is not an option (there are size, minHealthy, soak, postPromotion, analysis, deadline, onRollback, percentages, pause, validate, scaleDownDelay, keepWarm, keep)",
        'pause: "soon" is not a duration (write "90s", "10m" or "2h")',
      ].join("\n  "),
    );
  },
);
