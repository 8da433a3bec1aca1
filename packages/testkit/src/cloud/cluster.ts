import {
  type Cluster,
  clusterId,
  type ClusterState,
  type Json,
  type Supports,
  type TrafficMode,
} from "@gennaker/core/ports";
import type { Behaviour } from "./behaviour.ts";
import { Group } from "./group.ts";
import type { Nature } from "./nature.ts";
import { sharesOf } from "./shares.ts";

const REMEMBERED = 8;

/** The truth about one cluster. */
export class SimulatedCluster {
  readonly cluster: Cluster;
  readonly id: string;
  readonly nature: Nature;
  readonly groups: Map<string, Group> = new Map();
  /** Which group each key made, for ever. */
  readonly made: Map<string, string> = new Map();
  /** Epochs of commands that are on their way. */
  readonly flights: Set<{ readonly epoch: number }> = new Set();
  readonly drains: Set<{ readonly epoch: number; readonly drained: () => void }> = new Set();
  readonly watchers: Set<() => void> = new Set();
  supports: Supports;
  epoch = 0;
  claimedBy = "";
  revision = 0;
  sequence = 0;
  #state: ClusterState | undefined;
  readonly #past: ClusterState[] = [];
  readonly #changed: (cluster: SimulatedCluster) => void;

  constructor(
    cluster: Cluster,
    supports: Supports,
    nature: Nature,
    changed: (cluster: SimulatedCluster) => void,
  ) {
    this.cluster = cluster;
    this.id = clusterId(cluster);
    this.supports = supports;
    this.nature = nature;
    this.#changed = changed;
  }

  get traffic(): TrafficMode {
    return this.supports.traffic;
  }

  /** As it is now; the same value until something changes. */
  state(): ClusterState {
    if (this.#state) return this.#state;
    const groups = [...this.groups.values()];
    const shares = sharesOf(groups, this.traffic);
    this.#state = {
      groups: groups.map((group, index) => group.view(shares[index]!)),
      revision: this.revision,
    };
    this.#past.push(this.#state);
    if (this.#past.length > REMEMBERED) this.#past.shift();
    return this.#state;
  }

  /** As it was once, when anybody looked. */
  stale(): ClusterState {
    const now = this.state();
    const past = this.#past.filter((state) => state !== now);
    return { ...(past.length > 0 ? this.nature.random.pick(past) : now), stale: true };
  }

  /** To be called after every change. */
  touch(): void {
    this.revision++;
    this.#state = undefined;
    this.#changed(this);
    for (const wake of this.watchers) wake();
  }

  /** The next group, empty and without traffic. */
  add(release: Json, behaviour: Behaviour, key?: string): Group {
    const sequence = ++this.sequence;
    const name = `${this.cluster.name}-v${String(sequence).padStart(3, "0")}`;
    const group = new Group({ name, sequence, key, release, behaviour }, this.nature, () => this.touch());
    this.groups.set(name, group);
    if (key !== undefined) this.made.set(key, name);
    return group;
  }

  /** A command is no longer on its way: a claim may have waited for that. */
  over(flight: { readonly epoch: number }): void {
    this.flights.delete(flight);
    for (const drain of this.drains) this.#tryDrain(drain);
  }

  /** Calls back when no command older than an epoch is on its way. */
  whenDrained(epoch: number, drained: () => void): void {
    const drain = { epoch, drained };
    this.drains.add(drain);
    this.#tryDrain(drain);
  }

  #tryDrain(drain: { readonly epoch: number; readonly drained: () => void }): void {
    for (const flight of this.flights) if (flight.epoch < drain.epoch) return;
    this.drains.delete(drain);
    drain.drained();
  }
}
