import type { ClusterState, ServerGroup } from "../../model/cluster.ts";
import type { Json } from "../../model/json.ts";
import type { TrafficMode } from "../../model/phase.ts";
import type { RolloutCommand } from "../events.ts";

/** A cluster in which all goes well: commands land at once, and every instance is healthy after the boot time. */
export interface IdealWorld {
  readonly cluster: string;
  readonly traffic: TrafficMode;
  readonly bootMs: number;
  readonly state: ClusterState;
  /** Where shares follow health: the groups that are to get any. */
  readonly enabled: readonly string[];
  /** When a group's starting instances are healthy. */
  readonly boots: Readonly<Record<string, number>>;
}

/** Starts from what was observed. Instances that are not healthy yet are taken to be so after one boot time. */
export function idealWorld(
  observed: ClusterState,
  given: {
    readonly cluster: string;
    readonly traffic: TrafficMode;
    readonly bootMs: number;
    readonly now: number;
  },
): IdealWorld {
  const { cluster, traffic, bootMs, now } = given;
  const boots = Object.fromEntries(
    observed.groups
      .filter(({ healthy, desired }) => healthy < desired)
      .map(({ name }) => [name, now + bootMs]),
  );
  const enabled = observed.groups.filter(({ share }) => share > 0).map(({ name }) => name);
  return { cluster, traffic, bootMs, state: observed, enabled, boots };
}

/** The world after a command; `release`: what a group that is made runs. */
export function obey(
  world: IdealWorld,
  body: RolloutCommand,
  { now, release }: { readonly now: number; readonly release?: Json },
): IdealWorld {
  if (body.do === "create-group") return create(world, body, now, release);
  if (body.do === "scale-group") return scale(world, body.group, body.size, now);
  if (body.do === "set-traffic") return shift(world, body.shares);
  const groups = world.state.groups.filter(({ name }) => name !== body.group);
  return withGroups(world, groups);
}

/** The next instant at which instances become healthy. */
export function nextBoot({ boots }: IdealWorld): number | undefined {
  const instants = Object.values(boots);
  return instants.length === 0 ? undefined : Math.min(...instants);
}

/** The world at an instant: whatever has booted by then is healthy. */
export function passTime(world: IdealWorld, now: number): IdealWorld {
  const ready = Object.keys(world.boots).filter((name) => (world.boots[name] ?? now) <= now);
  if (ready.length === 0) return world;
  const boots = Object.fromEntries(Object.entries(world.boots).filter(([name]) => !ready.includes(name)));
  const groups = world.state.groups.map((group) =>
    ready.includes(group.name)
      ? { ...group, healthy: group.desired, starting: 0, unhealthy: 0, unknown: 0 }
      : group,
  );
  return withGroups({ ...world, boots }, groups);
}

/** The name that a provider would give the next group: `shop-api-v004`. */
function nextGroupName(cluster: string, groups: readonly Pick<ServerGroup, "sequence">[]): string {
  return `${cluster}-v${String(nextSequence(groups)).padStart(3, "0")}`;
}

function nextSequence(groups: readonly Pick<ServerGroup, "sequence">[]): number {
  return 1 + Math.max(0, ...groups.map(({ sequence }) => sequence));
}

function create(
  world: IdealWorld,
  { key, size }: Extract<RolloutCommand, { readonly do: "create-group" }>,
  now: number,
  release: Json | undefined,
): IdealWorld {
  const { groups } = world.state;
  const name = nextGroupName(world.cluster, groups);
  const sequence = nextSequence(groups);
  const made = {
    name,
    sequence,
    key,
    desired: size,
    healthy: 0,
    starting: size,
    unhealthy: 0,
    unknown: 0,
    share: 0,
    ...(release !== undefined && { release }),
  };
  const boots = size === 0 ? world.boots : { ...world.boots, [name]: now + world.bootMs };
  return withGroups({ ...world, boots }, [...groups, made]);
}

function scale(world: IdealWorld, name: string, size: number, now: number): IdealWorld {
  const groups = world.state.groups.map((group) => (group.name === name ? resize(group, size) : group));
  const grown = groups.some((group) => group.name === name && group.healthy < size);
  const { [name]: _, ...others } = world.boots;
  return withGroups({ ...world, boots: grown ? { ...others, [name]: now + world.bootMs } : others }, groups);
}

function resize(group: ServerGroup, size: number): ServerGroup {
  const healthy = Math.min(group.healthy, size);
  return { ...group, desired: size, healthy, starting: size - healthy, unhealthy: 0, unknown: 0 };
}

function shift(world: IdealWorld, shares: Readonly<Record<string, number>>): IdealWorld {
  const enabled = Object.keys(shares).filter((name) => (shares[name] ?? 0) > 0);
  const groups = world.state.groups.map((group) => ({ ...group, share: shares[group.name] ?? 0 }));
  return withGroups({ ...world, enabled }, groups);
}

function withGroups(world: IdealWorld, groups: readonly ServerGroup[]): IdealWorld {
  const shared = world.traffic === "proportional" ? byHealth(groups, world.enabled) : groups;
  return { ...world, state: { groups: shared, revision: world.state.revision + 1 } };
}

// Shares that follow health, rounded so that they sum to 100: what is left over goes to the largest.
function byHealth(groups: readonly ServerGroup[], enabled: readonly string[]): readonly ServerGroup[] {
  const inside = groups.filter(({ name }) => enabled.includes(name));
  const some = inside.some(({ healthy }) => healthy > 0);
  const weight = ({ healthy, desired }: ServerGroup): number => (some ? healthy : desired);
  const total = inside.reduce((sum, group) => sum + weight(group), 0);
  if (total === 0) return groups.map((group) => ({ ...group, share: 0 }));
  const floors = new Map(inside.map((group) => [group.name, Math.floor((weight(group) * 100) / total)]));
  const left = 100 - [...floors.values()].reduce((sum, share) => sum + share, 0);
  const largest = inside.toSorted((a, b) => weight(b) - weight(a))[0];
  return groups.map((group) => ({
    ...group,
    share: (floors.get(group.name) ?? 0) + (group.name === largest?.name ? left : 0),
  }));
}
