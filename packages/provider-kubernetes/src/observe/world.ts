import type { KubernetesObject, Pod, PodEvent, ReplicaSet } from "../objects/objects.ts";

/** Everything of a cluster, as the API server told it. */
export interface World {
  readonly sets: readonly ReplicaSet[];
  readonly pods: readonly Pod[];
  /** Objects that route traffic, by `Kind name`. */
  readonly routes: ReadonlyMap<string, KubernetesObject>;
  /** Warnings about pods; empty unless the cluster is watched. */
  readonly events: readonly PodEvent[];
}
