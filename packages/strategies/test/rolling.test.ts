import * as fc from "fast-check";
import { expect, it } from "vitest";
import { type BatchOptions, batchesOf } from "../src/batches.ts";
import { rolling, type RollingOptions } from "../src/index.ts";
import { EMPTY, problemsOf, serving } from "./situations.ts";

const told = (from: number, to: number, options: BatchOptions): string =>
  batchesOf(from, to, options)
    .list.map(({ candidate, stable }) => `${candidate}+${stable}`)
    .join(" ");

// Candidates + what is left of stable after each batch.
it.each([
  [1, "1+0"],
  [2, "1+1 2+0"],
  [3, "1+2 2+1 3+0"],
  [4, "1+3 2+2 3+1 4+0"],
  [5, "1+4 2+3 3+2 4+1 5+0"],
  [6, "1+5 2+4 3+3 4+2 5+1 6+0"],
  [7, "1+6 2+5 3+4 4+3 5+2 6+1 7+0"],
  [8, "1+7 2+6 3+5 4+4 5+3 6+2 7+1 8+0"],
  [9, "1+8 2+7 3+6 4+5 5+4 6+3 7+2 8+1 9+0"],
  [10, "1+9 2+8 3+7 4+6 5+5 6+4 7+3 8+2 9+1 10+0"],
])("one more at a time, %i instances: %s", (size, batches) => {
  expect(told(size, size, { maxSurge: 1, maxUnavailable: 0 })).toBe(batches);
});

// With nothing to spare, stable makes room first; the last of stable goes when the others can serve without it.
it.each([
  [1, "1+0"],
  [2, "0+1 1+0 2+0"],
  [3, "0+2 1+1 2+0 3+0"],
  [4, "0+3 1+2 2+1 3+0 4+0"],
  [5, "0+4 1+3 2+2 3+1 4+0 5+0"],
  [6, "0+5 1+4 2+3 3+2 4+1 5+0 6+0"],
  [7, "0+6 1+5 2+4 3+3 4+2 5+1 6+0 7+0"],
  [8, "0+7 1+6 2+5 3+4 4+3 5+2 6+1 7+0 8+0"],
  [9, "0+8 1+7 2+6 3+5 4+4 5+3 6+2 7+1 8+0 9+0"],
  [10, "0+9 1+8 2+7 3+6 4+5 5+4 6+3 7+2 8+1 9+0 10+0"],
])("one less at a time, %i instances: %s", (size, batches) => {
  expect(told(size, size, { maxSurge: 0, maxUnavailable: 1 })).toBe(batches);
});

it.each<[number, number, BatchOptions, string]>([
  // 25 % of 10: 2.5, as surge 3, as unavailable 2.
  [10, 10, { maxSurge: "25%", maxUnavailable: 0 }, "3+7 6+4 9+1 10+0"],
  [10, 10, { maxSurge: 0, maxUnavailable: "25%" }, "0+8 2+6 4+4 6+2 8+0 10+0"],
  [10, 10, { maxSurge: "25%", maxUnavailable: "25%" }, "3+5 8+0 10+0"],
  // Both are nothing: one may be missing.
  [3, 3, { maxSurge: 0, maxUnavailable: 0 }, "0+2 1+1 2+0 3+0"],
  [3, 3, { maxSurge: 0, maxUnavailable: "25%" }, "0+2 1+1 2+0 3+0"],
  // One always serves, whatever may be missing.
  [3, 3, { maxSurge: 0, maxUnavailable: "100%" }, "0+1 2+0 3+0"],
  // From and to another size.
  [3, 5, { maxSurge: 1, maxUnavailable: 0 }, "3+0 5+0"],
  [4, 2, { maxSurge: 1, maxUnavailable: 0 }, "1+1 2+0"],
])("from %i to %i instances with %j: %s", (from, to, options, batches) => {
  expect(told(from, to, options)).toBe(batches);
});

const amounts = fc.oneof(
  fc.integer({ min: 0, max: 12 }),
  fc.integer({ min: 0, max: 100 }).map((percent) => `${percent}%` as const),
);
const bounds = { maxSurge: amounts, maxUnavailable: amounts };
const sizes = fc.integer({ min: 1, max: 40 });

it("never has more than the surge allows, never fewer than may be missing, and always comes to the end", () => {
  fc.assert(
    fc.property(sizes, sizes, fc.record(bounds), (from, to, options) => {
      const { list, peak, least } = batchesOf(from, to, options);
      expect(list.at(-1)).toEqual({ candidate: to, stable: 0 });
      expect(least).toBeGreaterThan(0);
      list.forEach((batch, index) => {
        const before = list[index - 1] ?? { candidate: 0, stable: from };
        expect(batch.candidate + before.stable).toBeLessThanOrEqual(peak);
        expect(batch.candidate + batch.stable).toBeGreaterThanOrEqual(least);
        expect(batch.candidate - before.candidate + before.stable - batch.stable).toBeGreaterThan(0);
      });
    }),
  );
});

it("makes phases that the engine accepts, whatever the size and the options", () => {
  const all = fc.record({ ...bounds, minHealthy: fc.integer({ min: 1, max: 100 }) });
  const modes = fc.constantFrom("weighted" as const, "proportional" as const);
  fc.assert(
    fc.property(sizes, all, modes, (size, options, traffic) => {
      expect(problemsOf(rolling(options), size, traffic)).toEqual([]);
    }),
  );
});

it("takes instances of stable away as candidates take their part, and retires it at the end", () => {
  const { phases, floor } = rolling({ maxSurge: 1, pause: "30s", soak: "1m" }).rollout(serving(3));
  const common = { deadlineMs: 600_000, after: "back" };
  const [first, ...rest] = phases;
  expect(first).toEqual({
    name: "batch 1",
    want: { candidate: 33.3333, traffic: { stable: 67, candidate: 33 }, stable: 66.6666 },
    holdMs: 30_000,
    ...common,
  });
  expect(rest.map(({ name, holdMs = 0, after }) => `${name} ${holdMs} ${after}`)).toEqual([
    "batch 2 30000 back",
    "batch 3 0 back",
    "soak 60000 back",
    "retire 0 forward",
  ]);
  expect(phases[2]?.want).toEqual({ candidate: 100, traffic: { candidate: 100 }, stable: 0 });
  expect(floor).toBe(100);
});

it("makes room first where nothing may be added", () => {
  const { phases, floor } = rolling({ maxSurge: 0 }).rollout(serving(2, "proportional"));
  expect(phases.map(({ name }) => name)).toEqual(["make room", "batch 1", "batch 2", "retire"]);
  expect(phases[0]?.want).toEqual({ stable: 50 });
  expect(floor).toBe(50);
});

it.each([
  ["an empty cluster", EMPTY],
  ["a stable without traffic", { ...serving(3), stable: { name: "v001", desired: 3, healthy: 3, share: 0 } }],
])("launches and shifts in %s", (_, situation) => {
  const names = rolling()
    .rollout(situation)
    .phases.map(({ name }) => name);
  expect(names.slice(0, 2)).toEqual(["launch", "shift"]);
});

it("is refused where traffic cannot be divided", () => {
  expect(problemsOf(rolling(), 3, "switch")).toEqual([expect.stringContaining("weighted or proportional")]);
});

it("can be made again from what is recorded of it", () => {
  const made = rolling({ maxSurge: "10%", maxUnavailable: 1, keep: 1 });
  const recorded = JSON.parse(JSON.stringify(made.options)) as RollingOptions;
  expect(rolling.strategy).toBe(made.name);
  expect(rolling(recorded).rollout(serving(4))).toEqual(made.rollout(serving(4)));
});

it("refuses wrong options, all at once, and says what to write", () => {
  const wrong = { maxSurge: -1, maxUnavailable: "101%", pause: "soon", keep: -1, keepWarm: 1 };
  expect(() => rolling(wrong as unknown as RollingOptions)).toThrow(
    [
      "rolling has 5 problems",
      'maxSurge: -1 is not a number of instances (write 1 or "25%")',
      'maxUnavailable: "101%" is not a number of instances (write 1 or "25%")',
      'pause: "soon" is not a duration (write "90s", "10m" or "2h")',
      "keep: -1 is not a whole number, 0 or more (write 2)",
      "keepWarm: is not an option (there are size, minHealthy, soak, postPromotion, analysis, deadline, onRollback, maxSurge, maxUnavailable, pause, keep)",
    ].join("\n  "),
  );
});
