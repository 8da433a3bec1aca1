import type { KubeConfig } from "@kubernetes/client-node";
import { ConfigurationError, type Json } from "@gennaker/core/ports";
import type { KubernetesApi } from "./api/port.ts";
import { clusterNameProblem, isClusterName } from "./cluster-name.ts";
import { serviceSelector } from "./traffic/service-selector.ts";
import type { Traffic } from "./traffic/traffic.ts";

/** Settings of one cluster. */
export interface KubernetesClusterOptions {
  /** How its groups get traffic. Default: that of the provider. */
  readonly traffic?: Traffic;
  /**
   * Name of a HorizontalPodAutoscaler that follows the traffic: it scales the group with the largest share. Default: none;
   * an autoscaler that you point at one group yourself stays there.
   */
  readonly autoscaler?: string;
  /** A pod template for releases that name only images. Default: that of the group with the most traffic. */
  readonly template?: Json;
}

/** How to make a Kubernetes provider. Several of them are several Kubernetes clusters, namespaces or users. */
export interface KubernetesOptions {
  /** Where the groups are. Default `"default"`. */
  readonly namespace?: string;
  /** Context in the kubeconfig. Default: its current one. */
  readonly context?: string;
  /** Path of a kubeconfig. Default: as `kubectl` finds it, or the pod's service account inside a cluster. */
  readonly kubeconfig?: string;
  /** A configuration of `@kubernetes/client-node` that you made yourself. Instead of `kubeconfig` and `context`. */
  readonly config?: KubeConfig;
  /** A connection of your own. Instead of all of these. */
  readonly api?: KubernetesApi;
  /** Name of the provider, as clusters and events name it. Default `"kubernetes"`. */
  readonly name?: string;
  /** How groups get traffic. Default `serviceSelector()`: the Service with the cluster's name, all to one group. */
  readonly traffic?: Traffic;
  /** Settings by name of the cluster. Default: none. */
  readonly clusters?: { readonly [cluster: string]: KubernetesClusterOptions };
  /**
   * Whether nodes are added when pods find no place. Then pods without a node are waited for; else they make a rollout turn
   * back at once. Default false.
   */
  readonly nodesMayCome?: boolean;
  /** Milliseconds for one request. Default 10 000. */
  readonly requestTimeoutMs?: number;
  /** Milliseconds of silence after which a watch is opened anew. Default 90 000: the server speaks once a minute. */
  readonly watchIdleMs?: number;
}

/** Options with nothing left open. */
export interface Settled {
  readonly namespace: string;
  readonly name: string;
  readonly account: string;
  readonly traffic: Traffic;
  readonly clusters: NonNullable<KubernetesOptions["clusters"]>;
  readonly nodesMayCome: boolean;
  readonly requestTimeoutMs: number;
  readonly watchIdleMs: number;
}

const KNOWN: ReadonlySet<string> = new Set<keyof KubernetesOptions>([
  "namespace",
  "context",
  "kubeconfig",
  "config",
  "api",
  "name",
  "traffic",
  "clusters",
  "nodesMayCome",
  "requestTimeoutMs",
  "watchIdleMs",
]);

/** @throws ConfigurationError with all problems */
export function settle(options: KubernetesOptions): Settled {
  const problems = [...optionProblems(options)];
  if (problems.length > 0) throw new ConfigurationError("kubernetes()", problems);
  const { context, config, namespace = "default", name = "kubernetes", clusters = {} } = options;
  return {
    namespace,
    name,
    account: context ?? config?.getCurrentContext() ?? "default",
    traffic: options.traffic ?? serviceSelector(),
    clusters,
    nodesMayCome: options.nodesMayCome ?? false,
    requestTimeoutMs: options.requestTimeoutMs ?? 10_000,
    watchIdleMs: options.watchIdleMs ?? 90_000,
  };
}

function* optionProblems(options: KubernetesOptions): Iterable<string> {
  for (const option of Object.keys(options))
    if (!KNOWN.has(option)) yield `${option}: there is no such option`;
  const { namespace, name, clusters = {}, traffic = serviceSelector() } = options;
  if (namespace !== undefined && !/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(namespace))
    yield `namespace: ${JSON.stringify(namespace)} is no name of a namespace`;
  if (name !== undefined && !/^[a-z0-9][a-z0-9-]*$/.test(name))
    yield `name: ${JSON.stringify(name)} is no name (lower-case letters, digits and "-")`;
  if (options.config && (options.kubeconfig !== undefined || options.context !== undefined))
    yield "config: is instead of kubeconfig and context, not beside them";
  for (const option of ["requestTimeoutMs", "watchIdleMs"] as const) {
    const ms = options[option];
    if (ms !== undefined && !(Number.isFinite(ms) && ms > 0))
      yield `${option}: ${JSON.stringify(ms)} is not a number of milliseconds above 0`;
  }
  for (const [cluster, own] of Object.entries(clusters)) {
    if (!isClusterName(cluster)) yield `clusters: ${clusterNameProblem(cluster)}`;
    // What strategies can be used is read from the provider, for all of its clusters.
    if (own.traffic && own.traffic.mode !== traffic.mode)
      yield (
        `clusters.${cluster}.traffic: ${own.traffic.kind} is "${own.traffic.mode}" and the provider's ${traffic.kind} ` +
          `"${traffic.mode}": make a provider of its own for it, with another name`
      );
  }
}
