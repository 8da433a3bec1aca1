import type {
  Cluster,
  ClusterState,
  Condition,
  Json,
  ProviderErrorKind,
  RolloutCommand,
  Token,
} from "@gennaker/core/ports";
import type { Behaviour } from "./behaviour.ts";
import type { SimulatedCluster } from "./cluster.ts";
import { problemOfShares } from "./shares.ts";

/** A command that landed: it was carried out, whether or not the caller ever heard of it. */
export interface Landing {
  /** When, in milliseconds since 1970. */
  readonly at: number;
  readonly cluster: Cluster;
  readonly command: RolloutCommand;
  readonly token: Token;
  /** The newest revision that the speaker's connection had observed when it spoke. */
  readonly seen: number;
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
  /** What a created group is to run. */
  readonly release?: Json;
  readonly behaviour?: Behaviour;
}

/** Why a command does not land. Nothing was changed. */
export interface Refusal {
  readonly kind: ProviderErrorKind;
  readonly message: string;
  readonly claimedBy?: string;
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
  const { command, token, seen } = sent;
  const at = world.nature.clock.now();
  const { cluster } = world;
  return { group, landing: { at, cluster, command, token, seen, late, before, after: world.state() } };
}

/** An older epoch than the cluster's newest is refused. */
export function fence(world: SimulatedCluster, token: Token): Refusal | undefined {
  if (token.epoch >= world.epoch) return undefined;
  return {
    kind: "fenced",
    message: `epoch ${token.epoch} of run ${token.run} is over: epoch ${world.epoch} holds the cluster`,
    claimedBy: world.claimedBy,
  };
}

function refusalOf(world: SimulatedCluster, { command, token, behaviour }: SentCommand): Refusal | undefined {
  const fenced = world.supports.fencing === "refuse" ? fence(world, token) : undefined;
  if (fenced) return fenced;
  const invalid = problemOf(world, command, behaviour);
  if (invalid) return { kind: "invalid", message: invalid };
  const missing = groupsOf(command).find((name) => !world.groups.has(name));
  if (missing !== undefined) return { kind: "not-found", message: `there is no group ${missing}` };
  const unmet =
    world.supports.conditions && "condition" in command && command.condition
      ? unmetCondition(world.state(), command.condition)
      : undefined;
  return unmet === undefined ? undefined : { kind: "conflict", message: unmet };
}

function problemOf(
  world: SimulatedCluster,
  command: RolloutCommand,
  behaviour?: Behaviour,
): string | undefined {
  if ("size" in command && !(Number.isInteger(command.size) && command.size >= 0)) {
    return `${command.size} is not a number of instances (0, 1, 2 …)`;
  }
  if (command.do === "set-traffic") return problemOfShares(command.shares, world.traffic);
  return behaviour?.invalid?.length ? behaviour.invalid.join("; ") : undefined;
}

/** The groups that must exist. */
function groupsOf(command: RolloutCommand): readonly string[] {
  if (command.do === "scale-group") return [command.group];
  return command.do === "set-traffic" ? Object.keys(command.shares) : [];
}

/** How a condition does not hold, with numbers. A group that is not there has no instances and no traffic. */
function unmetCondition(state: ClusterState, condition: Condition): string | undefined {
  for (const [name, { healthyAtLeast = 0, shareAtMost = 100 }] of Object.entries(condition)) {
    const { healthy = 0, share = 0 } = state.groups.find((group) => group.name === name) ?? {};
    if (healthy < healthyAtLeast) return `${name} has ${healthy} healthy instances, not ${healthyAtLeast}`;
    if (share > shareAtMost) return `${name} has ${share} % of the traffic, more than ${shareAtMost} %`;
  }
  return undefined;
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
