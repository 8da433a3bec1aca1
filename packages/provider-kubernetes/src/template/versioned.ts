import type { Call } from "../api/calls.ts";
import { isAnswer, Refusal } from "../api/failure.ts";
import { apiVersion, CONFIG_MAPS, REPLICA_SETS, type Resource, SECRETS } from "../api/resource.ts";
import type { Ground } from "../ground.ts";
import { CLUSTER, GROUP, MANAGED_BY } from "../marks.ts";
import type { OwnerReference, PodTemplate, ReplicaSet, Settings } from "../objects/objects.ts";
import type { VersionedSettings } from "../release.ts";

/** Name of a group's copy. */
function copyName(group: string, name: string): string {
  return `${group}-${name}`;
}

/** The template with each reference to a versioned object turned to the group's own copy. */
export function referringToCopies(
  template: PodTemplate,
  { configMaps = [], secrets = [] }: VersionedSettings,
  group: string,
): PodTemplate {
  const turned = (names: readonly string[], value: unknown): unknown =>
    typeof value === "string" && names.includes(value) ? copyName(group, value) : value;
  const field = (parent: string, key: string, value: unknown): unknown => {
    if (key === "name" && CONFIG_MAP_FIELDS.has(parent)) return turned(configMaps, value);
    if (key === "name" && SECRET_FIELDS.has(parent)) return turned(secrets, value);
    if (key === "secretName" && parent === "secret") return turned(secrets, value);
    return walk(key, value);
  };
  const walk = (key: string, value: unknown): unknown => {
    if (Array.isArray(value)) return value.map((each) => walk(key, each));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, field(key, name, inner)]));
  };
  return { ...template, spec: walk("spec", template.spec) as PodTemplate["spec"] };
}

/** Where a pod's spec refers to them: volumes, projected volumes, envFrom and valueFrom. */
const CONFIG_MAP_FIELDS = new Set(["configMap", "configMapRef", "configMapKeyRef"]);
const SECRET_FIELDS = new Set(["secret", "secretRef", "secretKeyRef"]);

/** Makes a group's copies, which end with it. */
export async function makeCopies(
  ground: Ground,
  set: ReplicaSet,
  { configMaps = [], secrets = [] }: VersionedSettings,
  call: Call,
): Promise<void> {
  await Promise.all([
    ...configMaps.map((name) => copy(ground, CONFIG_MAPS, name, set, call)),
    ...secrets.map((name) => copy(ground, SECRETS, name, set, call)),
  ]);
}

async function copy(
  { calls, cluster }: Ground,
  resource: Resource,
  name: string,
  set: ReplicaSet,
  call: Call,
): Promise<void> {
  const group = set.metadata.name;
  const original = await calls.find<Settings>(resource, name, call);
  if (!original) throw new Refusal("invalid", `versioned: there is no ${resource.kind} ${name}`);
  const { data, binaryData, type } = original;
  const object = {
    metadata: {
      name: copyName(group, name),
      labels: { ...original.metadata.labels, ...labelsOf(cluster, group) },
      ownerReferences: [ownedBy(set)],
    },
    immutable: true,
    ...(data && { data }),
    ...(binaryData && { binaryData }),
    ...(type !== undefined && { type }),
  };
  try {
    await calls.create(resource, object, call);
  } catch (error) {
    // By an earlier attempt at this very group: names are not used again.
    if (!isAnswer(error, 409, "AlreadyExists")) throw error;
  }
}

/** Labels of what belongs to a group. */
export function labelsOf(cluster: string, group: string): Record<string, string> {
  return { [CLUSTER]: cluster, [GROUP]: group, [MANAGED_BY]: "gennaker" };
}

/** What ends with a group, as Kubernetes collects it. */
export function ownedBy({ metadata }: ReplicaSet): OwnerReference {
  return {
    apiVersion: apiVersion(REPLICA_SETS),
    kind: REPLICA_SETS.kind,
    name: metadata.name,
    uid: metadata.uid ?? "",
  };
}
