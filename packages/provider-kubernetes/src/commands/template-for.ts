import type { Call } from "../api/calls.ts";
import { Refusal } from "../api/failure.ts";
import type { Ground } from "../ground.ts";
import type { PodTemplate, ReplicaSet } from "../objects/objects.ts";
import { isGroup } from "../observe/group.ts";
import { lookAtRoutes } from "../observe/look.ts";
import { groupsOf } from "../observe/state.ts";
import type { KubernetesRelease } from "../release.ts";
import { bareTemplate, resolveTemplate } from "../template/pod-template.ts";

/** The pod template of a release. @throws Refusal, kind `invalid`, when there is none */
export async function templateFor(
  ground: Ground,
  sets: readonly ReplicaSet[],
  release: KubernetesRelease,
  call: Call,
): Promise<PodTemplate> {
  const resolved = resolveTemplate(
    release,
    release.template === undefined ? await given(ground, sets, call) : undefined,
  );
  if ("problems" in resolved) throw new Refusal("invalid", resolved.problems.join("; "));
  return resolved.template;
}

/** What releases that name only images are put into. */
async function given(
  ground: Ground,
  sets: readonly ReplicaSet[],
  call: Call,
): Promise<PodTemplate | undefined> {
  if (ground.template !== undefined) return ground.template as unknown as PodTemplate;
  const there = sets.filter(isGroup);
  if (there.length === 0) return undefined;
  const routes = await lookAtRoutes(ground, call);
  const groups = groupsOf({ sets: there, pods: [], routes, events: [] }, ground);
  const [best] = groups.toSorted((a, b) => b.share - a.share || b.sequence - a.sequence);
  const set = there.find(({ metadata }) => metadata.name === best?.name);
  return set && bareTemplate(set, ground.cluster);
}
