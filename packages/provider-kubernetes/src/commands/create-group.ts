import type { GroupSpec, Token } from "@gennaker/core/ports";
import type { Call, PatchStep } from "../api/calls.ts";
import { isAnswer, isLostRace, Refusal } from "../api/failure.ts";
import { REPLICA_SETS, SERVICES } from "../api/resource.ts";
import type { Ground } from "../ground.ts";
import { epochMark, GROUP, KEY, KEY_HASH, RESERVED, SEQUENCE } from "../marks.ts";
import type { KubernetesObject, ReplicaSet } from "../objects/objects.ts";
import { isGroup } from "../observe/group.ts";
import { lookAtSets } from "../observe/look.ts";
import { type KubernetesRelease, releaseProblems } from "../release.ts";
import { labelsOf, makeCopies, ownedBy } from "../template/versioned.ts";
import { again } from "./again.ts";
import { checkSize } from "./checks.ts";
import { admit, refuseUnlessRecorded } from "./fence.ts";
import { hashOf, newSet } from "./new-set.ts";
import { lostRecord, writeRecord } from "./record.ts";
import { shieldTraffic } from "./shield-traffic.ts";
import { templateFor } from "./template-for.ts";

type Spec = GroupSpec<KubernetesRelease>;

/**
 * Makes a group in three steps, because a create cannot be conditional and may land late: an empty ReplicaSet that is
 * only reserved, and that nobody takes for a group; its number in the record, which succeeds under the newest epoch alone;
 * and then, conditional upon its mark, the step that makes it a group. What is left of a command that was overtaken is
 * an empty reservation, and the next claim discards it.
 */
export async function createGroup(ground: Ground, spec: Spec, token: Token, call: Call): Promise<string> {
  checkSize(spec.size);
  const problems = releaseProblems(spec.release);
  if (problems.length > 0) throw new Refusal("invalid", problems.join("; "));
  // The record first: a group that was made with this key before its number was recorded is seen by the look.
  const { sequence } = await refuseUnlessRecorded(ground, token, call);
  const sets = await lookAtSets(ground, call);
  const found = sets.find((set) => hasKey(set, spec.key));
  if (found && isGroup(found)) return found.metadata.name;
  await shieldTraffic(ground, token, call);
  // A create can meet a conflict too: for a quota that others use at the same time.
  const reserved = (): Promise<ReplicaSet> => reserve(ground, sets, sequence, spec, token, call);
  const set = found ?? (await again("the name of a new group", reserved, call));
  await again(set.metadata.name, () => equip(ground, set, spec.release, call), call);
  await again("the record", () => record(ground, set, token, call), call, lostRecord);
  await again(
    set.metadata.name,
    () => activate(ground, set.metadata.name, token, call),
    call,
    lostReservation,
  );
  return set.metadata.name;
}

async function equip(ground: Ground, set: ReplicaSet, release: KubernetesRelease, call: Call): Promise<void> {
  await makeCopies(ground, set, release.versioned ?? {}, call);
  if (ground.traffic.port) await makeService(ground, set, call);
}

function hasKey({ metadata }: ReplicaSet, key: string): boolean {
  if (metadata.deletionTimestamp !== undefined || metadata.labels?.[KEY_HASH] !== hashOf(key)) return false;
  return metadata.annotations?.[KEY] === key;
}

const NAMES = 100;

async function reserve(
  ground: Ground,
  sets: readonly ReplicaSet[],
  recorded: number,
  spec: Spec,
  token: Token,
  call: Call,
): Promise<ReplicaSet> {
  const { calls, cluster } = ground;
  const template = await templateFor(ground, sets, spec.release, call);
  const last = Math.max(recorded, ...sets.map(sequenceOf));
  for (let sequence = last + 1; sequence <= last + NAMES; sequence++) {
    const set = newSet({ cluster, sequence, spec, template, token });
    try {
      return await calls.create<ReplicaSet>(REPLICA_SETS, set, call);
    } catch (error) {
      if (!isAnswer(error, 409, "AlreadyExists")) throw error;
      const taken = await calls.find<ReplicaSet>(REPLICA_SETS, set.metadata.name, call);
      if (taken && hasKey(taken, spec.key)) return taken;
    }
  }
  throw new Refusal(
    "conflict",
    `${NAMES} names after v${last} are taken by ReplicaSets that are no groups of ${cluster}`,
  );
}

function sequenceOf({ metadata }: ReplicaSet): number {
  return Number(metadata.annotations?.[SEQUENCE] ?? 0);
}

// Also where the number is recorded already, the look is needed: it proves that the epoch held after the reservation.
async function record(ground: Ground, set: ReplicaSet, token: Token, call: Call): Promise<void> {
  const now = await refuseUnlessRecorded(ground, token, call);
  if (now.sequence >= sequenceOf(set)) return;
  await writeRecord(ground, { ...now, sequence: sequenceOf(set) }, call);
}

// A newer claim discards it; then the next look tells by whom.
const lostReservation = (error: unknown): boolean => isLostRace(error) || isAnswer(error, 404);

const path = (annotation: string): string => `/metadata/annotations/${annotation.replaceAll("/", "~1")}`;

async function activate(ground: Ground, name: string, token: Token, call: Call): Promise<void> {
  const { calls, cluster } = ground;
  const set = await calls.find<ReplicaSet>(REPLICA_SETS, name, call);
  await admit(ground, token, set, call);
  if (!set) throw new Refusal("conflict", `${name} was deleted by somebody while it was being made`);
  const size = set.metadata.annotations?.[RESERVED];
  if (size === undefined) return;
  const mark = set.metadata.annotations?.[epochMark(cluster)];
  const steps: readonly PatchStep[] = [
    { op: "test", path: path(epochMark(cluster)), value: mark },
    { op: "test", path: path(RESERVED), value: size },
    { op: "remove", path: path(RESERVED) },
    { op: "replace", path: "/spec/replicas", value: Number(size) },
  ];
  await calls.patch(REPLICA_SETS, name, steps, call);
}

/** Services for groups that have none yet. */
export async function makeServices(ground: Ground, call: Call): Promise<void> {
  if (!ground.traffic.port) return;
  const sets = (await lookAtSets(ground, call)).filter(isGroup);
  await Promise.all(sets.map((set) => makeService(ground, set, call)));
}

type Service = KubernetesObject & { readonly spec: object };

async function makeService({ calls, cluster, traffic }: Ground, set: ReplicaSet, call: Call): Promise<void> {
  const { name } = set.metadata;
  const { port = 80, targetPort = port } = traffic.port ?? {};
  const labels = labelsOf(cluster, name);
  const service: Service = {
    metadata: { name, labels, ownerReferences: [ownedBy(set)] },
    spec: { selector: { [GROUP]: name }, ports: [{ name: "http", port, targetPort }] },
  };
  try {
    await calls.create(SERVICES, service, call);
  } catch (error) {
    if (!isAnswer(error, 409, "AlreadyExists")) throw error;
    const taken = await calls.find(SERVICES, name, call);
    if (taken?.metadata.ownerReferences?.some(({ uid }) => uid === set.metadata.uid)) return;
    throw new Refusal("conflict", `there is a Service ${name} already, and it is no group's`);
  }
}
