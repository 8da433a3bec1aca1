import * as fc from "fast-check";
import { expect, test } from "vitest";
import { leastBusy, nextTurn } from "../src/supervisor/rotation.ts";

const groups = (shares: readonly number[]): { share: number; credit: number }[] =>
  shares.map((share) => ({ share, credit: 0 }));

test("shares that sum to 100 are exact over every 100 turns", () => {
  const shares = fc
    .array(fc.integer({ min: 0, max: 100 }), { minLength: 1, maxLength: 4 })
    .map((cuts) =>
      [0].concat(
        cuts.toSorted((a, b) => a - b),
        100,
      ),
    )
    .map((cuts) => cuts.slice(1).map((cut, n) => cut - (cuts[n] ?? 0)));
  fc.assert(
    fc.property(shares, (given) => {
      const among = groups(given);
      for (let round = 0; round < 2; round += 1) {
        const turns = Array.from({ length: 100 }, () => nextTurn(among));
        expect(among.map((group) => turns.filter((one) => one === group).length)).toEqual(given);
      }
    }),
    { numRuns: 50 },
  );
});

test("turns are spread evenly and not given in blocks", () => {
  const among = groups([25, 75]);
  const turns = Array.from({ length: 8 }, () => (nextTurn(among) === among[0] ? "a" : "b"));
  expect(turns.join("")).toBe("babbbabb");
});

test("a share of 0 never gets a turn", () => {
  expect(nextTurn(groups([0, 0]))).toBeUndefined();
});

test("of instances the least busy is taken, and equals take turns", () => {
  const [a, b, c] = [{ outstanding: 1 }, { outstanding: 0 }, { outstanding: 0 }];
  expect(leastBusy([a, b, c], undefined)).toBe(b);
  expect(leastBusy([a, b, c], b)).toBe(c);
  expect(leastBusy([a, b, c], c)).toBe(b);
  expect(leastBusy([], undefined)).toBeUndefined();
});
