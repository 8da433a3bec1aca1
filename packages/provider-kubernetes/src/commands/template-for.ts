import { Refusal } from "../api/failure.ts";
import type { Ground } from "../ground.ts";
import type { PodTemplate, ReplicaSet } from "../objects/objects.ts";
import { isGroup } from "../observe/group.ts";
import type { Routes } from "../observe/look.ts";
import { groupsOf } from "../observe/state.ts";
import type { KubernetesRelease } from "../release.ts";
import { bareTemplate, resolveTemplate } from "../template/pod-template.ts";

/** What is there of a cluster before a group is made. */
interface There {
  readonly sets: readonly ReplicaSet[];
  readonly routes: Routes;
}

/** The pod template of a release. @throws Refusal, kind `invalid`, when there is none */
export function templateFor(ground: Ground, there: There, release: KubernetesRelease): PodTemplate {
  const resolved = resolveTemplate(
    release,
    release.template === undefined ? given(ground, there) : undefined,
  );
  if ("problems" in resolved) throw new Refusal("invalid", resolved.problems.join("; "));
  return resolved.template;
}

/** What releases that name only images are put into. */
function given(ground: Ground, { sets, routes }: There): PodTemplate | undefined {
  if (ground.template !== undefined) return ground.template as unknown as PodTemplate;
  const there = sets.filter(isGroup);
  if (there.length === 0) return undefined;
  const groups = groupsOf({ sets: there, pods: [], routes, events: [] }, ground);
  const [best] = groups.toSorted((a, b) => b.share - a.share || b.sequence - a.sequence);
  const set = there.find(({ metadata }) => metadata.name === best?.name);
  return set && bareTemplate(set, ground.cluster);
}
