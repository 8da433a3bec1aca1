// What is explored to the full: every way to split traffic, small sizes, a few faults, the whole menu.
import type { Strategy } from "@gennaker/core";
import { expect, it } from "vitest";
import { exploreStrategy, type ExploreOptions } from "../src/index.ts";

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
  const { unsafe, stuck, windows, complete } = exploreStrategy(strategy, options);
  const tell = ({ property, count, trace }: (typeof unsafe)[number]): string =>
    `${property} × ${count}\n${trace.text}\n${trace.test}`;
  return { unsafe: unsafe.map(tell), stuck: stuck.map(tell), windows, complete };
}
