import type { Call } from "../api/calls.ts";
import { isAnswer } from "../api/failure.ts";
import { AUTOSCALERS, PODS, REPLICA_SETS, type Resource } from "../api/resource.ts";
import type { Ground } from "../ground.ts";
import { RESERVED, SEQUENCE } from "../marks.ts";
import type { KubernetesObject, ReplicaSet } from "../objects/objects.ts";
import { lookAtPods, lookAtRoutes, lookAtSets } from "../observe/look.ts";
import { routeKey } from "../traffic/traffic.ts";
import { again } from "./again.ts";
import { type Stamp, stampOf, stampSteps } from "./fence.ts";
import { lostRecord, readRecord, writeRecord } from "./record.ts";

/** A claim that holds. */
export interface Claimed {
  readonly epoch: number;
  /**
   * Whether the marks are newer than anything that an older epoch can have written: who has seen them has seen all of it.
   */
  readonly marksAll: boolean;
}

/**
 * Takes the cluster. First the record gets a new epoch, then every object that a command can write is marked with it.
 * Commands write only into the version of an object that they have seen with their own mark, so that from then on none of an
 * older epoch can land.
 */
export async function claim(ground: Ground, run: string, call: Call): Promise<Claimed> {
  const stamp = await again("the record", () => nextEpoch(ground, run, call), call, lostRecord);
  const [sets, routes, autoscaler, pods] = await Promise.all([
    lookAtSets(ground, call),
    lookAtRoutes(ground, call),
    ground.autoscaler === undefined ? undefined : ground.calls.find(AUTOSCALERS, ground.autoscaler, call),
    ground.traffic.labelsPods ? lookAtPods(ground, call) : [],
  ]);
  const known = ground.traffic.routes(ground.cluster);
  const mark = (resource: Resource, object: KubernetesObject): Promise<unknown> =>
    markObject(ground, resource, object, stamp, call);
  const marks = await Promise.all([
    ...sets.map((set) => markSet(ground, set, stamp, call)),
    ...known.flatMap((route) => {
      const object = routes.get(routeKey(route));
      return object ? [mark(route.resource, object)] : [];
    }),
    ...(autoscaler ? [mark(AUTOSCALERS, autoscaler)] : []),
    ...pods.map((pod) => mark(PODS, pod)),
  ]);
  // Where a group is gone, or all are, no mark is newer than its end.
  const marksAll = sets.length > 0 && marks.every((marked) => marked !== undefined);
  return { epoch: stamp.epoch, marksAll };
}

async function nextEpoch(ground: Ground, run: string, call: Call): Promise<Stamp> {
  // As it was told last: written into that version or, if it is another by now, read anew.
  const record = ground.lastRecord.take() ?? (await readRecord(ground, call));
  // A record that somebody deleted must not make epochs or names start over.
  const sets = record ? [] : await lookAtSets(ground, call);
  const epochs = sets.map((set) => stampOf(set, ground.cluster)?.epoch ?? 0);
  const numbers = sets.map(({ metadata }) => Number(metadata.annotations?.[SEQUENCE] ?? 0));
  const epoch = Math.max(record?.epoch ?? 0, ...epochs) + 1;
  const sequence = Math.max(record?.sequence ?? 0, ...numbers);
  await writeRecord(
    ground,
    { epoch, claimedBy: run, sequence, resourceVersion: record?.resourceVersion },
    call,
  );
  return { epoch, run };
}

/** Begun by a command of an older epoch, which can no longer finish it. */
function isLeftOver(set: ReplicaSet): boolean {
  return set.metadata.annotations?.[RESERVED] !== undefined;
}

async function discard({ calls }: Ground, { metadata }: KubernetesObject, call: Call): Promise<void> {
  const { name, uid, resourceVersion } = metadata;
  const exactly = {
    ...(uid !== undefined && { uid }),
    ...(resourceVersion !== undefined && { resourceVersion }),
  };
  try {
    await calls.delete(REPLICA_SETS, { name, ...exactly }, call);
  } catch (error) {
    // Gone, or touched meanwhile: the next claim sees to it.
    if (!isAnswer(error, 404) && !isAnswer(error, 409)) throw error;
  }
}

// Marked first: between the look and the mark it may have become a group.
async function markSet(
  ground: Ground,
  set: ReplicaSet,
  stamp: Stamp,
  call: Call,
): Promise<ReplicaSet | undefined> {
  const now = await markObject<ReplicaSet>(ground, REPLICA_SETS, set, stamp, call);
  if (now && isLeftOver(now)) await discard(ground, now, call);
  return now;
}

/** The object with its mark; undefined when it is gone, or marked by somebody newer. */
async function markObject<T extends KubernetesObject>(
  ground: Ground,
  resource: Resource,
  first: T,
  stamp: Stamp,
  call: Call,
): Promise<T | undefined> {
  const { calls, cluster } = ground;
  const { name } = first.metadata;
  let seen: T | undefined = first;
  return again(
    `${resource.kind} ${name}`,
    async () => {
      const object = seen ?? (await calls.find<T>(resource, name, call));
      seen = undefined;
      if (!object || (stampOf(object, cluster)?.epoch ?? 0) >= stamp.epoch) return undefined;
      try {
        return await calls.patch<T>(resource, name, stampSteps(object, cluster, stamp), call);
      } catch (error) {
        if (isAnswer(error, 404)) return undefined;
        throw error;
      }
    },
    call,
  );
}
