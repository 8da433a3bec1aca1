import {
  type CallOptions,
  type Cluster,
  type ClusterState,
  ConfigurationError,
  type GroupSpec,
  type Provider,
  ProviderError,
  type Supports,
  type Token,
} from "@gennaker/core/ports";
import { needsOf } from "./access/needs.ts";
import { Permissions } from "./access/missing.ts";
import { preflight } from "./access/preflight.ts";
import { type Role, roleOf, roleText } from "./access/role.ts";
import { type Adopted, type AdoptOptions, adopt } from "./adopt/adopt.ts";
import { type Call, Calls } from "./api/calls.ts";
import { connection } from "./api/connection.ts";
import { told } from "./api/failure.ts";
import type { KubernetesApi } from "./api/port.ts";
import { type RequestCount, RequestCounts } from "./api/request-counts.ts";
import { clusterNameProblem, isClusterName } from "./cluster-name.ts";
import { claim } from "./commands/claim.ts";
import { createGroup } from "./commands/create-group.ts";
import { destroyGroup } from "./commands/destroy-group.ts";
import { LastRecord } from "./commands/last-record.ts";
import { scaleGroup } from "./commands/scale-group.ts";
import { setTraffic } from "./commands/set-traffic.ts";
import type { Ground } from "./ground.ts";
import { type KubernetesOptions, settle, type Settled } from "./options.ts";
import type { KubernetesRelease } from "./release.ts";
import { ClusterView } from "./watch/cluster-view.ts";
import { lookOnce, SharedWatch } from "./watch/shared-watch.ts";

/** A provider of server groups in a Kubernetes namespace, and what only this one can tell. */
export interface KubernetesProvider extends Provider<KubernetesRelease> {
  cluster(name: string): Cluster<KubernetesRelease>;
  /** How many requests were sent since the provider was made, by verb, resource and code. */
  requests(): readonly RequestCount[];
  /** The smallest Role that a cluster needs, to grant or to read: `text` is YAML for `kubectl apply -f -`. */
  role(cluster: Cluster, release?: KubernetesRelease): { readonly role: Role; readonly text: string };
  /**
   * Takes over a running Deployment and what routes to it, without a pod being restarted: its ReplicaSets become groups,
   * the Deployment goes. May be said again after a crash.
   */
  adopt(cluster: Cluster, what: AdoptOptions, options?: CallOptions): Promise<Adopted>;
}

/**
 * Server groups in a Kubernetes namespace: each is a ReplicaSet, `shop-api-v003`.
 *
 * @throws ConfigurationError with all problems of the options. Problems of the connection come with the first call.
 * @example
 * const prod = kubernetes({ context: "prod", namespace: "shop" });
 * const api = prod.cluster("shop-api");
 */
export function kubernetes(options: KubernetesOptions = {}): KubernetesProvider {
  const settled = settle(options);
  return new Kubernetes(settled, options.api ?? connection(options));
}

interface Place {
  readonly ground: Ground;
  readonly view: ClusterView;
  readonly watch: SharedWatch;
}

const WATCH_SECONDS = 300;

class Kubernetes implements KubernetesProvider {
  readonly name: string;
  readonly supports: Supports;
  readonly #settled: Settled;
  readonly #api: KubernetesApi;
  readonly #counts = new RequestCounts();
  readonly #calls: Calls;
  readonly #permissions: Permissions;
  readonly #places = new Map<string, Place>();
  readonly #watches = new Set<AbortController>();

  constructor(settled: Settled, api: KubernetesApi) {
    this.name = settled.name;
    this.supports = {
      traffic: settled.traffic.mode,
      fencing: "refuse",
      conditions: true,
      createOnce: true,
      watch: true,
    };
    this.#settled = settled;
    this.#api = api;
    this.#calls = new Calls(api, this.#counts, settled.namespace, settled.requestTimeoutMs);
    this.#permissions = new Permissions(this.#calls);
  }

  cluster(name: string): Cluster<KubernetesRelease> {
    if (!isClusterName(name))
      throw new ConfigurationError(`provider ${this.name}`, [clusterNameProblem(name)]);
    const { account, namespace } = this.#settled;
    return { provider: this.name, account, location: namespace, name };
  }

  requests(): readonly RequestCount[] {
    return this.#counts.all();
  }

  role(cluster: Cluster, release?: KubernetesRelease): { readonly role: Role; readonly text: string } {
    const { ground } = this.#place(cluster, "role");
    const role = roleOf(`gennaker-${cluster.name}`, this.#settled.namespace, needsOf(ground, release));
    return { role, text: roleText(role) };
  }

  check(cluster: Cluster, release: KubernetesRelease, options?: CallOptions): Promise<readonly string[]> {
    return this.#run(cluster, "check", options, ({ ground }, call) =>
      preflight(ground, this.#permissions, release, call),
    );
  }

  observe(cluster: Cluster, options?: CallOptions): Promise<ClusterState> {
    return this.#run(
      cluster,
      "observe",
      options,
      async ({ ground, view, watch }, call) =>
        (await watch.stateIfFresh(call.signal)) ?? lookOnce(ground, view, call),
    );
  }

  async *watch(cluster: Cluster, { signal }: CallOptions = {}): AsyncGenerator<ClusterState> {
    const { watch } = this.#place(cluster, "watch");
    const closing = new AbortController();
    const close = (): void => closing.abort();
    if (signal?.aborted) return;
    signal?.addEventListener("abort", close, { once: true });
    this.#watches.add(closing);
    try {
      yield* watch.states(closing.signal);
    } catch (error) {
      throw this.#mapped(error, cluster, "watch", cluster.name, false);
    } finally {
      signal?.removeEventListener("abort", close);
      this.#watches.delete(closing);
    }
  }

  claim(cluster: Cluster, { run }: { readonly run: string }, options?: CallOptions): Promise<number> {
    return this.#run(cluster, "claim", options, async ({ ground, view }, call) => {
      const { epoch, marksAll } = await claim(ground, run, call);
      // Others may have written before it. A watch that tells of all marks has told of that.
      if (!marksAll) view.distrust();
      return epoch;
    });
  }

  createGroup(
    cluster: Cluster,
    spec: GroupSpec<KubernetesRelease>,
    token: Token,
    options?: CallOptions,
  ): Promise<{ readonly group: string }> {
    return this.#run(cluster, "create", options, async ({ ground }, call) => ({
      group: await createGroup(ground, spec, token, call),
    }));
  }

  scaleGroup(
    cluster: Cluster,
    change: Parameters<Provider["scaleGroup"]>[1],
    token: Token,
    options?: CallOptions,
  ): Promise<void> {
    return this.#run(
      cluster,
      "scale",
      options,
      ({ ground }, call) => scaleGroup(ground, change, token, call),
      change.group,
    );
  }

  setTraffic(
    cluster: Cluster,
    change: Parameters<Provider["setTraffic"]>[1],
    token: Token,
    options?: CallOptions,
  ): Promise<void> {
    return this.#run(cluster, "traffic", options, ({ ground, view, watch }, call) =>
      setTraffic(ground, change, token, call, {
        weights: view.toldTraffic,
        tell: (weights) => (view.toldTraffic = weights),
        pods: watch.isLive ? view.pods.all : [],
      }),
    );
  }

  destroyGroup(
    cluster: Cluster,
    change: Parameters<Provider["destroyGroup"]>[1],
    token: Token,
    options?: CallOptions,
  ): Promise<void> {
    return this.#run(
      cluster,
      "destroy",
      options,
      async ({ ground, view }, call) => {
        const uid = await destroyGroup(ground, change, token, call);
        // A delete does not say its version.
        if (uid === undefined) view.distrust();
        else view.expectGone(uid);
      },
      change.group,
    );
  }

  adopt(cluster: Cluster, what: AdoptOptions, options?: CallOptions): Promise<Adopted> {
    return this.#run(cluster, "adopt", options, ({ ground }, call) => adopt(ground, what, call));
  }

  async close(): Promise<void> {
    for (const watch of this.#watches) watch.abort();
    await this.#api.close?.();
  }

  // ---

  async #run<T>(
    cluster: Cluster,
    operation: string,
    { signal }: CallOptions = {},
    work: (place: Place, call: Call) => Promise<T>,
    resource: string = cluster.name,
  ): Promise<T> {
    signal?.throwIfAborted();
    const place = this.#place(cluster, operation);
    const call: Call = { signal, wrote: false, versions: new Map() };
    try {
      const result = await work(place, call);
      place.view.expect(call.versions ?? new Map());
      // What was stopped on its way is not told as done.
      signal?.throwIfAborted();
      return result;
    } catch (error) {
      place.view.distrust();
      signal?.throwIfAborted();
      throw this.#mapped(error, cluster, operation, resource, call.wrote);
    }
  }

  #mapped(error: unknown, { name }: Cluster, operation: string, resource: string, wrote: boolean): unknown {
    const facts = told(error, wrote);
    if (!facts) return error;
    const { namespace } = this.#settled;
    const at = resource === name ? `${namespace}/${name}` : `${namespace}/${resource}`;
    return new ProviderError({ provider: this.name, operation, resource: at, ...facts }, { cause: error });
  }

  #place(cluster: Cluster, operation: string): Place {
    this.#requireOurs(cluster, operation);
    const known = this.#places.get(cluster.name);
    if (known) return known;
    const { clusters, traffic, nodesMayCome, watchIdleMs } = this.#settled;
    const own = clusters[cluster.name] ?? {};
    const ground: Ground = {
      calls: this.#calls,
      lastRecord: new LastRecord(),
      cluster: cluster.name,
      traffic: own.traffic ?? traffic,
      nodesMayCome,
      autoscaler: own.autoscaler,
      template: own.template,
    };
    const view = new ClusterView(ground);
    const watch = new SharedWatch(ground, view, { idleMs: watchIdleMs, lastsSeconds: WATCH_SECONDS });
    const place = { ground, view, watch };
    this.#places.set(cluster.name, place);
    return place;
  }

  #requireOurs(cluster: Cluster, operation: string): void {
    const { account, namespace } = this.#settled;
    const ours =
      cluster.provider === this.name && cluster.account === account && cluster.location === namespace;
    if (ours && isClusterName(cluster.name)) return;
    const mine = `provider ${this.name}, account ${account}, namespace ${namespace}`;
    const its = `provider ${cluster.provider}, account ${cluster.account}, namespace ${cluster.location}`;
    throw new ProviderError({
      provider: this.name,
      operation,
      resource: cluster.name,
      kind: "invalid",
      message: ours ? clusterNameProblem(cluster.name) : `this cluster is of ${its}; this is ${mine}`,
    });
  }
}
