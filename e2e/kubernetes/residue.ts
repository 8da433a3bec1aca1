import { setTimeout as sleep } from "node:timers/promises";
import { AppsV1Api, CoreV1Api } from "@kubernetes/client-node";
import type { Bed } from "../beds/kubernetes/index.ts";

/** Label that everything of ours carries. */
const OURS = "gennaker.io/cluster";
const PATIENCE_MS = 60_000;

/** ReplicaSets, pods, Services and settings of ours that are still in a namespace. */
export async function leftIn(bed: Bed, namespace: string): Promise<readonly string[]> {
  const apps = bed.admin.config.makeApiClient(AppsV1Api);
  const core = bed.admin.config.makeApiClient(CoreV1Api);
  const ours = { namespace, labelSelector: OURS };
  const lists = await Promise.all([
    apps.listNamespacedReplicaSet(ours),
    core.listNamespacedPod(ours),
    core.listNamespacedService(ours),
    core.listNamespacedConfigMap(ours),
    core.listNamespacedSecret(ours),
  ]);
  return lists.flatMap(({ items }, index) =>
    items.map(
      ({ metadata }) => `${["replicaset", "pod", "service", "configmap", "secret"][index]} ${metadata?.name}`,
    ),
  );
}

/** Removes what a test made, as an operator would: the groups; the rest follows. */
export async function remove(bed: Bed, namespace: string): Promise<void> {
  const apps = bed.admin.config.makeApiClient(AppsV1Api);
  const core = bed.admin.config.makeApiClient(CoreV1Api);
  const ours = { namespace, labelSelector: OURS };
  await apps.deleteCollectionNamespacedReplicaSet({ ...ours, propagationPolicy: "Background" });
  await core.deleteCollectionNamespacedConfigMap(ours);
  for (const end = Date.now() + PATIENCE_MS; ; await sleep(100)) {
    const left = await leftIn(bed, namespace);
    if (left.length === 0) return;
    if (Date.now() > end) throw new Error(`still there after ${PATIENCE_MS} ms: ${left.join(", ")}`);
  }
}
