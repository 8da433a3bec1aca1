// What is explored to the full: every way to split traffic, small sizes, a few faults, the whole menu.
import type { Strategy } from "@gennaker/core";
import { expect, it } from "vitest";
import { type Exploration, exploreStrategy, type ExploreOptions, type Finding } from "../src/index.ts";

const TIMEOUT_MS = 120_000;

/** Which worlds a strategy is explored in. */
export interface Grid {
  /** Default 1 to 3. */
  readonly sizes?: readonly number[];
  /** Default 3. */
  readonly faults?: number;
}

/** Declares one test for each way to split traffic that a strategy works with, and each size. */
export function exploreFully(strategy: Strategy, { sizes = [1, 2, 3], faults = 3 }: Grid = {}): void {
  for (const traffic of strategy.modes)
    for (const size of sizes)
      it(
        `${strategy.name} keeps its promises with ${traffic} traffic, size ${size}, up to ${faults} faults`,
        () => expect(verdict(strategy, { traffic, size, faults })).toEqual(FLAWLESS),
        TIMEOUT_MS,
      );
}

/**
 * The same for a strategy that moves all traffic at once, which no way to split it can tell from another: the third fault
 * is looked for in one of them, and the others come to as many moments with two.
 */
export function exploreAtOnce(strategy: Strategy, sizes: readonly number[] = [1, 2, 3]): void {
  exploreFully({ ...strategy, modes: ["weighted"] }, { sizes });
  it.each(sizes)(
    `${strategy.name} keeps its promises however traffic is split, size %i, up to 2 faults`,
    (size) => {
      const explored = strategy.modes.map((traffic) =>
        exploreStrategy(strategy, { traffic, size, faults: 2 }),
      );
      expect(explored.map(told)).toEqual(explored.map(() => FLAWLESS));
      expect(new Set(explored.map(({ states }) => states)).size).toBe(1);
    },
    TIMEOUT_MS,
  );
}

/** Declares one test for each world with a name. */
export function exploreRows(
  rows: Readonly<Record<string, readonly [strategy: Strategy, options: ExploreOptions]>>,
): void {
  it.each(Object.entries(rows))(
    "keeps its promises %s",
    (_, [strategy, options]) => expect(verdict(strategy, { faults: 2, ...options })).toEqual(FLAWLESS),
    TIMEOUT_MS,
  );
}

/** What is expected of a strategy. */
export const FLAWLESS = { unsafe: [], stuck: [], windows: 0, complete: true } as const;

/** What an exploration found, with the traces to read when it is not what was expected. */
export function verdict(strategy: Strategy, options: ExploreOptions): object {
  return told(exploreStrategy(strategy, options));
}

/** What was found by an exploration that is there. */
export function told({ unsafe, stuck, windows, complete }: Exploration): object {
  return { unsafe: unsafe.map(tell), stuck: stuck.map(tell), windows, complete };
}

function tell({ property, count, trace }: Finding): string {
  return `${property} × ${count}\n${trace.text}\n${trace.test}`;
}
