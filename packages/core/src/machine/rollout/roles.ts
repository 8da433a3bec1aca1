import type { ClusterState, ServerGroup } from "../../model/cluster.ts";
import type { RolloutState } from "./state.ts";

/** Who is who among the groups that were observed. */
export interface Roles {
  readonly stable: ServerGroup | undefined;
  readonly candidate: ServerGroup | undefined;
  readonly baseline: ServerGroup | undefined;
  /** All the rest, newest first. */
  readonly others: readonly ServerGroup[];
}

/** Finds candidate and baseline by their keys, a group that is brought back by its name; and stable by its name. */
export function rolesIn(world: ClusterState, { planned }: Pick<RolloutState, "planned">): Roles {
  const candidate = world.groups.find(({ key, name }) =>
    planned.revives === undefined ? key === planned.key : name === planned.revives,
  );
  const baseline = planned.baseline && world.groups.find(({ key }) => key === planned.baseline?.key);
  const made = new Set([candidate, baseline]);
  const stable = world.groups.find((group) => group.name === planned.before?.group && !made.has(group));
  const others = newestFirst(world.groups.filter((group) => group !== stable && !made.has(group)));
  return { stable, candidate, baseline, others };
}

/** Groups in the order of their making, the last one first. */
export function newestFirst(groups: readonly ServerGroup[]): readonly ServerGroup[] {
  return groups.toSorted((a, b) => b.sequence - a.sequence);
}

/** Shares of all groups that have traffic, by name. */
export function sharesIn(world: ClusterState): Readonly<Record<string, number>> {
  return Object.fromEntries(
    world.groups.filter((group) => group.share > 0).map((group) => [group.name, group.share]),
  );
}

/** The key of the baseline's group, beside the candidate's. */
export function baselineKey(key: string): string {
  return `${key}/baseline`;
}

/**
 * Whether some rollout made this group as its baseline. Keys are `run/stage` and `run/stage/baseline`; a stage's name
 * may not end in `/baseline`.
 */
export function isBaseline({ key }: Pick<ServerGroup, "key">): boolean {
  return key !== undefined && /^[^/]+\/.+\/baseline$/s.test(key);
}

/**
 * The group that serves: the one with most of the traffic, of equal ones the newest. Baselines count only where nothing
 * else has any traffic.
 */
export function servingGroup(groups: readonly ServerGroup[]): ServerGroup | undefined {
  const carriers = newestFirst(groups.filter(({ share }) => share > 0));
  const able = carriers.some((group) => !isBaseline(group))
    ? carriers.filter((group) => !isBaseline(group))
    : carriers;
  const most = Math.max(0, ...able.map(({ share }) => share));
  return able.find(({ share }) => share === most);
}
