import type { ClusterState, ServerGroup } from "../../model/cluster.ts";
import type { TrafficMode } from "../../model/phase.ts";
import type { RolloutCommand } from "../events.ts";
import { sharesMatch } from "../rollout/serving.ts";
import { divide, type OperationTarget } from "./target.ts";

/** The next thing to do for an operation: say a command, wait, or give up. Undefined: all is as wanted. */
export type OperationStep =
  | { readonly say: RolloutCommand }
  | { readonly wait: string }
  | { readonly refuse: string };

/** What an operation may not do to its cluster. */
export interface OperationGuard {
  readonly traffic: TrafficMode;
  /** The cluster must always have a group with traffic and a healthy instance, whatever is forced. */
  readonly guarded: boolean;
}

/** One order for all operations: grow, healthy, traffic, shrink, destroy. */
export function nextStep(
  target: OperationTarget,
  world: ClusterState,
  guard: OperationGuard,
): OperationStep | undefined {
  return (
    resize(target, world, (group, size) => size > group.desired) ??
    awaitHealth(target, world) ??
    shift(target, world, guard) ??
    resize(target, world, (group, size) => size < group.desired) ??
    destroy(target, world, guard)
  );
}

function resize(
  { sizes = {} }: OperationTarget,
  { groups }: ClusterState,
  wanted: (group: ServerGroup, size: number) => boolean,
): OperationStep | undefined {
  for (const [name, size] of Object.entries(sizes)) {
    const group = groups.find((each) => each.name === name);
    if (!group) return { refuse: `${name} is gone: it was removed by somebody else` };
    if (!wanted(group, size)) continue;
    if (size === 0 && group.share > 0)
      return { refuse: `${name} still has ${group.share} % of the traffic: shift that first` };
    return { say: { do: "scale-group", group: name, size, ...(size === 0 && withoutTraffic(name)) } };
  }
  return undefined;
}

// What was grown, or is to get traffic, must be well first.
function awaitHealth(
  { sizes = {}, shares = {} }: OperationTarget,
  { groups }: ClusterState,
): OperationStep | undefined {
  for (const group of groups) {
    const size = sizes[group.name];
    if (size !== undefined && group.healthy < Math.min(size, group.desired)) return sick(group, size);
    const gains = (shares[group.name] ?? 0) > group.share;
    if (gains && group.healthy === 0 && group.desired === 0)
      return { refuse: `${group.name} has no instances to take traffic: resize it first` };
    if (gains && group.healthy === 0) return sick(group, group.desired);
  }
  return undefined;
}

function sick({ name, healthy, problem }: ServerGroup, size: number): OperationStep {
  const why = problem ? ` (${problem.message})` : "";
  const text = `${name} has ${healthy} of ${size} healthy instances${why}`;
  return problem?.fatal ? { refuse: text } : { wait: text };
}

function shift(
  { shares }: OperationTarget,
  { groups }: ClusterState,
  { traffic }: OperationGuard,
): OperationStep | undefined {
  if (!shares || sharesMatch(groups, shares, traffic)) return undefined;
  const lost = Object.keys(shares).find((name) => !groups.some((group) => group.name === name));
  if (lost !== undefined) return { refuse: `${lost} is gone: it was removed by somebody else` };
  const condition = Object.fromEntries(
    groups
      .filter(({ name, share }) => (shares[name] ?? 0) > share)
      .map(({ name }) => [name, { healthyAtLeast: 1 }]),
  );
  return { say: { do: "set-traffic", shares, condition } };
}

function destroy(
  { gone = [], force = false }: OperationTarget,
  { groups }: ClusterState,
  { guarded }: OperationGuard,
): OperationStep | undefined {
  const group = groups.find(({ name }) => gone.includes(name));
  if (!group) return undefined;
  const { name, share } = group;
  if (share === 0) return { say: { do: "destroy-group", group: name, ...withoutTraffic(name) } };
  if (!force)
    return { refuse: `${name} still has ${share} % of the traffic: shift that first, or say force` };
  const heirs = groups.filter((each) => each.share > 0 && !gone.includes(each.name));
  if (guarded && !heirs.some(({ healthy }) => healthy > 0))
    return { refuse: `${name} is the last group that serves, and its cluster is guarded` };
  // Even by force, traffic leaves first.
  return { say: { do: "set-traffic", shares: divide(heirs, 100) } };
}

function withoutTraffic(name: string): Pick<Extract<RolloutCommand, { do: "destroy-group" }>, "condition"> {
  return { condition: { [name]: { shareAtMost: 0 } } };
}
