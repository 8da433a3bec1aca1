import { type Cluster, clusterId } from "@gennaker/core/ports";
import type { Landing } from "./landing.ts";
import type { SimulatedCloud } from "./simulated-cloud.ts";
import { type Violation, violationsOf } from "./violation.ts";

/** A watch over one cluster. */
export interface InvariantWatch {
  /** So far, oldest first. */
  readonly violations: readonly Violation[];
  /** Ends the watch. */
  readonly stop: () => void;
}

/**
 * Watches every command that lands in a cluster, from now on: traffic is not moved to where nobody is healthy while
 * somebody is elsewhere; serving capacity is not taken below `min(floor, what it was just before, what its speaker had seen)`; nothing with
 * traffic is scaled to zero or destroyed; one key makes one group. What the world does
 * by itself is no violation. `floor` is in instances.
 *
 * @example
 * const { violations } = watchInvariants(cloud, cluster, { floor: 3 })
 * await clock.drive(run.outcome())
 * assert.deepEqual(violations.map((it) => it.message), [])
 */
export function watchInvariants(
  cloud: SimulatedCloud,
  cluster: Cluster,
  { floor }: { readonly floor: number },
): InvariantWatch {
  const id = clusterId(cluster);
  const { traffic } = cloud.supports(cluster);
  const made = new Map<string, string>();
  const violations: Violation[] = [];
  remember(made, cloud.world(cluster).groups);
  const stop = cloud.onChange(({ landing }) => {
    if (!landing || clusterId(landing.cluster) !== id) return;
    violations.push(...violationsOf(landing, { floor, traffic, made }));
    remember(made, landing.after.groups);
  });
  return { violations, stop };
}

function remember(made: Map<string, string>, groups: Landing["after"]["groups"]): void {
  for (const { key, name } of groups) if (key !== undefined && !made.has(key)) made.set(key, name);
}
