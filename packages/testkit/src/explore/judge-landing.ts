import type { RolloutCommand, TrafficMode } from "@gennaker/core/ports";
import type { Wire } from "./node.ts";
import { baselineIn, type Brief, floorOf, type Property } from "./properties.ts";
import { sharesOf, type World } from "./world.ts";

/** How much traffic, in instances, the groups are good for; `slack`: so many percents less a part may stand for. */
export function served(world: World, mode: TrafficMode, slack = 0): number {
  const shares = sharesOf(world, mode);
  const on = world.filter((group) => (shares[group.name] ?? 0) > 0);
  if (on.length === 0) return 0;
  if (mode === "proportional") return on.reduce((sum, group) => sum + group.healthy, 0);
  const parts = on.map((group) => ({ group, share: shares[group.name] ?? 0 }));
  return Math.min(
    ...parts.map(({ group, share }) => (group.healthy * 100) / (share < 100 ? share - slack : share)),
  );
}

// Shares are whole percents: 67 is the nearest that can be said of 2 of 3.
const ROUNDING = 0.5;

/** How many healthy instances a command takes away when it lands in this world. */
export function taken(world: World, command: RolloutCommand): number {
  if (command.do !== "destroy-group" && (command.do !== "scale-group" || command.size > 0)) return 0;
  return world.find((group) => group.name === command.group)?.healthy ?? 0;
}

/** Judges a command by the worlds before and after it landed. */
export function judgeLanding(
  before: World,
  after: World,
  { body: command, served: seen, takes }: Wire,
  { planned, settings: { traffic } }: Brief,
): readonly Property[] {
  const found: Property[] = [];
  const was = sharesOf(before, traffic);
  if (command.do === "set-traffic") {
    const gains = after.filter((group) => (command.shares[group.name] ?? 0) > (was[group.name] ?? 0));
    if (healthy(before) > 0 && gains.some((group) => group.healthy === 0)) found.push("S1");
  }
  if (command.do === "destroy-group" || (command.do === "scale-group" && command.size === 0)) {
    if ((was[command.group] ?? 0) > 0) found.push("S3");
    const matters = planned.before !== undefined && planned.before.share > 0;
    if (matters && takes > 0 && healthy(before) > 0 && healthy(after) === 0) found.push("S16");
  }
  for (const key of [planned.key, ...(planned.baseline ? [planned.baseline.key] : [])])
    if (twins(after, key) > Math.max(1, twins(before, key))) found.push("S4");
  const baseline = baselineIn(after, { planned });
  const stable = before.find(({ name }) => name === planned.before?.group);
  if (baseline && stable && baseline.release !== stable.release) found.push("S20");
  const size =
    planned.before && planned.before.share > 0 ? Math.min(planned.size, planned.before.desired) : 0;
  const floor = floorOf(size, planned.rollout);
  if (served(after, traffic, ROUNDING) < Math.min(floor, served(before, traffic), seen)) found.push("S2");
  return found;
}

function healthy(world: World): number {
  return world.reduce((sum, group) => sum + group.healthy, 0);
}

function twins(world: World, key: string): number {
  return world.filter((group) => group.key === key).length;
}
