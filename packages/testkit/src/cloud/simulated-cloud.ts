import type { Clock, Cluster, ClusterState, Json, Provider, Supports } from "@gennaker/core/ports";
import type { Behaviour } from "./behaviour.ts";
import type { CallFault, Faults, Operation } from "./faults.ts";
import type { Landing } from "./landing.ts";
import type { Fate } from "./line.ts";
import type { Span } from "./random.ts";

/** A cloud to be simulated. */
export interface CloudOptions {
  /** A virtual clock, for tests that do not wait. */
  readonly clock: Clock;
  /** The same seed and the same calls make the same story. Default 1. */
  readonly seed?: number;
  /** What goes wrong by itself. Default: nothing. */
  readonly faults?: Faults;
  /** Milliseconds that a call travels, one way. Default 5–40. */
  readonly latencyMs?: Span;
  /** Milliseconds until a caller is told that a call was lost. Default 10 s. */
  readonly timeoutMs?: number;
  /** Milliseconds that a late command lands after its caller was told that it is lost. Default 1–120 s. */
  readonly lateMs?: Span;
}

/** How a provider of a simulated cloud is, and what it can do. The last one made for a name and account counts. */
export interface CloudProviderOptions extends Partial<Supports> {
  /** Default `"simulated"`. */
  readonly name?: string;
  /** Default `"account"`. */
  readonly account?: string;
}

/** A group that is there before the story begins: all its instances are healthy, unless it says otherwise. */
export interface SeedGroup {
  readonly size: number;
  /** Default 0. Given as it is, without a check. */
  readonly share?: number;
  /** Default: the next one. */
  readonly sequence?: number;
  /** Default: all. */
  readonly healthy?: number;
  /** Default null. */
  readonly release?: Json;
  readonly key?: string;
}

/** Something changed in a cloud: a command landed, or the world moved by itself. */
export interface CloudChange {
  readonly cluster: Cluster;
  readonly landing?: Landing;
}

/** A cloud in virtual time. All of its levers act at once. */
export interface SimulatedCloud {
  /**
   * A fresh connection. Calls of an earlier one go on until they land: a crash of the program that embeds the engine
   * is to drop its provider, or to `crash` it.
   */
  provider<Release = Json>(options?: CloudProviderOptions): Provider<Release>;
  /** Tells how releases behave, from now on. Default: `{}` for all. */
  behaviour(of: (release: Json) => Behaviour): void;
  /** Starts from groups that are there already; their names. */
  seed(cluster: Cluster, groups: readonly SeedGroup[]): readonly string[];
  /** The truth; never stale. */
  world(cluster: Cluster): ClusterState;
  /** What the cluster's provider can do, as declared by its last connection. */
  supports(cluster: Cluster): Supports;
  /** Every command that landed, oldest first. */
  readonly history: readonly Landing[];
  /** Calls back after each change; returns how to stop. */
  onChange(listener: (change: CloudChange) => void): () => void;
  /** So many healthy instances die and are started again. Default: all. */
  kill(cluster: Cluster, group: string, count?: number): void;
  /** So many healthy instances become unhealthy, until healed. Default: all. */
  sicken(cluster: Cluster, group: string, count?: number): void;
  /** So many healthy instances are out of sight, until healed. Default: all. */
  lose(cluster: Cluster, group: string, count?: number): void;
  /** All instances of a group are healthy at once, and what made it sick is gone. */
  heal(cluster: Cluster, group: string): void;
  /** Somebody else, an autoscaler or a person, sets a group's size. */
  scaleExternally(cluster: Cluster, group: string, size: number): void;
  /** The next call of an operation goes wrong in this way; several add up. `times`: so many in a row, default 1. */
  failNext(operation: Operation | "any", fault: CallFault, times?: number): void;
  /** Cuts the cloud off: calls are lost, watches are silent. */
  partition(): void;
  /** The cloud can be reached again. */
  restore(): void;
  /** Nothing goes wrong by itself any more, and planned faults are forgotten. Sick releases stay sick. */
  calm(): void;
  /**
   * The program behind a provider of this cloud dies: its calls that are on their way land late, never or on time
   * (default: by seed, each for itself), and no promise of it ever settles.
   */
  crash(provider: object, fate?: Fate): void;
}
