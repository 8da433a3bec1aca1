import { ConflictError } from "../errors.ts";
import { clusterId, type Cluster, type ClusterState } from "../model/cluster.ts";
import { isBaseline, servingGroup } from "../machine/rollout/roles.ts";
import type { Json } from "../model/json.ts";
import type { Phase, Situation, Strategy } from "../model/phase.ts";

/** A group that a cluster could go back to. */
export interface UndoTarget {
  readonly group: string;
  readonly release: Json;
  /** `warm`: its instances run, an undo is one shift of traffic. `cold`: they must boot first. */
  readonly state: "warm" | "cold";
  readonly healthy: number;
  /** How many instances must be started first. */
  readonly starts: number;
}

const DEADLINE_MS = 600_000;
const NAME = "undo";

/**
 * Where a cluster could go back to, the newest first: groups older than the one that serves, of which the provider
 * knows the release, and whose release is another one. Never a baseline that was left.
 */
export function undoTargets({ groups }: ClusterState): readonly UndoTarget[] {
  const serving = servingGroup(groups);
  if (!serving) return [];
  return groups
    .filter((group) => group.sequence < serving.sequence && group.share === 0 && !isBaseline(group))
    .filter(
      ({ release }) => release !== undefined && JSON.stringify(release) !== JSON.stringify(serving.release),
    )
    .toSorted((a, b) => b.sequence - a.sequence)
    .map(({ name, release, healthy }) => ({
      group: name,
      release: release ?? null,
      state: healthy >= serving.desired ? "warm" : "cold",
      healthy,
      starts: Math.max(0, serving.desired - healthy),
    }));
}

/** The target of an undo: the one asked for, or the newest. @throws ConflictError when there is none */
export function undoTarget(
  cluster: Cluster<unknown>,
  world: ClusterState,
  to: string | undefined,
): UndoTarget {
  const targets = undoTargets(world);
  const target = to === undefined ? targets[0] : targets.find(({ group }) => group === to);
  if (target) return target;
  const known = targets.map(({ group }) => group).join(", ");
  throw new ConflictError(
    to === undefined
      ? `${clusterId(cluster)} has nothing to go back to: no older group with another release is left`
      : `${clusterId(cluster)} cannot go back to ${to}: ${known === "" ? "no older group with another release is left" : `it could go back to ${known}`}`,
  );
}

/** Grows the group that is brought back to full size, shifts all traffic to it at once, and leaves the other one warm. */
export const undoFactory: (() => Strategy) & { readonly strategy: string } = Object.assign(() => UNDO, {
  strategy: NAME,
});

const UNDO: Strategy = {
  name: NAME,
  version: 1,
  options: {},
  size: "match",
  modes: ["weighted", "proportional", "switch"],
  rollout: (_: Situation) => ({ phases: PHASES, minHealthy: 100, onRollback: "keep" }),
};

const PHASES: readonly Phase[] = [
  { name: "revive", want: { candidate: 100 }, deadlineMs: DEADLINE_MS, after: "back" },
  {
    name: "shift",
    want: { candidate: 100, traffic: { candidate: 100 } },
    deadlineMs: DEADLINE_MS,
    after: "back",
  },
];
