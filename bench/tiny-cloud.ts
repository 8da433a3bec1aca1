import type { Cluster, Provider } from "@gennaker/core";
import type { ClusterState, ServerGroup } from "@gennaker/core/ports";

/** A cloud in memory that obeys at once, and whose instances become healthy when they are told to. */
export interface TinyCloud extends Provider {
  /** All instances of a group are healthy from now on; whoever watches hears of it. */
  heal(cluster: string): void;
  /** Resolves when a group of this cluster has been made, and with the time of the next change of traffic. */
  made(cluster: string): Promise<void>;
  shifted(cluster: string): Promise<number>;
}

interface TinyCluster {
  state: ClusterState;
  readonly watchers: Set<() => void>;
  readonly made: PromiseWithResolvers<void>;
  readonly shifted: PromiseWithResolvers<number>;
}

/** Makes one. Each cluster begins with one serving group of 3. */
export function tinyCloud(): TinyCloud {
  const clusters = new Map<string, TinyCluster>();
  let epoch = 0;
  const find = (name: string): TinyCluster => {
    const known = clusters.get(name);
    if (known) return known;
    const made = newCluster(name);
    clusters.set(name, made);
    return made;
  };
  const change = (
    { name }: { readonly name: string },
    groups: (old: readonly ServerGroup[]) => ServerGroup[],
  ): void => {
    const cluster = find(name);
    cluster.state = { groups: groups(cluster.state.groups), revision: cluster.state.revision + 1 };
    for (const wake of cluster.watchers) wake();
  };
  return {
    name: "tiny",
    supports: { traffic: "weighted", fencing: "refuse", conditions: true, createOnce: true, watch: true },
    cluster: (name) => ({ provider: "tiny", account: "bench", location: "here", name }),
    check: async () => [],
    observe: async ({ name }) => find(name).state,
    watch: ({ name }, options) => follow(find(name), options?.signal),
    claim: async () => (epoch += 1),
    async createGroup(cluster, { key, size }) {
      const group = `${cluster.name}-v002`;
      change(cluster, (old) => [...old, newGroup(group, 2, { key, desired: size, starting: size })]);
      find(cluster.name).made.resolve();
      return { group };
    },
    async scaleGroup(cluster, { group, size }) {
      change(cluster, (old) =>
        old.map((one) =>
          one.name === group ? newGroup(group, one.sequence, { desired: size, healthy: size }) : one,
        ),
      );
    },
    async setTraffic(cluster, { shares }) {
      find(cluster.name).shifted.resolve(performance.now());
      change(cluster, (old) => old.map((one) => Object.assign({}, one, { share: shares[one.name] ?? 0 })));
    },
    async destroyGroup(cluster, { group }) {
      change(cluster, (old) => old.filter(({ name }) => name !== group));
    },
    close: async () => {},
    heal(name) {
      change({ name }, (old) =>
        old.map((one) => Object.assign({}, one, { healthy: one.desired, starting: 0 })),
      );
    },
    made: (name) => find(name).made.promise,
    shifted: (name) => find(name).shifted.promise,
  };
}

async function* follow(cluster: TinyCluster, signal?: AbortSignal): AsyncGenerator<ClusterState> {
  let seen = -1;
  while (!signal?.aborted) {
    const next = Promise.withResolvers<void>();
    const wake = (): void => next.resolve();
    cluster.watchers.add(wake);
    signal?.addEventListener("abort", wake, { once: true });
    if (cluster.state.revision > seen) {
      seen = cluster.state.revision;
      yield cluster.state;
    } else await next.promise;
    cluster.watchers.delete(wake);
    signal?.removeEventListener("abort", wake);
  }
}

function newCluster(name: Cluster["name"]): TinyCluster {
  const stable = newGroup(`${name}-v001`, 1, { desired: 3, healthy: 3, share: 100 });
  return {
    state: { groups: [stable], revision: 1 },
    watchers: new Set(),
    made: Promise.withResolvers<void>(),
    shifted: Promise.withResolvers<number>(),
  };
}

function newGroup(name: string, sequence: number, more: Partial<ServerGroup>): ServerGroup {
  return { name, sequence, desired: 0, healthy: 0, starting: 0, unhealthy: 0, unknown: 0, share: 0, ...more };
}
