import type { ClusterState, Condition, ProviderErrorKind, RolloutCommand, Token } from "@gennaker/core/ports";
import type { Behaviour } from "./behaviour.ts";
import type { SimulatedCluster } from "./cluster.ts";
import type { SentCommand } from "./landing.ts";
import { problemOfShares } from "./shares.ts";

/** Why a command does not land. Nothing was changed. */
export interface Refusal {
  readonly kind: ProviderErrorKind;
  readonly message: string;
  readonly claimedBy?: string;
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

/** Why a command that arrives now does not land. */
export function refusalOf(
  world: SimulatedCluster,
  { command, token, behaviour }: SentCommand,
): Refusal | undefined {
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
  for (const [name, limits] of Object.entries(condition)) {
    const { healthyAtLeast = 0, shareAtMost = 100, desiredAtMost = Infinity } = limits;
    const { healthy = 0, share = 0, desired = 0 } = state.groups.find((group) => group.name === name) ?? {};
    if (healthy < healthyAtLeast) return `${name} has ${healthy} healthy instances, not ${healthyAtLeast}`;
    if (share > shareAtMost) return `${name} has ${share} % of the traffic, more than ${shareAtMost} %`;
    if (desired > desiredAtMost) return `${name} is to have ${desired} instances, more than ${desiredAtMost}`;
  }
  return undefined;
}
