// What is explored to the full: every way to split traffic, sizes 1 to 3, three faults, the whole menu.
import type { Strategy } from "@gennaker/core";
import { expect, it } from "vitest";
import { exploreStrategy, type ExploreOptions } from "../src/index.ts";

const MODES = ["weighted", "proportional", "switch"] as const;

/** Declares one test for each row. */
export function exploreFully(strategy: Strategy): void {
  for (const traffic of MODES)
    for (const size of [1, 2, 3])
      it(`${strategy.name} keeps its promises with ${traffic} traffic, size ${size}, up to 3 faults`, () => {
        expect(verdict(strategy, { traffic, size, faults: 3 })).toEqual(FLAWLESS);
      }, 120_000);
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
