import type { ClusterState, ServerGroup } from "../../model/cluster.ts";
import type { RolloutState } from "./state.ts";

/** Who is who among the groups that were observed. */
export interface Roles {
  readonly stable: ServerGroup | undefined;
  readonly candidate: ServerGroup | undefined;
  /** All the rest, newest first. */
  readonly others: readonly ServerGroup[];
}

/** Finds the candidate by its key, or by the name of the group that is brought back; and stable by its name. */
export function rolesIn(world: ClusterState, { planned }: Pick<RolloutState, "planned">): Roles {
  const candidate = world.groups.find(({ key, name }) =>
    planned.revives === undefined ? key === planned.key : name === planned.revives,
  );
  const stable = world.groups.find((group) => group.name === planned.before?.group && group !== candidate);
  const others = newestFirst(world.groups.filter((group) => group !== stable && group !== candidate));
  return { stable, candidate, others };
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
