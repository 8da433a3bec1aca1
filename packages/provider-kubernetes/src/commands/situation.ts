import type { Condition } from "@gennaker/core/ports";
import type { Call } from "../api/calls.ts";
import type { Ground } from "../ground.ts";
import type { Pod, ReplicaSet } from "../objects/objects.ts";
import { isGroup } from "../observe/group.ts";
import { lookAtPods, lookAtRoutes, lookAtSets } from "../observe/look.ts";
import { groupsOf } from "../observe/state.ts";
import { checkCondition } from "./checks.ts";

/**
 * The cluster's ReplicaSets as they are now, if the condition holds. Sizes and marks are those of the versions that are
 * then written; pods and traffic are looked at just before.
 *
 * @throws Refusal, kind `conflict`
 */
export async function setsIf(
  ground: Ground,
  condition: Condition | undefined,
  call: Call,
): Promise<readonly ReplicaSet[]> {
  const parts = Object.values(condition ?? {});
  const healthy = Object.entries(condition ?? {}).filter(([, { healthyAtLeast = 0 }]) => healthyAtLeast > 0);
  const share = parts.some(({ shareAtMost = 100 }) => shareAtMost < 100);
  const [sets, pods, routes] = await Promise.all([
    lookAtSets(ground, call),
    podsFor(),
    share ? lookAtRoutes(ground, call) : new Map<string, never>(),
  ]);
  if (parts.length > 0) checkCondition(condition ?? {}, groupsOf({ sets, pods, routes, events: [] }, ground));
  return sets.filter(isGroup);

  async function podsFor(): Promise<readonly Pod[]> {
    // Where traffic follows health, shares are a matter of all pods.
    if (share && ground.traffic.labelsPods) return lookAtPods(ground, call);
    if (healthy.length === 0) return [];
    const names = healthy.map(([name]) => name);
    return lookAtPods(ground, call, names);
  }
}
