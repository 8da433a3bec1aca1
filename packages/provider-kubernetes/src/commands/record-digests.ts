import type { Token } from "@gennaker/core/ports";
import type { Call, PatchStep } from "../api/calls.ts";
import { isAnswer, isLostRace } from "../api/failure.ts";
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
 * the release names by digest is taken at its word.
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
  const ours = sets.filter((set) => stampOf(set, ground.cluster)?.epoch === token.epoch);
  const untold = ours.filter((set) => !podsOf(set, known).some((pod) => healthOf(pod) === "ready"));
  const names = untold.map(({ metadata }) => metadata.name);
  const seen = names.length === 0 ? [] : await lookAtPods(ground, call, names);
  await Promise.all(
    ours.map((set) => record(ground, set, podsOf(set, untold.includes(set) ? seen : known), call)),
  );
}

function podsOf({ metadata }: ReplicaSet, pods: readonly Pod[]): readonly Pod[] {
  return pods.filter((pod) => pod.metadata.labels?.[GROUP] === metadata.name);
}

async function record(
  { calls, cluster }: Ground,
  set: ReplicaSet,
  pods: readonly Pod[],
  call: Call,
): Promise<void> {
  const digests = { ...digestsRun(pods), ...digestsNamed(set.spec.template) };
  const text = JSON.stringify(digests);
  const { name, annotations = {} } = set.metadata;
  if (Object.keys(digests).length === 0 || annotations[DIGESTS] === text) return;
  const mark = epochMark(cluster);
  const steps: readonly PatchStep[] = [
    { op: "test", path: annotationPath(mark), value: annotations[mark] },
    { op: "add", path: annotationPath(DIGESTS), value: text },
  ];
  try {
    await calls.patch(REPLICA_SETS, name, steps, call);
  } catch (error) {
    // Deleted, or claimed by somebody newer, who will write it down.
    if (!isAnswer(error, 404) && !isLostRace(error)) throw error;
  }
}
