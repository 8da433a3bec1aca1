import type { Cluster, ClusterState } from "../model/cluster.ts";
import type { Json } from "../model/json.ts";
import type { TrafficMode } from "../model/phase.ts";

/** What a provider can do. Core asks this, never the provider's name. */
export interface Supports {
  readonly traffic: TrafficMode;
  /**
   * How `claim` makes older commands impossible: `"refuse"`, the world refuses commands of an older epoch;
   * `"drain"`, claim waits until every older call has ended.
   */
  readonly fencing: "refuse" | "drain";
  /** Whether a command's `condition` is checked at the instant it lands. Where not, a window stays open. */
  readonly conditions: boolean;
  /** Whether a second `createGroup` with one key is sure to find the first. Where not, core claims and looks before it repeats. */
  readonly createOnce: boolean;
  /** Whether `watch` tells of changes by itself. Where not, it fails with an `UnsupportedError`, and core polls `observe`. */
  readonly watch: boolean;
  /** Whether `preview` can open a door to one group, apart from the cluster's traffic. Default false. */
  readonly preview?: boolean;
}

/** Who speaks: identifies a command over crashes and repetitions. */
export interface Token {
  readonly run: string;
  /** From `claim`; commands of an older epoch must not land. */
  readonly epoch: number;
  /** One id for one command, the same when it is said again. */
  readonly command: string;
}

/**
 * What must hold in the world at the instant a command lands, by group name. A provider with
 * `supports.conditions` refuses the command otherwise (ProviderError, kind `conflict`) and changes nothing.
 */
export interface Condition {
  readonly [group: string]: {
    readonly healthyAtLeast?: number;
    readonly shareAtMost?: number;
    /** So that a scale-up never lands as a scale-down, because an autoscaler was quicker. */
    readonly desiredAtMost?: number;
  };
}

/** What each call takes besides its subject. */
export interface CallOptions {
  readonly signal?: AbortSignal;
}

/** A group to be made. Starts without traffic. */
export interface GroupSpec<Release = Json> {
  /** One key makes one group, however often it is asked for; it is found again in `ServerGroup.key`. */
  readonly key: string;
  readonly release: Release;
  /** How many instances, 0 or more. */
  readonly size: number;
}

/**
 * A place where server groups run. All commands are idempotent and resolve once accepted: an `observe` that starts
 * afterwards shows them (or says `stale`). Failures are `ProviderError`s with a kind. No call outlives its `signal`.
 */
export interface Provider<Release = Json> {
  /** Unique in one delivery; `Cluster.provider` names it. */
  readonly name: string;
  readonly supports: Supports;

  /** A cluster of this provider. Only a name: nothing is looked up or made. */
  cluster(name: string): Cluster<Release>;

  /** Problems of a release that can be seen without changing anything; empty when it can be deployed. */
  check(cluster: Cluster, release: Release, options?: CallOptions): Promise<readonly string[]>;

  /** The cluster now. One that never had a group is `{ groups: [], revision: 0 }`, not an error. */
  observe(cluster: Cluster, options?: CallOptions): Promise<ClusterState>;

  /** The cluster now and then at each change, in order of revision; ends when the signal aborts. */
  watch(cluster: Cluster, options?: CallOptions): AsyncIterable<ClusterState>;

  /**
   * Takes the cluster: resolves to an epoch above all earlier ones of this cluster. From then on no command with an
   * older epoch can land; one that tries is refused with kind `fenced`, and `claimedBy` names the claimant.
   */
  claim(cluster: Cluster, claimant: { readonly run: string }, options?: CallOptions): Promise<number>;

  /** Makes the next group of the cluster, without traffic; with a key that was used before, finds that group. */
  createGroup(
    cluster: Cluster,
    spec: GroupSpec<Release>,
    token: Token,
    options?: CallOptions,
  ): Promise<{ readonly group: string }>;

  /** Sets how many instances a group is to have. Fails with `not-found` when there is no such group. */
  scaleGroup(
    cluster: Cluster,
    change: { readonly group: string; readonly size: number; readonly condition?: Condition },
    token: Token,
    options?: CallOptions,
  ): Promise<void>;

  /** Sets the shares of all groups at once; a group that is not named gets 0. They sum to 100, or nobody is named. */
  setTraffic(
    cluster: Cluster,
    change: { readonly shares: Readonly<Record<string, number>>; readonly condition?: Condition },
    token: Token,
    options?: CallOptions,
  ): Promise<void>;

  /** Ends a group and its instances, after draining. One that does not exist is a success. */
  destroyGroup(
    cluster: Cluster,
    change: { readonly group: string; readonly condition?: Condition },
    token: Token,
    options?: CallOptions,
  ): Promise<void>;

  /**
   * Opens a door to one group, whatever its share of the traffic, and tells where: what goes in there reaches this group
   * alone, and the cluster's traffic does not change. The door closes with the group; asked again, it is the same one.
   * Only where `supports.preview`. Fails with `not-found` when there is no such group.
   */
  preview?(cluster: Cluster, group: string, options?: CallOptions): Promise<{ readonly address: string }>;

  /** Lets go of connections. Groups and traffic stay. */
  close(): Promise<void>;
}
