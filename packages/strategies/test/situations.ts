// Clusters as strategies find them.
import type { Situation, Strategy, TrafficMode } from "@gennaker/core";
import { planRollout } from "@gennaker/core/machine";

/** Stable with all of the traffic and nothing else. */
export function serving(desired: number, traffic: TrafficMode = "weighted"): Situation {
  return {
    stable: { name: "v001", desired, healthy: desired, share: 100 },
    others: [],
    size: desired,
    traffic,
  };
}

/** A cluster without any group. */
export const EMPTY: Situation = { others: [], size: 1, traffic: "weighted" };

/** What the engine has to say against the phases that a strategy makes of a cluster. */
export function problemsOf(strategy: Strategy, desired: number, traffic: TrafficMode): readonly string[] {
  const stable = { name: "v001", sequence: 1, release: {}, desired, healthy: desired, share: 100 };
  const result = planRollout({
    stage: "prod",
    run: "run",
    cluster: { provider: "model", account: "a", location: "l", name: "shop-api" },
    release: {},
    strategy,
    world: { groups: [{ ...stable, starting: 0, unhealthy: 0, unknown: 0 }], revision: 1 },
    traffic,
    at: 0,
  });
  return "problems" in result ? result.problems : [];
}
