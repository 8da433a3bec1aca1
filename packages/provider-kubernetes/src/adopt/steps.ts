import type { Token } from "@gennaker/core/ports";
import type { Call, PatchStep } from "../api/calls.ts";
import { isAnswer } from "../api/failure.ts";
import { PODS, REPLICA_SETS } from "../api/resource.ts";
import { again } from "../commands/again.ts";
import { marked } from "../commands/fence.ts";
import { hashOf } from "../commands/new-set.ts";
import type { Ground } from "../ground.ts";
import {
  ADOPTED,
  ADOPTING,
  annotationPath,
  KEY,
  KEY_HASH,
  RELEASE,
  RELEASE_HASH,
  RUN,
  SEQUENCE,
} from "../marks.ts";
import type { Pod, ReplicaSet } from "../objects/objects.ts";
import { bareTemplate } from "../template/pod-template.ts";
import { labelsOf } from "../template/versioned.ts";
import type { Deployment } from "./adopt.ts";

const REVISION = "deployment.kubernetes.io/revision";

/** The ReplicaSets of a Deployment. */
export async function setsOf(
  { calls }: Ground,
  deployment: Deployment,
  call: Call,
): Promise<readonly ReplicaSet[]> {
  const labels = selector(deployment.spec?.selector?.matchLabels ?? {});
  const { items } = await calls.list<ReplicaSet>(REPLICA_SETS, { labels }, call);
  return items.filter(({ metadata }) => isOwnedBy(metadata, deployment.metadata.uid));
}

/** Notes on a ReplicaSet that it is being taken over; its template, which the Deployment watches, stays as it is. */
export async function takeNote(
  { calls, cluster }: Ground,
  set: ReplicaSet,
  deployment: string,
  token: Token,
  call: Call,
): Promise<void> {
  const { name, annotations = {} } = set.metadata;
  const key = `adopted from ${deployment} ${name}`;
  const release = JSON.stringify({ template: bareTemplate(set, cluster) });
  const metadata = {
    labels: { ...labelsOf(cluster, name), [KEY_HASH]: hashOf(key), [RELEASE_HASH]: hashOf(release) },
    annotations: {
      [ADOPTING]: deployment,
      [ADOPTED]: deployment,
      [SEQUENCE]: annotations[REVISION] ?? "0",
      [KEY]: key,
      [RELEASE]: release,
      [RUN]: token.run,
      ...marked(cluster, { epoch: token.epoch, run: token.run }),
    },
  };
  await calls.merge(REPLICA_SETS, name, { metadata }, call);
}

/** Its pods, those to come and then those that run, get the labels of a group. */
export async function labelPodsOf(ground: Ground, set: ReplicaSet, call: Call): Promise<void> {
  const { calls, cluster } = ground;
  const { name, uid } = set.metadata;
  const labels = labelsOf(cluster, name);
  await calls.merge(REPLICA_SETS, name, { spec: { template: { metadata: { labels } } } }, call);
  const { items } = await calls.list<Pod>(
    PODS,
    { labels: selector(set.spec.selector?.matchLabels ?? {}) },
    call,
  );
  for (const { metadata } of items.filter((pod) => isOwnedBy(pod.metadata, uid)))
    try {
      await calls.merge(PODS, metadata.name, { metadata: { labels } }, call);
    } catch (error) {
      if (!isAnswer(error, 404)) throw error;
    }
}

/** From now on it is a group. */
export async function finish({ calls }: Ground, { metadata }: ReplicaSet, call: Call): Promise<void> {
  const path = annotationPath(ADOPTING);
  const steps: readonly PatchStep[] = [{ op: "remove", path }];
  if (metadata.annotations?.[ADOPTING] === undefined) return;
  await again(metadata.name, () => calls.patch(REPLICA_SETS, metadata.name, steps, call), call);
}

function selector(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(",");
}

function isOwnedBy({ ownerReferences = [] }: Pod["metadata"], uid: string | undefined): boolean {
  return ownerReferences.some((owner) => owner.uid === uid);
}
