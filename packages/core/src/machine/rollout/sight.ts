import type { ClusterState, ServerGroup } from "../../model/cluster.ts";
import type { Phase, Shares, Want } from "../../model/phase.ts";
import { type Roles, rolesIn } from "./roles.ts";
import type { Rules } from "./rules.ts";
import { floorOf } from "./size.ts";
import { serving } from "./serving.ts";
import { phaseOf, type RolloutState } from "./state.ts";

/** All that a rule may look at. */
export interface Sight extends Roles {
  readonly rules: Rules;
  readonly state: RolloutState;
  readonly world: ClusterState;
  readonly now: number;
  /** Undefined before the first phase of a direction. */
  readonly phase: Phase | undefined;
  readonly want: Want;
}

/** Brings together what is known and what was observed. */
export function look(state: RolloutState, world: ClusterState, now: number, rules: Rules): Sight {
  const phase = phaseOf(state);
  const roles = rolesIn(world, state);
  const want = isLost({ state, world, ...roles }) ? SURVIVE : (phase?.want ?? {});
  return { ...roles, rules, state, world, now, phase, want };
}

// With nothing to go back to, the candidate is the best there is.
const SURVIVE: Want = { candidate: 100, baseline: "gone", traffic: { candidate: 100 } };

/**
 * The groups that had traffic before, as far as they are still there. Names may be given again: a candidate or a
 * baseline that is called as another group was is not that group.
 */
export function carriers({ state, world, candidate, baseline }: Grounds): readonly ServerGroup[] {
  const was = state.planned.before?.traffic ?? {};
  return world.groups.filter(
    (group) => group !== candidate && group !== baseline && was[group.name] !== undefined,
  );
}

/** Whether all groups that the way back could lead to are gone. */
export function isLost(grounds: Grounds): boolean {
  const { direction, planned } = grounds.state;
  return direction === "back" && (planned.before?.share ?? 0) > 0 && carriers(grounds).length === 0;
}

type Grounds = Pick<Sight, "state" | "world" | "candidate" | "baseline">;

/** Below this our own commands must not bring what serves: the floor, or what serves now where that is less. */
export function bound({ state, world }: Sight): number {
  return Math.min(floorOf(state), serving(world.groups, state.planned.traffic));
}

/** Shares by role as shares by group name; roles that have no group are left out. */
export function byName(
  { stable, candidate, baseline }: Roles,
  shares: Shares,
): Readonly<Record<string, number>> {
  const named: Record<string, number> = {};
  if (stable && shares.stable) named[stable.name] = shares.stable;
  if (candidate && shares.candidate) named[candidate.name] = shares.candidate;
  if (baseline && shares.baseline) named[baseline.name] = shares.baseline;
  return named;
}
