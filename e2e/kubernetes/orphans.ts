import { AppsV1Api, CoreV1Api } from "@kubernetes/client-node";
import type { Bed } from "../beds/kubernetes/index.ts";

const GROUP = "gennaker.io/group";
const RESERVED = "gennaker.io/reserved";

/** What belongs to no group: pods, Services and settings without their ReplicaSet, reservations that nobody finished. */
export async function orphansIn(bed: Bed, namespace: string): Promise<readonly string[]> {
  const apps = bed.admin.config.makeApiClient(AppsV1Api);
  const core = bed.admin.config.makeApiClient(CoreV1Api);
  const ours = { namespace, labelSelector: GROUP };
  const sets = (await apps.listNamespacedReplicaSet(ours)).items;
  const names = new Set(sets.map(({ metadata }) => metadata?.name));
  const lists = await Promise.all([
    core.listNamespacedPod(ours),
    core.listNamespacedService(ours),
    core.listNamespacedConfigMap(ours),
    core.listNamespacedSecret(ours),
  ]);
  const dependents = lists.flatMap(({ items }) => items.map(({ metadata }) => metadata ?? {}));
  return [
    ...sets
      .filter(({ metadata }) => metadata?.annotations?.[RESERVED] !== undefined)
      .map(({ metadata }) => `reservation ${metadata?.name}`),
    ...dependents
      .filter(({ labels, deletionTimestamp }) => !deletionTimestamp && !names.has(labels?.[GROUP]))
      .map(({ name, labels }) => `${name} of ${labels?.[GROUP]}`),
  ];
}
