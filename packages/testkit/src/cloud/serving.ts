import type { ClusterState, TrafficMode } from "@gennaker/core/ports";

/**
 * Serving capacity, in instances: the load that the cluster can carry, if each instance can carry 1. Where traffic is
 * weighted, the group that is worst off decides: 1 healthy instance with a share of 5 % carries 20. Where traffic
 * follows health, all healthy instances of the groups with traffic count.
 */
export function serving({ groups }: ClusterState, traffic: TrafficMode): number {
  const exposed = groups.filter((group) => group.share > 0);
  if (exposed.length === 0) return 0;
  return traffic === "proportional"
    ? exposed.reduce((sum, group) => sum + group.healthy, 0)
    : Math.min(...exposed.map((group) => (group.healthy * 100) / group.share));
}
