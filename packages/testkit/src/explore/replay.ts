import type { Strategy } from "@gennaker/core";
import { begin } from "./explore.ts";
import { labelled } from "./label.ts";
import { movesFrom } from "./moves.ts";
import type { Node } from "./node.ts";
import { type ExploreOptions, withDefaults } from "./options.ts";
import type { Brief, Property } from "./properties.ts";
import { broken, walk } from "./walk.ts";

/** What came of a history that was followed again. */
export interface Replay {
  /** Properties that it breaks, or that break after it without another fault; empty is good. */
  readonly broken: readonly Property[];
  /** How many of its moves could still happen. Fewer than all: the strategy or the machine does other things now. */
  readonly followed: number;
}

/**
 * Follows one history of an exploration again, by what it says happened: a test for what was found once.
 * `trace.test` of a finding calls it.
 *
 * @throws ConfigurationError when the strategy cannot be planned in this world
 * @example
 * replayHistory(yours(), { size: 2 }, finding.trace.history).broken // []
 */
export function replayHistory(
  strategy: Strategy,
  options: ExploreOptions,
  history: readonly string[],
): Replay {
  const { root, brief } = begin(strategy, withDefaults(options));
  const found: Property[] = [];
  let node = root;
  let followed = 0;
  for (const wanted of history) {
    const move = labelled(movesFrom(node, brief)).find(({ label }) => label === wanted)?.move;
    if (!move) break;
    found.push(...broken(move));
    node = move.node;
    followed += 1;
  }
  return { broken: [...new Set([...found, ...endings(node, brief)])], followed };
}

// What follows from here by itself, on every schedule.
function endings(node: Node, brief: Brief): readonly Property[] {
  const { unsafe, stuck } = walk({ ...node, left: 0 }, brief);
  return [...unsafe, ...stuck].map(({ property }) => property);
}
