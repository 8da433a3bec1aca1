import { resolve } from "node:path";
import {
  type CallOptions,
  type Cluster,
  type ClusterState,
  ConfigurationError,
  type GroupSpec,
  type Provider,
  ProviderError,
  type Token,
} from "@gennaker/core/ports";
import { Calls } from "./client/calls.ts";
import { instanceEnvironment } from "./client/environment.ts";
import { NoAnswer } from "./client/exchange.ts";
import { portProblems, urlOf } from "./client/port.ts";
import { SupervisorLink } from "./client/supervisor-link.ts";
import { surroundingProblems } from "./client/surroundings.ts";
import { watchStates } from "./client/watch.ts";
import { clusterNameProblem, isClusterName } from "./cluster-name.ts";
import { type LocalOptions, settle, type Settled } from "./options.ts";
import { directoryProblems } from "./owned-directory.ts";
import type { LocalRelease } from "./release.ts";
import { releaseProblems } from "./release-problems.ts";
import type { ClusterTraffic } from "./supervisor/balancer.ts";
import type { Listen } from "./supervisor/record.ts";

/** A provider of server groups on this machine, and what only this one can tell. */
export interface LocalProvider extends Provider<LocalRelease> {
  /**
   * Opens a door to one group alone, on this machine's loopback, and tells where: `"http://127.0.0.1:4322"`. It stays
   * open as long as the group and the supervisor live.
   */
  preview(cluster: Cluster, group: string, options?: CallOptions): Promise<{ readonly address: string }>;
  /** Where the cluster's balancer listens, opening it if need be: `"http://127.0.0.1:4321"`. The port stays. */
  address(cluster: Cluster, options?: CallOptions): Promise<string>;
  /** What the cluster's balancer counted since the supervisor started. */
  stats(cluster: Cluster, options?: CallOptions): Promise<ClusterTraffic>;
  /** Ends every group of every cluster in the directory, after draining, and then the supervisor. */
  shutdown(options?: CallOptions): Promise<void>;
}

/**
 * Server groups of real processes behind a real HTTP load balancer on this machine. A supervisor runs them: a process
 * of its own, started by the first call, that goes on when this program ends.
 *
 * @throws ConfigurationError with all problems of the options. Problems of the directory come with the first call.
 * @example
 * const machine = local({ clusters: { "shop-api": { port: 8080 } } });
 * const api = machine.cluster("shop-api");
 */
export function local(options: LocalOptions = {}): LocalProvider {
  const settled = settle(options);
  return new Local(settled, new SupervisorLink(settled.directory));
}

class Local implements LocalProvider {
  readonly name: string;
  readonly supports = {
    traffic: "weighted",
    fencing: "refuse",
    conditions: true,
    createOnce: true,
    watch: true,
    preview: true,
  } as const;
  readonly #settled: Settled;
  readonly #link: SupervisorLink;
  readonly #calls: Calls;
  readonly #watches = new Set<AbortController>();

  constructor(settled: Settled, link: SupervisorLink) {
    this.name = settled.name;
    this.#settled = settled;
    this.#link = link;
    this.#calls = new Calls(settled.name, link);
  }

  cluster(name: string): Cluster<LocalRelease> {
    if (!isClusterName(name))
      throw new ConfigurationError(`provider ${this.name}`, [clusterNameProblem(name)]);
    return { provider: this.name, account: this.#settled.directory, location: "localhost", name };
  }

  async check(
    cluster: Cluster,
    release: LocalRelease,
    options: CallOptions = {},
  ): Promise<readonly string[]> {
    options.signal?.throwIfAborted();
    this.#requireOurs(cluster, "check");
    const looks = releaseProblems(release);
    return [
      ...looks,
      ...(looks.length === 0 ? surroundingProblems(release, process.env) : []),
      ...directoryProblems(this.#link.directory),
      ...(await this.#portProblems(cluster, options)),
    ];
  }

  async observe(cluster: Cluster, options?: CallOptions): Promise<ClusterState> {
    return this.#ask(cluster, "observe", {}, options);
  }

  async *watch(cluster: Cluster, { signal }: CallOptions = {}): AsyncGenerator<ClusterState> {
    this.#requireOurs(cluster, "watch");
    const closing = new AbortController();
    this.#watches.add(closing);
    const ends = signal ? AbortSignal.any([signal, closing.signal]) : closing.signal;
    try {
      yield* watchStates(this.#link, cluster.name, ends, (text) =>
        this.#calls.refusal(cluster.name, "watch", text),
      );
    } catch (error) {
      throw error instanceof NoAnswer ? this.#calls.unavailable(cluster.name, "watch", error) : error;
    } finally {
      this.#watches.delete(closing);
      closing.abort();
    }
  }

  async claim(cluster: Cluster, claimant: { readonly run: string }, options?: CallOptions): Promise<number> {
    return (await this.#ask<{ epoch: number }>(cluster, "claim", claimant, options)).epoch;
  }

  async createGroup(
    cluster: Cluster,
    { key, size, release }: GroupSpec<LocalRelease>,
    token: Token,
    options?: CallOptions,
  ): Promise<{ readonly group: string }> {
    const problems = releaseProblems(release);
    if (problems.length > 0) throw this.#invalid(cluster, "create", problems);
    const place = { cwd: resolve(release.cwd ?? "."), ...instanceEnvironment(release, process.env) };
    const absent = place.secret.filter((name) => place.env[name] === undefined);
    if (absent.length > 0)
      throw this.#invalid(cluster, "create", [
        `passEnv: not set in the environment of this program: ${absent.join(", ")}`,
      ]);
    const body = { key, size, release, ...place, token, listen: this.#listen(cluster) };
    return this.#ask(cluster, "create", body, options);
  }

  async scaleGroup(
    cluster: Cluster,
    change: Parameters<Provider["scaleGroup"]>[1],
    token: Token,
    options?: CallOptions,
  ): Promise<void> {
    await this.#ask(cluster, "scale", { change, token }, options);
  }

  async setTraffic(
    cluster: Cluster,
    change: Parameters<Provider["setTraffic"]>[1],
    token: Token,
    options?: CallOptions,
  ): Promise<void> {
    await this.#ask(cluster, "traffic", { change, token }, options);
  }

  async destroyGroup(
    cluster: Cluster,
    change: Parameters<Provider["destroyGroup"]>[1],
    token: Token,
    options?: CallOptions,
  ): Promise<void> {
    await this.#ask(cluster, "destroy", { change, token }, options);
  }

  async preview(
    cluster: Cluster,
    group: string,
    options?: CallOptions,
  ): Promise<{ readonly address: string }> {
    return { address: urlOf(await this.#ask<Listen>(cluster, "preview", { group }, options)) };
  }

  async close(): Promise<void> {
    for (const watch of this.#watches) watch.abort();
  }

  async address(cluster: Cluster, options?: CallOptions): Promise<string> {
    const body = { listen: this.#listen(cluster) };
    return urlOf(await this.#ask<Listen>(cluster, "address", body, options));
  }

  async stats(cluster: Cluster, options?: CallOptions): Promise<ClusterTraffic> {
    return this.#ask(cluster, "stats", {}, options);
  }

  async shutdown(options?: CallOptions): Promise<void> {
    if (this.#link.known) await this.#calls.shutdown(options);
  }

  // ---

  async #ask<T>(cluster: Cluster, operation: string, body: object, options?: CallOptions): Promise<T> {
    this.#requireOurs(cluster, operation);
    return this.#calls.ask<T>(cluster, operation, body, options);
  }

  #listen(cluster: Cluster): Listen {
    return { host: this.#settled.host, port: this.#settled.clusters[cluster.name]?.port ?? 0 };
  }

  /** Asking must not start a supervisor, so only one that was here before is asked for its port. */
  #portProblems(cluster: Cluster, options: CallOptions): Promise<readonly string[]> {
    return portProblems(cluster.name, this.#listen(cluster), async () =>
      this.#link.isRunning
        ? (await this.#ask<Partial<Listen>>(cluster, "listening", {}, options)).port
        : undefined,
    );
  }

  #requireOurs(cluster: Cluster, operation: string): void {
    const ours = cluster.provider === this.name && cluster.account === this.#settled.directory;
    if (ours && isClusterName(cluster.name)) return;
    const mine = `provider ${this.name}, directory ${this.#settled.directory}`;
    const its = `provider ${cluster.provider}, directory ${cluster.account}`;
    throw this.#invalid(cluster, operation, [
      ours ? clusterNameProblem(cluster.name) : `this cluster is of ${its}; this is ${mine}`,
    ]);
  }

  #invalid(cluster: Cluster, operation: string, problems: readonly string[]): ProviderError {
    const message = problems.join("; ");
    return new ProviderError({
      provider: this.name,
      operation,
      resource: cluster.name,
      kind: "invalid",
      message,
    });
  }
}
