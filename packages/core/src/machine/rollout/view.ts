import type { ClusterState, ServerGroup } from "../../model/cluster.ts";
import type { GroupView } from "../events.ts";
import { rolesIn } from "./roles.ts";
import type { RolloutState } from "./state.ts";

/** The groups as progress shows them: oldest first, each with its role. */
export function viewGroups(state: RolloutState, world: ClusterState): readonly GroupView[] {
  const { stable, candidate } = rolesIn(world, state);
  const roleOf = (group: ServerGroup): GroupView["role"] =>
    group === stable ? "stable" : group === candidate ? "candidate" : "other";
  return world.groups.toSorted((a, b) => a.sequence - b.sequence).map((group) => view(group, roleOf(group)));
}

function view({ name, desired, healthy, share, problem }: ServerGroup, role: GroupView["role"]): GroupView {
  return { name, role, desired, healthy, share, ...(problem && { problem: problem.message }) };
}
