import type { Token } from "@gennaker/core/ports";
import type { Call, PatchStep } from "../api/calls.ts";
import { REPLICA_SETS } from "../api/resource.ts";
import type { Ground } from "../ground.ts";
import { annotationPath, DIGESTS, epochMark, GROUP } from "../marks.ts";
import type { Pod, ReplicaSet } from "../objects/objects.ts";
import { digestsNamed, digestsRun } from "../observe/digests.ts";
import { lookAtPods } from "../observe/look.ts";
import { healthOf } from "../observe/pod-health.ts";
import { stampOf } from "./fence.ts";

/**
 * Writes down which images the pods of groups with traffic really run. A tag may say something else tomorrow; an image that
 * the release names by digest is taken at its word. Whatever goes wrong here fails nothing: the traffic is where it was to
 * be, and the next command of this kind tries again.
 *
 * @param known pods as they were told last; only groups of which they say nothing are looked at
 */
export async function recordDigests(
  ground: Ground,
  sets: readonly ReplicaSet[],
  known: readonly Pod[],
  token: Token,
  call: Call,
): Promise<void> {
  // Of what a newer claim has marked, its owner writes.
  const ours = sets.filter((set) => stampOf(set, ground.cluster)?.epoch === token.epoch && !isNamed(set));
  const untold = ours.filter((set) => !podsOf(set, known).some((pod) => healthOf(pod) === "ready"));
  const names = untold.map(({ metadata }) => metadata.name);
  try {
    const seen = names.length === 0 ? [] : await lookAtPods(ground, call, names);
    const podsNow = (set: ReplicaSet): readonly Pod[] => podsOf(set, untold.includes(set) ? seen : known);
    await Promise.all(ours.map((set) => record(ground, set, podsNow(set), call)));
  } catch {
    call.signal?.throwIfAborted();
  }
}

function isNamed({ spec }: ReplicaSet): boolean {
  const named = digestsNamed(spec.template);
  return spec.template.spec.containers.every(({ name }) => Object.hasOwn(named, name));
}

function podsOf({ metadata }: ReplicaSet, pods: readonly Pod[]): readonly Pod[] {
  return pods.filter((pod) => pod.metadata.labels?.[GROUP] === metadata.name && healthOf(pod) !== "gone");
}

async function record(
  { calls, cluster }: Ground,
  set: ReplicaSet,
  pods: readonly Pod[],
  call: Call,
): Promise<void> {
  const run = digestsRun(pods);
  const text = JSON.stringify({ ...run, ...digestsNamed(set.spec.template) });
  const { name, annotations = {} } = set.metadata;
  const { [DIGESTS]: before } = annotations;
  if (Object.keys(run).length === 0 || before === text) return;
  const mark = epochMark(cluster);
  const path = annotationPath(DIGESTS);
  const steps: readonly PatchStep[] = [
    { op: "test", path: annotationPath(mark), value: annotations[mark] },
    // What arrives late must not bring back what an earlier command saw.
    ...(before === undefined ? [] : [{ op: "test" as const, path, value: before }]),
    { op: "add", path, value: text },
  ];
  await calls.patch(REPLICA_SETS, name, steps, call);
}
