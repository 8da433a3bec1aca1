import {
  kubernetes,
  type KubernetesOptions,
  type KubernetesProvider,
  type KubernetesRelease,
} from "@gennaker/provider-kubernetes";
import type { Bed } from "../beds/kubernetes/index.ts";
import { containerOf } from "./container.ts";
import { type Kind, kindOf } from "./kinds.ts";

/** A namespace with what a cluster needs before its first group. */
export interface Place {
  readonly namespace: string;
  readonly cluster: string;
  /** A provider of its own; another connection each time. */
  provider(options?: KubernetesOptions): KubernetesProvider;
}

/** The release of a version, such as `shop:2`. */
export function release(version: string, more: Partial<KubernetesRelease> = {}): KubernetesRelease {
  const containers = [containerOf(version)];
  return { template: { metadata: { labels: { app: "shop" } }, spec: { containers } }, ...more };
}

/** A new namespace with the router of a kind of traffic in it. */
export async function openPlace(bed: Bed, kind: Kind, cluster: string = "shop"): Promise<Place> {
  const namespace = await bed.namespace("e2e");
  const { traffic, objects } = kindOf(kind);
  await bed.apply(...objects(cluster, namespace));
  return {
    namespace,
    cluster,
    provider: (options = {}) => kubernetes({ namespace, config: bed.admin.config, traffic, ...options }),
  };
}
