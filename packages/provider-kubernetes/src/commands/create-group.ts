import type { GroupSpec, Token } from "@gennaker/core/ports";
import type { Call, PatchStep } from "../api/calls.ts";
import { isAnswer, isLostRace, Refusal } from "../api/failure.ts";
import { REPLICA_SETS, SERVICES } from "../api/resource.ts";
import type { Ground } from "../ground.ts";
import { annotationPath, epochMark, GROUP, KEY, KEY_HASH, RESERVED, SEQUENCE } from "../marks.ts";
import type { KubernetesObject, ReplicaSet } from "../objects/objects.ts";
import { isGroup } from "../observe/group.ts";
import { lookAtRoutes, lookAtSets, type Routes } from "../observe/look.ts";
import { type KubernetesRelease, releaseProblems } from "../release.ts";
import { labelsOf, makeCopies, ownedBy } from "../template/versioned.ts";
import { again } from "./again.ts";
import { checkSize } from "./checks.ts";
import { admit, refuseUnlessRecorded } from "./fence.ts";
import { hashOf, type NewSet, newSet } from "./new-set.ts";
import { type ClusterRecord, lostRecord, writeRecord } from "./record.ts";
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
  const { recorded, sets, routes } = await lookAround(ground, token, call);
  const found = sets.find((set) => hasKey(set, spec.key));
  if (found && isGroup(found)) return found.metadata.name;
  await shieldTraffic(ground, routes, token, call);
  // A create can meet a conflict too: for a quota that others use at the same time.
  const reserved = async (): Promise<ReplicaSet> => {
    const template = templateFor(ground, { sets, routes }, spec.release);
    return reserve(ground, sets, recorded.sequence, { spec, template, token }, call);
  };
  const set = found ?? (await again("the name of a new group", reserved, call));
  await again(set.metadata.name, () => equip(ground, set, spec.release, call), call);
  await recordNumber(ground, set, recorded, token, call);
  await activate(ground, set, token, call);
  return set.metadata.name;
}

interface Around {
  readonly recorded: ClusterRecord;
  readonly sets: readonly ReplicaSet[];
  readonly routes: Routes;
}

async function lookAround(ground: Ground, token: Token, call: Call): Promise<Around> {
  const [recorded, sets, routes] = await Promise.all([
    refuseUnlessRecorded(ground, token, call),
    lookAtSets(ground, call),
    lookAtRoutes(ground, call),
  ]);
  if (recorded.sequence <= Math.max(0, ...sets.map(sequenceOf))) return { recorded, sets, routes };
  // Whose number that is may have been made since the look, with this very key: a look after the record shows it.
  return { recorded, sets: await lookAtSets(ground, call), routes };
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
  { spec, template, token }: Pick<NewSet, "spec" | "template" | "token">,
  call: Call,
): Promise<ReplicaSet> {
  const { calls, cluster } = ground;
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

// Writing into the version that was read before the reservation proves as well as reading it anew that the epoch held
// after it. Where the number is recorded already, nothing is written: then only reading it anew does.
async function recordNumber(
  ground: Ground,
  set: ReplicaSet,
  before: ClusterRecord,
  token: Token,
  call: Call,
): Promise<void> {
  const sequence = sequenceOf(set);
  let seen: ClusterRecord | undefined = before.sequence < sequence ? before : undefined;
  await again(
    "the record",
    async () => {
      const now = seen ?? (await refuseUnlessRecorded(ground, token, call));
      seen = undefined;
      if (now.sequence < sequence) await writeRecord(ground, { ...now, sequence }, call);
    },
    call,
    lostRecord,
  );
}

// A newer claim discards it; then the next look tells by whom.
const lostReservation = (error: unknown): boolean => isLostRace(error) || isAnswer(error, 404);

async function activate(ground: Ground, first: ReplicaSet, token: Token, call: Call): Promise<void> {
  const { name } = first.metadata;
  let seen: ReplicaSet | undefined = first;
  await again(
    name,
    async () => {
      const set = seen ?? (await ground.calls.find<ReplicaSet>(REPLICA_SETS, name, call));
      seen = undefined;
      await admit(ground, token, set, call);
      if (!set) throw new Refusal("conflict", `${name} was deleted by somebody while it was being made`);
      await makeGroup(ground, set, call);
    },
    call,
    lostReservation,
  );
}

async function makeGroup({ calls, cluster }: Ground, set: ReplicaSet, call: Call): Promise<void> {
  const size = set.metadata.annotations?.[RESERVED];
  if (size === undefined) return;
  const mark = set.metadata.annotations?.[epochMark(cluster)];
  const steps: readonly PatchStep[] = [
    { op: "test", path: annotationPath(epochMark(cluster)), value: mark },
    { op: "test", path: annotationPath(RESERVED), value: size },
    { op: "remove", path: annotationPath(RESERVED) },
    { op: "replace", path: "/spec/replicas", value: Number(size) },
  ];
  await calls.patch(REPLICA_SETS, set.metadata.name, steps, call);
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
