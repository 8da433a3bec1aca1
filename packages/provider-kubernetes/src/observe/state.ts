import type { ServerGroup } from "@gennaker/core/ports";
import { GROUP } from "../marks.ts";
import type { Pod, ReplicaSet } from "../objects/objects.ts";
import type { Traffic } from "../traffic/traffic.ts";
import { countsOf, groupOf, isGroup } from "./group.ts";
import { percentages } from "./shares.ts";
import type { World } from "./world.ts";

/** How a world is read. */
export interface Reading {
  readonly cluster: string;
  readonly traffic: Traffic;
  readonly nodesMayCome: boolean;
}

/** The groups of a cluster, oldest first. */
export function groupsOf(world: World, { cluster, traffic, nodesMayCome }: Reading): readonly ServerGroup[] {
  const sets = world.sets.filter(isGroup);
  const pods = podsByGroup(world.pods);
  const shares = sharesOf(world, sets, pods, traffic, cluster);
  const leaving = world.pods.some(({ metadata }) => metadata.deletionTimestamp !== undefined);
  const groups = sets.map((set) =>
    groupOf({
      set,
      pods: pods.get(set.metadata.name) ?? [],
      share: shares[set.metadata.name] ?? 0,
      leaving,
      nodesMayCome,
      events: world.events,
    }),
  );
  return groups.toSorted((a, b) => a.sequence - b.sequence);
}

/** Pods by the name of their group. */
function podsByGroup(pods: readonly Pod[]): ReadonlyMap<string, readonly Pod[]> {
  return Map.groupBy(pods, ({ metadata }) => metadata.labels?.[GROUP] ?? "");
}

function sharesOf(
  world: World,
  sets: readonly ReplicaSet[],
  pods: ReadonlyMap<string, readonly Pod[]>,
  traffic: Traffic,
  cluster: string,
): Readonly<Record<string, number>> {
  const weights = traffic.read({ cluster, routes: world.routes, sets });
  const named = sets.filter(({ metadata }) => (weights[metadata.name] ?? 0) > 0);
  if (traffic.mode !== "proportional") return ofGroups(weights, named);
  const by = (weight: (set: ReplicaSet) => number): Record<string, number> =>
    Object.fromEntries(named.map((set) => [set.metadata.name, weight(set)]));
  const healthy = by((set) => countsOf(set, pods.get(set.metadata.name) ?? []).healthy);
  const ways = [healthy, by(({ spec }) => spec.replicas ?? 1), by(() => 1)];
  return percentages(ways.find((way) => Object.values(way).some((weight) => weight > 0)) ?? {});
}

// What goes to others, such as a Service that no group is behind, is not ours to share out again.
function ofGroups(
  weights: Readonly<Record<string, number>>,
  sets: readonly ReplicaSet[],
): Record<string, number> {
  const sum = Object.values(weights).reduce((total, weight) => total + weight, 0);
  const share = (weight: number): number => (sum === 0 ? 0 : Math.round((1e8 * weight) / sum) / 1e6);
  return Object.fromEntries(sets.map(({ metadata }) => [metadata.name, share(weights[metadata.name] ?? 0)]));
}
