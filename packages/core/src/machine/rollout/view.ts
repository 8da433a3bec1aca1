import type { ClusterState, ServerGroup } from "../../model/cluster.ts";
import type { GroupView } from "../events.ts";
import { type Roles, rolesIn } from "./roles.ts";
import type { RolloutState } from "./state.ts";

/** The groups as progress shows them: oldest first, each with its role. */
export function viewGroups(state: RolloutState, world: ClusterState): readonly GroupView[] {
  const roles = rolesIn(world, state);
  return world.groups
    .toSorted((a, b) => a.sequence - b.sequence)
    .map((group) => view(group, roleOf(group, roles)));
}

/** The role of one of the groups. */
export function roleOf(group: ServerGroup, { stable, candidate, baseline }: Roles): GroupView["role"] {
  if (group === stable) return "stable";
  if (group === candidate) return "candidate";
  return group === baseline ? "baseline" : "other";
}

function view({ name, desired, healthy, share, problem }: ServerGroup, role: GroupView["role"]): GroupView {
  return { name, role, desired, healthy, share, ...(problem && { problem: problem.message }) };
}
