import type { ServerGroup } from "../../model/cluster.ts";
import type { Healthy, RolloutCommand } from "../events.ts";
import { shrunk } from "./guard.ts";
import { part } from "./serving.ts";
import { bound, type Sight } from "./sight.ts";
import { need } from "./size.ts";
import { isSpared, wantedBaseline } from "./baseline.ts";
import { wantedCandidate } from "./want.ts";

/** What must still hold in the world when a command lands: what the guards saw when it was said. */
export function conditionOf(command: RolloutCommand, sight: Sight): Healthy {
  if (command.do === "set-traffic") return trafficCondition(command.shares, sight);
  const group = shrunk(command, sight);
  if (!group) return command.do === "scale-group" ? { [command.group]: { desiredAtMost: command.size } } : {};
  if (group.share === 0) return { ...carriersAlive(sight), [group.name]: { shareAtMost: 0 } };
  const carriers = sight.world.groups.filter(({ share }) => share > 0);
  const alive = Object.fromEntries(carriers.map(({ name, healthy }) => [name, { healthyAtLeast: healthy }]));
  // Of a group that an autoscaler made larger meanwhile, more would go than was reckoned with.
  return { ...alive, [group.name]: { healthyAtLeast: group.healthy, desiredAtMost: group.desired } };
}

function trafficCondition(shares: Readonly<Record<string, number>>, sight: Sight): Healthy {
  const takers = sight.world.groups.filter(({ name }) => (shares[name] ?? 0) > 0);
  const least = takers.map((group) => [group.name, leastOf(group, shares, sight)] as const);
  return Object.fromEntries(
    least.filter(([, healthy]) => healthy > 0).map(([name, healthy]) => [name, { healthyAtLeast: healthy }]),
  );
}

// Where shares follow health, only the sum counts; what was seen of each is the nearest that a condition can say.
function leastOf(group: ServerGroup, shares: Readonly<Record<string, number>>, sight: Sight): number {
  const { state } = sight;
  const { name, healthy } = group;
  const share = shares[name] ?? 0;
  const several = state.planned.traffic === "proportional" && share < 100;
  const served = several ? healthy : Math.ceil(part(bound(sight), share));
  const wanted = isSpared(shares, sight) ? 0 : wantedOf(name, sight);
  return Math.max(
    gains(group, shares, sight) ? 1 : 0,
    served,
    need(wanted, state.planned.rollout.minHealthy),
  );
}

// On the way out nobody gets traffic without all the instances that the phase wants of it.
function wantedOf(name: string, sight: Sight): number {
  if (sight.state.direction === "back") return 0;
  if (name === sight.candidate?.name) return wantedCandidate(sight);
  return name === sight.baseline?.name ? wantedBaseline(sight) : 0;
}

// Whoever keeps what it has, or gives some of it away, may be as ill as it is. Where shares follow health, a group
// gains when another one is turned off.
function gains(
  { name, share }: ServerGroup,
  shares: Readonly<Record<string, number>>,
  { state, world }: Sight,
): boolean {
  if (state.planned.traffic !== "proportional") return (shares[name] ?? 0) > share;
  return share === 0 || world.groups.some((other) => other.share > 0 && !shares[other.name]);
}

/** Why a command would be refused in the world as it is; undefined: it would not. */
export function refusal(condition: Healthy, { world }: Sight): string | undefined {
  const weak = world.groups.find(({ name, healthy }) => healthy < (condition[name]?.healthyAtLeast ?? 0));
  return (
    weak &&
    `${weak.name} has ${weak.healthy} healthy instances, ${condition[weak.name]?.healthyAtLeast} needed`
  );
}

// What takes capacity away counts on those that serve instead.
function carriersAlive(sight: Sight): Healthy {
  const { state, candidate, world } = sight;
  const carriers = world.groups.filter(({ share, healthy }) => share > 0 && healthy > 0);
  return Object.fromEntries(
    carriers.map(({ name }) => {
      const forward = state.direction === "forward" && name === candidate?.name;
      const least = forward ? need(wantedCandidate(sight), state.planned.rollout.minHealthy) : 1;
      return [name, { healthyAtLeast: Math.max(1, least) }];
    }),
  );
}
