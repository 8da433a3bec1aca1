import type { ClusterState, RolloutCommand, ServerGroup, TrafficMode } from "@gennaker/core/ports";
import type { Landing } from "./landing.ts";
import { serving } from "./serving.ts";

/** What must hold of every command that lands. */
export type Invariant =
  | "traffic-to-healthy"
  | "serving-capacity"
  | "nothing-with-traffic-removed"
  | "one-key-one-group";

/** A command that made the world worse than it may. */
export interface Violation {
  readonly invariant: Invariant;
  /** When, in milliseconds since 1970. */
  readonly at: number;
  /**
   * The world had changed since its speaker last looked. Only a condition checked at the provider can close such a
   * window; where `supports.conditions` is true there must be none.
   */
  readonly window: boolean;
  readonly landing: Landing;
  /** For people: what is wrong, the command, the cluster before and after. */
  readonly message: string;
}

/** What to judge by. */
export interface Bounds {
  /** Serving capacity that must be kept, in instances. Less is no violation where there was less before. */
  readonly floor: number;
  readonly traffic: TrafficMode;
  /** The group that each key made so far. */
  readonly made: ReadonlyMap<string, string>;
}

/** What a landed command did wrong. */
export function violationsOf(landing: Landing, bounds: Bounds): Violation[] {
  return CHECKS.flatMap(([invariant, check]) => {
    const wrong = check(landing, bounds);
    const window = landing.seen < landing.before.revision;
    return wrong === undefined
      ? []
      : [{ invariant, at: landing.at, window, landing, message: describe(wrong, landing, window) }];
  });
}

type Check = (landing: Landing, bounds: Bounds) => string | undefined;

const CHECKS: readonly (readonly [Invariant, Check])[] = [
  ["traffic-to-healthy", trafficToHealthy],
  ["serving-capacity", servingCapacity],
  ["nothing-with-traffic-removed", nothingWithTrafficRemoved],
  ["one-key-one-group", oneKeyOneGroup],
];

function trafficToHealthy({ before, after }: Landing): string | undefined {
  for (const group of after.groups) {
    const other = after.groups.find((it) => it !== group && it.healthy > 0);
    if (group.healthy > 0 || !other || group.share <= shareOf(before, group.name)) continue;
    return `traffic was moved to ${group.name}, which has no healthy instance, while ${other.name} has ${other.healthy}`;
  }
  return undefined;
}

// What healed since its speaker looked is not what its command took away: nobody had counted on it.
function servingCapacity({ before, after, looked }: Landing, { floor, traffic }: Bounds): string | undefined {
  const was = Math.min(serving(before, traffic), looked ? serving(looked, traffic) : Infinity);
  const is = serving(after, traffic);
  // A full group split 33/67 may look a hair smaller than it is.
  if (is >= Math.min(floor, was) - 1e-9) return undefined;
  return `serving capacity fell from ${round(was)} to ${round(is)} instances; the floor is ${floor}`;
}

function nothingWithTrafficRemoved({ before, command }: Landing): string | undefined {
  const removes = command.do === "destroy-group" || (command.do === "scale-group" && command.size === 0);
  const share = removes ? shareOf(before, command.group) : 0;
  return share > 0 ? `${command.do} took away a group with ${share} % of the traffic` : undefined;
}

function oneKeyOneGroup({ before, after, command }: Landing, { made }: Bounds): string | undefined {
  if (command.do !== "create-group") return undefined;
  const born = after.groups.find((group) => !before.groups.some((it) => it.name === group.name));
  const first = made.get(command.key);
  if (!born || first === undefined || first === born.name) return undefined;
  return `key ${command.key} made a second group, ${born.name}, after ${first}`;
}

function describe(
  wrong: string,
  { at, cluster, command, late, before, after }: Landing,
  window: boolean,
): string {
  return [
    `${new Date(at).toISOString()} ${cluster.name}: ${wrong}`,
    `  command  ${commandText(command)}${late ? " (landed late)" : ""}${window ? " (had not seen the latest)" : ""}`,
    `  before   ${stateText(before)}`,
    `  after    ${stateText(after)}`,
  ].join("\n");
}

function commandText({ do: verb, ...rest }: RolloutCommand): string {
  return `${verb} ${JSON.stringify(rest)}`;
}

function stateText({ groups }: ClusterState): string {
  return groups.length === 0 ? "no groups" : groups.map(groupText).join(" · ");
}

function groupText({ name, healthy, desired, share }: ServerGroup): string {
  return `${name} ${healthy} of ${desired} healthy, ${share} %`;
}

function shareOf(state: ClusterState, name: string): number {
  return state.groups.find((group) => group.name === name)?.share ?? 0;
}

const round = (value: number): number => Math.round(value * 100) / 100;
