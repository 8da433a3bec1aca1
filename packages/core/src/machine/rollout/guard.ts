import type { ServerGroup } from "../../model/cluster.ts";
import type { RolloutCommand } from "../events.ts";
import { carries, serving } from "./serving.ts";
import { bound, type Sight } from "./sight.ts";

/** Looks at a command before it is said; answers why it must not be. */
export type Guard = (command: RolloutCommand, sight: Sight) => string | undefined;

/** Traffic only to where somebody can serve it, and only if what serves stays above the floor. */
export const guardTraffic: Guard = (command, sight) => {
  if (command.do !== "set-traffic") return undefined;
  const { groups } = sight.world;
  const after = groups.map((group) => ({ ...group, share: command.shares[group.name] ?? 0 }));
  const dead = after.find(
    (group) =>
      group.healthy === 0 && group.share > (groups.find(({ name }) => name === group.name)?.share ?? 0),
  );
  if (dead) return `${dead.name} has no healthy instance to take traffic`;
  return keepsServing(after, sight);
};

/** What has traffic is not ended, and gives up instances only above the floor. */
export const guardShrink: Guard = (command, sight) => {
  const group = shrunk(command, sight);
  if (!group || group.share === 0) return undefined;
  const size = command.do === "scale-group" ? command.size : 0;
  if (size === 0) return `${group.name} still has ${group.share} % of the traffic`;
  // The instances that go may be the healthy ones.
  const healthy = Math.max(0, group.healthy - (group.desired - size));
  const after = sight.world.groups.map((each) => (each === group ? { ...group, healthy } : each));
  return keepsServing(after, sight);
};

/** When nothing behind traffic is healthy, nothing that is healthy is taken away. */
export const guardLast: Guard = (command, sight) => {
  const group = shrunk(command, sight);
  if (!group || group.healthy === 0) return undefined;
  const carriers = sight.world.groups.filter(({ share }) => share > 0);
  const served = Object.keys(sight.state.planned.before?.traffic ?? {}).length > 0;
  const dead = carriers.every((carrier) => carrier.healthy === 0);
  return dead && (served || carriers.length > 0)
    ? `${group.name} has the only healthy instances of the cluster`
    : undefined;
};

/** The group that a command makes smaller. */
export function shrunk(command: RolloutCommand, { world }: Sight): ServerGroup | undefined {
  if (command.do !== "destroy-group" && command.do !== "scale-group") return undefined;
  const group = world.groups.find(({ name }) => name === command.group);
  return command.do === "scale-group" && group && command.size >= group.desired ? undefined : group;
}

function keepsServing(after: readonly ServerGroup[], sight: Sight): string | undefined {
  const least = bound(sight);
  const { traffic } = sight.state.planned;
  return carries(after, least, traffic)
    ? undefined
    : `${Math.floor(serving(after, traffic))} healthy instances would serve, ${Math.ceil(least)} must`;
}
