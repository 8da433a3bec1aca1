import type { ClusterState } from "../model/cluster.ts";
import type { GroupView } from "../machine/events.ts";
import type { RolloutState } from "../machine/rollout/state.ts";

/** The groups of a cluster as progress shows them: what takes part in the rollout, newest last. */
export function groupViews(rollout: RolloutState, world: ClusterState): readonly GroupView[] {
  return world.groups
    .toSorted((a, b) => a.sequence - b.sequence)
    .map(({ name, key, desired, healthy, share, problem }) => ({
      name,
      role:
        key === rollout.planned.key
          ? "candidate"
          : name === rollout.planned.before?.group
            ? "stable"
            : "other",
      desired,
      healthy,
      share,
      ...(problem && { problem: problem.message }),
    }));
}
