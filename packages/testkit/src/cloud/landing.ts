import type { Cluster, ClusterState, Json, RolloutCommand, Token } from "@gennaker/core/ports";
import type { Behaviour } from "./behaviour.ts";
import type { SimulatedCluster } from "./cluster.ts";
import { type Refusal, refusalOf } from "./refusal.ts";

/** A command that landed: it was carried out, whether or not the caller ever heard of it. */
export interface Landing {
  /** When, in milliseconds since 1970. */
  readonly at: number;
  readonly cluster: Cluster;
  readonly command: RolloutCommand;
  readonly token: Token;
  /** The newest revision that the speaker's connection had observed when it spoke. */
  readonly seen: number;
  /** What its speaker had seen last, when it spoke. */
  readonly looked?: ClusterState;
  /** It landed after its caller had given up or died. */
  readonly late: boolean;
  readonly before: ClusterState;
  readonly after: ClusterState;
}

/** A command on its way. */
export interface SentCommand {
  readonly command: RolloutCommand;
  readonly token: Token;
  readonly seen: number;
  readonly looked?: ClusterState;
  /** What a created group is to run. */
  readonly release?: Json;
  readonly behaviour?: Behaviour;
}

/** Carries a command out in the world, at once and whole, or refuses it. */
export function land(
  world: SimulatedCluster,
  sent: SentCommand,
  late: boolean,
): { readonly landing: Landing; readonly group: string } | Refusal {
  const refusal = refusalOf(world, sent);
  if (refusal) return refusal;
  const before = world.state();
  const group = apply(world, sent);
  const { command, token, seen, looked } = sent;
  const at = world.nature.clock.now();
  const { cluster } = world;
  const said = { at, cluster, command, token, seen, ...(looked && { looked }) };
  return { group, landing: { ...said, late, before, after: world.state() } };
}

function apply(world: SimulatedCluster, sent: SentCommand): string {
  const { command } = sent;
  if (command.do === "create-group") return create(world, sent, command);
  if (command.do === "scale-group") return scale(world, command.group, command.size);
  if (command.do === "set-traffic") return giveTraffic(world, command.shares);
  world.groups.get(command.group)?.end();
  if (world.groups.delete(command.group)) world.touch();
  return command.group;
}

function create(
  world: SimulatedCluster,
  { release = null, behaviour = {} }: SentCommand,
  { key, size }: { readonly key: string; readonly size: number },
): string {
  const made = world.supports.createOnce ? world.made.get(key) : undefined;
  if (made !== undefined) return made;
  const group = world.add(release, behaviour, key);
  group.tempt();
  group.resize(size);
  world.touch();
  return group.identity.name;
}

/** Sets the size of a group that is there. */
export function scale(world: SimulatedCluster, name: string, size: number): string {
  const group = world.groups.get(name);
  if (!group || group.desired === size) return name;
  group.resize(size);
  world.touch();
  return name;
}

function giveTraffic(world: SimulatedCluster, shares: Readonly<Record<string, number>>): string {
  let changed = false;
  for (const [name, group] of world.groups) {
    const share = shares[name] ?? 0;
    changed ||= group.share !== share;
    group.give(share);
  }
  if (changed) world.touch();
  return world.cluster.name;
}
