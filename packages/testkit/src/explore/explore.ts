import type { Strategy } from "@gennaker/core";
import { initialRollout, planRollout } from "@gennaker/core/machine";
import { ConfigurationError } from "@gennaker/core/ports";
import { STAGE } from "./log.ts";
import { markRules } from "./marks.ts";
import type { Node } from "./node.ts";
import { type ExploreOptions, type Settings, withDefaults } from "./options.ts";
import type { Brief } from "./properties.ts";
import { type Exploration, walk } from "./walk.ts";
import { NOTHING } from "./witness.ts";
import { firstWorld, observe, type World } from "./world.ts";

/**
 * Explores every history of a rollout in a small world, up to a budget of faults: all interleavings of the driver, its
 * commands, crashes, ill health, autoscalers and people. The machine is the real one; the world is a model.
 *
 * @throws ConfigurationError when the strategy cannot be planned in this world
 * @example
 * const { unsafe, stuck, complete } = exploreStrategy(redBlack({ soak: "10s" }), { traffic: "switch", size: 3 })
 */
export function exploreStrategy(strategy: Strategy, options: ExploreOptions = {}): Exploration {
  const { root, brief } = begin(strategy, withDefaults(options));
  return walk(root, brief);
}

/** The first moment of every history of a strategy. @throws ConfigurationError when it cannot be planned */
export function begin(
  strategy: Strategy,
  settings: Settings,
): { readonly root: Node; readonly brief: Brief } {
  const home = firstWorld(settings);
  const planned = plan(strategy, settings, home);
  const brief: Brief = { strategy, planned, settings, home, marked: markRules(settings.rules) };
  return { root: firstNode(brief), brief };
}

function plan(strategy: Strategy, { traffic }: Settings, home: World): Brief["planned"] {
  const result = planRollout({
    stage: STAGE,
    run: "run",
    cluster: { provider: "model", account: "a", location: "l", name: "shop-api" },
    release: {},
    strategy,
    world: observe(home, traffic),
    traffic,
    at: 0,
  });
  if ("problems" in result) throw new ConfigurationError(`strategy ${strategy.name}`, result.problems);
  return result.event;
}

function firstNode(brief: Brief): Node {
  return {
    state: initialRollout(brief.planned),
    world: brief.home,
    now: 0,
    driver: "starting",
    glimpse: undefined,
    wire: undefined,
    late: [],
    measuring: [],
    left: brief.settings.faults,
    witness: NOTHING,
  };
}
