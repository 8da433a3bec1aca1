import type { Healthy, RolloutCommand } from "../events.ts";
import { shrunk } from "./guard.ts";
import { part } from "./serving.ts";
import { bound, type Sight } from "./sight.ts";
import { need } from "./size.ts";
import { wantedCandidate } from "./want.ts";

/** What must still hold in the world when a command lands: what the guards saw when it was said. */
export function conditionOf(command: RolloutCommand, sight: Sight): Healthy {
  if (command.do === "set-traffic") return trafficCondition(command.shares, sight);
  const group = shrunk(command, sight);
  if (!group) return command.do === "scale-group" ? { [command.group]: { desiredAtMost: command.size } } : {};
  if (group.share === 0) return { ...carriersAlive(sight), [group.name]: { shareAtMost: 0 } };
  const carriers = sight.world.groups.filter(({ share }) => share > 0);
  return Object.fromEntries(carriers.map(({ name, healthy }) => [name, { healthyAtLeast: healthy }]));
}

function trafficCondition(shares: Readonly<Record<string, number>>, sight: Sight): Healthy {
  const takers = sight.world.groups.filter(({ name }) => (shares[name] ?? 0) > 0);
  return Object.fromEntries(
    takers.map(({ name, healthy }) => [
      name,
      { healthyAtLeast: leastOf(name, healthy, shares[name] ?? 0, sight) },
    ]),
  );
}

// Where shares follow health, only the sum counts; what was seen of each is the nearest that a condition can say.
function leastOf(name: string, healthy: number, share: number, sight: Sight): number {
  const { state, candidate } = sight;
  const several = state.planned.traffic === "proportional" && share < 100;
  const served = several ? healthy : Math.ceil(part(bound(sight), share));
  const forward = state.direction === "forward" && name === candidate?.name;
  return Math.max(1, served, forward ? need(wantedCandidate(sight), state.planned.rollout.minHealthy) : 0);
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
