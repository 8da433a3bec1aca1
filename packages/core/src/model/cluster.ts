import type { Json } from "./json.ts";

declare const releaseType: unique symbol;

/**
 * All versions of one thing in one place. `name` is `app[-stack][-detail]`.
 * Made by a provider (`kubernetes({...}).cluster("shop-api")`); plain JSON, so that it can be recorded.
 */
export interface Cluster<Release = Json> {
  /** Name of the provider, as given to `createDelivery`. */
  readonly provider: string;
  /** Whose: a cloud account, a kube context; for provider-local its directory. */
  readonly account: string;
  /** Where: a region, a zone, a namespace. */
  readonly location: string;
  readonly name: string;
  /** Only a type: what this cluster's groups can run. Never present at run time. */
  readonly [releaseType]?: Release;
}

/** One text for one cluster: the key of its lock, and how messages name it. */
export function clusterId(cluster: Cluster<unknown>): string {
  return `${cluster.provider}:${cluster.account}/${cluster.location}/${cluster.name}`;
}

/** The application that a cluster belongs to: its name up to the first dash. */
export function applicationOf({ name }: Pick<Cluster<unknown>, "name">): string {
  return name.split("-", 1)[0] ?? name;
}

/** Why instances of a group are not healthy. */
export interface GroupProblem {
  /** For people, with numbers: `"GET /healthz answered 500, 3 of 3 instances"`. */
  readonly message: string;
  /** Waiting longer cannot help (image missing, command does not exist): a rollout turns back at once. */
  readonly fatal: boolean;
}

/** An immutable, versioned set of identical instances in a cluster, as a provider observed it. */
export interface ServerGroup {
  /** Name in the cluster: `shop-api-v003`. */
  readonly name: string;
  /** The 3 in `v003`; newer groups have larger ones. */
  readonly sequence: number;
  /** How many instances it is asked to have. */
  readonly desired: number;
  readonly healthy: number;
  readonly starting: number;
  readonly unhealthy: number;
  readonly unknown: number;
  /** 0–100 of the cluster's traffic. 0 means disabled; there is no second notion. */
  readonly share: number;
  /** The key that `createGroup` was given; how a rollout finds its own group again after a crash. */
  readonly key?: string;
  /** What it runs, when the provider can tell: whole, so that another group of it can be made (undo, baseline). */
  readonly release?: Json;
  readonly problem?: GroupProblem;
}

/** A cluster at one moment. */
export interface ClusterState {
  /** In any order. */
  readonly groups: readonly ServerGroup[];
  /** Grows with every change; comparable only within one provider value and cluster. */
  readonly revision: number;
  /** True when this may be older than an acknowledged command: a rollout does not act on it. */
  readonly stale?: boolean;
}
