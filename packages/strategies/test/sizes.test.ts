import * as fc from "fast-check";
import { expect, it } from "vitest";
import { instancesOf, nearestSplit, percentFor, shareOf } from "../src/sizes.ts";

it("finds the percentage that the engine turns back into just so many instances", () => {
  const sizes = fc.integer({ min: 1, max: 5000 });
  const parts = sizes.chain((size) => fc.tuple(fc.integer({ min: 0, max: size }), fc.constant(size)));
  fc.assert(
    fc.property(parts, ([instances, size]) => {
      const percent = percentFor(instances, size);
      expect(instancesOf(size, percent)).toBe(instances);
      expect(percent).toBeLessThanOrEqual(100);
    }),
  );
});

it.each([
  [1, 3, 33.3333],
  [2, 3, 66.6666],
  [1, 8, 12.5],
  [4, 4, 100],
  [0, 4, 0],
])("%i of %i is %d percent", (instances, size, percent) => {
  expect(percentFor(instances, size)).toBe(percent);
});

// Worked by hand: of n and of n + 1 instances, whichever share is nearer.
it.each([
  // 1 of 1 would be everything, so two are needed: 50 %.
  [5, 1, 1, 1],
  // 1 of 2 is 50 %, 1 of 3 is 33 %.
  [25, 2, 1, 2],
  [50, 2, 1, 1],
  [90, 2, 2, 1],
  // 1 of 3 is 33 %, 2 of 4 is 50 %.
  [50, 3, 2, 2],
  // 1 of 4 is 25 %, 1 of 5 is 20 %.
  [5, 4, 1, 4],
  [25, 4, 1, 3],
  // 25 % is 5 off, 40 % (2 of 5) is 10 off.
  [30, 4, 1, 3],
  [33, 4, 2, 3],
  // 40 % (2 of 5) and 50 % (2 of 4) are both 5 off: the larger.
  [45, 4, 2, 2],
  // 75 % (3 of 4) is 24 off, 80 % (4 of 5) is 19 off.
  [99, 4, 4, 1],
  // 1 of 10 is 10 %, 1 of 11 is 9.1 %.
  [5, 10, 1, 10],
  [10, 10, 1, 9],
  [50, 10, 5, 5],
])("%i %% of %i instances: %i candidates beside %i of stable", (weight, total, candidate, stable) => {
  expect(nearestSplit(weight, total)).toEqual({ candidate, stable });
});

it("never leaves a side without instances, never adds more than one, and never goes down while weights rise", () => {
  const weights = fc.integer({ min: 1, max: 98 });
  fc.assert(
    fc.property(weights, fc.integer({ min: 1, max: 60 }), (weight, total) => {
      const split = nearestSplit(weight, total);
      const more = nearestSplit(weight + 1, total);
      expect(Math.min(split.candidate, split.stable)).toBeGreaterThan(0);
      expect(split.candidate + split.stable - total).toBeLessThanOrEqual(1);
      expect(split.candidate + split.stable).toBeGreaterThanOrEqual(total);
      expect(shareOf(more)).toBeGreaterThanOrEqual(shareOf(split));
      expect(more.candidate).toBeGreaterThanOrEqual(split.candidate);
    }),
  );
});
