import type { Cluster, ClusterState, ServerGroup } from "../../model/cluster.ts";
import type { Json } from "../../model/json.ts";
import type {
  Rollout,
  SituatedGroup,
  Situation,
  SizeRule,
  Strategy,
  TrafficMode,
} from "../../model/phase.ts";
import { clusterId } from "../../model/cluster.ts";
import type { NewEvent } from "../events.ts";
import { checkRollout } from "./check-rollout.ts";
import { baselineKey, isBaseline, newestFirst, servingGroup, sharesIn } from "./roles.ts";
import { workOf } from "./work.ts";

/** What a rollout is asked to do, and the cluster as it was observed just now. */
export interface RolloutAsk {
  readonly stage: string;
  readonly run: string;
  readonly cluster: Cluster;
  readonly release: Json;
  readonly strategy: Strategy;
  /** An existing group to bring back, instead of making a new one. */
  readonly group?: string;
  /** How often its stage was begun; default 1. */
  readonly round?: number;
  readonly world: ClusterState;
  readonly traffic: TrafficMode;
  readonly at: number;
}

/**
 * Freezes a rollout: finds stable, sizes the candidate, lets the strategy make its phases and checks them. Changes
 * nothing. All problems at once.
 *
 * Stable is the group with most of the traffic; of equal ones the newest. Where nobody has traffic it is the newest
 * group with a healthy instance, as a measure for the size; where there is none, this is a first deploy. A baseline that
 * an interrupted rollout left is stable only where nothing else has traffic.
 */
export function planRollout(
  ask: RolloutAsk,
): { readonly event: NewEvent<"rollout-planned"> } | { readonly problems: readonly string[] } {
  const { strategy, traffic, world } = ask;
  const problems = [...checkWorld(ask), ...checkMode(ask), ...checkSize(strategy.size), ...checkGroup(ask)];
  if (problems.length > 0) return { problems };
  const situation = situate(world, strategy.size, traffic);
  const rollout = strategy.rollout(situation);
  const wrong = [...checkRollout(rollout, situation), ...checkRelease(ask, rollout)];
  if (wrong.length > 0) return { problems: wrong.map((problem) => `strategy ${strategy.name}: ${problem}`) };
  return { event: planned(ask, situation, rollout) };
}

/** What a strategy may know of a cluster. */
function situate(world: ClusterState, rule: SizeRule, traffic: TrafficMode): Situation {
  const stable = findStable(world);
  const others = newestFirst(world.groups.filter((group) => group !== stable)).map(situated);
  const size = sizeBy(rule, stable);
  return { ...(stable && { stable: situated(stable) }), others, size, traffic };
}

function findStable({ groups }: ClusterState): ServerGroup | undefined {
  return servingGroup(groups) ?? newestFirst(groups).find((group) => group.healthy > 0 && !isBaseline(group));
}

function situated(group: ServerGroup): SituatedGroup {
  const { name, desired, healthy, share } = group;
  return { name, desired, healthy, share, ...(isBaseline(group) && { baseline: true }) };
}

function sizeBy(rule: SizeRule, stable: ServerGroup | undefined): number {
  if (typeof rule === "number") return rule;
  const match = Math.max(1, stable?.desired ?? 1);
  return rule === "match" ? match : Math.max(match, rule.atLeast);
}

function planned(
  { stage, run, cluster, release, strategy, world, traffic, at, group, round }: RolloutAsk,
  { stable, size }: Situation,
  rollout: Rollout,
): NewEvent<"rollout-planned"> {
  const again = round !== undefined && round > 1 ? { round } : {};
  const key = `${run}/${workOf({ stage, ...again })}`;
  return {
    type: "rollout-planned",
    at,
    stage,
    cluster,
    strategy: strategy.name,
    key,
    ...again,
    ...(wantsBaseline(rollout) && { baseline: { key: baselineKey(key) } }),
    ...(group !== undefined && { revives: group }),
    release,
    traffic,
    sizeRule: strategy.size,
    size,
    ...(stable && {
      before: { group: stable.name, desired: stable.desired, share: stable.share, traffic: sharesIn(world) },
    }),
    rollout,
  };
}

function wantsBaseline({ phases }: Rollout): boolean {
  return phases.some(({ want }) => typeof want.baseline === "number");
}

// A second group of stable's release can only be made of what the provider tells of it.
function checkRelease({ world, cluster }: RolloutAsk, rollout: Rollout): readonly string[] {
  const stable = findStable(world);
  if (!stable || stable.release !== undefined || !wantsBaseline(rollout)) return [];
  return [
    `baseline: ${clusterId(cluster)} does not tell which release ${stable.name} runs, so no baseline of it can be started (leave the baseline out)`,
  ];
}

function checkWorld({ world, cluster }: RolloutAsk): readonly string[] {
  return world.stale
    ? [`${clusterId(cluster)}: what was observed may be older than the last change; observe again`]
    : [];
}

function checkGroup({ group, world, cluster }: RolloutAsk): readonly string[] {
  if (group === undefined) return [];
  const found = world.groups.find(({ name }) => name === group);
  if (!found) return [`group: ${clusterId(cluster)} has no group ${group} (any more)`];
  if (isBaseline(found))
    return [
      `group: ${group} is a baseline that an interrupted rollout left, made for a comparison (take another group)`,
    ];
  return found === findStable(world) ? [`group: ${group} is the one that serves already`] : [];
}

function checkMode({ strategy, traffic, cluster }: RolloutAsk): readonly string[] {
  return strategy.modes.includes(traffic)
    ? []
    : [
        `strategy ${strategy.name}: needs traffic to be ${strategy.modes.join(" or ")}, but ${clusterId(cluster)} has ${traffic} (take a strategy that works with ${traffic}, such as red/black)`,
      ];
}

function checkSize(rule: SizeRule): readonly string[] {
  const size = typeof rule === "number" ? rule : rule === "match" ? 1 : rule.atLeast;
  return Number.isInteger(size) && size >= 1
    ? []
    : [`size: ${size} is not a number of instances (write 1 or more, or "match")`];
}
