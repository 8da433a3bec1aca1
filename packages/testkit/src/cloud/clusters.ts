import { type Cluster, clusterId, type Json, type Supports } from "@gennaker/core/ports";
import type { Behaviour } from "./behaviour.ts";
import { SimulatedCluster } from "./cluster.ts";
import type { Group } from "./group.ts";
import type { Nature } from "./nature.ts";
import type { SeedGroup } from "./simulated-cloud.ts";

const SUPPORTS: Supports = {
  traffic: "weighted",
  fencing: "refuse",
  conditions: true,
  createOnce: true,
  watch: true,
};

const placeOf = (provider: string, account: string): string => `${provider}/${account}`;

/** All clusters of a cloud, by id; a cluster is there as soon as it is asked for. */
export class Clusters {
  readonly #places = new Map<string, Supports>();
  readonly #clusters = new Map<string, SimulatedCluster>();
  readonly #nature: Nature;
  readonly #changed: (cluster: Cluster) => void;

  constructor(nature: Nature, changed: (cluster: Cluster) => void) {
    this.#nature = nature;
    this.#changed = changed;
  }

  /** What a provider can do in an account, from now on. What is not named stays as it was. */
  declare(provider: string, account: string, features: Partial<Supports>): Supports {
    const place = placeOf(provider, account);
    const supports = { ...(this.#places.get(place) ?? SUPPORTS), ...features };
    this.#places.set(place, supports);
    for (const world of this.#clusters.values()) {
      if (placeOf(world.cluster.provider, world.cluster.account) === place) world.supports = supports;
    }
    return supports;
  }

  find(cluster: Cluster): SimulatedCluster {
    const id = clusterId(cluster);
    const found = this.#clusters.get(id);
    if (found) return found;
    const supports = this.#places.get(placeOf(cluster.provider, cluster.account));
    if (!supports) throw new Error(`this cloud has no provider for ${id}: make one with cloud.provider()`);
    const made = new SimulatedCluster(cluster, supports, this.#nature, () => this.#changed(cluster));
    this.#clusters.set(id, made);
    return made;
  }

  /** Changes one group. */
  act(cluster: Cluster, name: string, lever: (group: Group) => void): void {
    const world = this.find(cluster);
    const group = world.groups.get(name);
    if (!group)
      throw new Error(`${world.id} has no group ${name}; it has ${[...world.groups.keys()].join(", ")}`);
    lever(group);
    world.touch();
  }

  /** Adds groups that are there already. */
  seed(cluster: Cluster, seeds: readonly SeedGroup[], behaviourOf: (release: Json) => Behaviour): string[] {
    const world = this.find(cluster);
    const names = seeds.map((seed) => settle(world, seed, behaviourOf(seed.release ?? null)));
    world.touch();
    return names;
  }

  wake(): void {
    for (const world of this.#clusters.values()) for (const wake of world.watchers) wake();
  }
}

function settle(world: SimulatedCluster, seed: SeedGroup, behaviour: Behaviour): string {
  if (seed.sequence !== undefined) world.sequence = seed.sequence - 1;
  const group = world.add(seed.release ?? null, behaviour, seed.key);
  group.settled(seed.size, seed.healthy ?? seed.size);
  group.give(seed.share ?? 0);
  return group.identity.name;
}
