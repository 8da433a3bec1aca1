import { sharesIn } from "./roles.ts";
import { isLost, type Sight } from "./sight.ts";

/** Shares as they were before the rollout, among the groups that are still there; stable gets what nobody claims. */
export function formerShares({ state, world, stable, candidate }: Sight): Readonly<Record<string, number>> {
  const was = state.planned.before?.traffic ?? {};
  // Names may be given again: a candidate that is called as another group was is not that group.
  const names = new Set(world.groups.filter((group) => group !== candidate).map((group) => group.name));
  const there = Object.entries(was).filter(([name]) => names.has(name));
  const shares = Object.fromEntries(there);
  const lost = 100 - there.reduce((sum, [, share]) => sum + share, 0);
  if (stable && lost > 0 && Object.keys(was).length > 0)
    shares[stable.name] = (shares[stable.name] ?? 0) + lost;
  return shares;
}

/**
 * Where traffic belongs on the way back: where it was. But a candidate with healthy instances is better than groups
 * without any, until one of those heals.
 */
export function home(sight: Sight): Readonly<Record<string, number>> {
  const { candidate, world, state } = sight;
  const shares = formerShares(sight);
  const alive = world.groups.some((group) => shares[group.name] !== undefined && group.healthy > 0);
  const served = (state.planned.before?.share ?? 0) > 0;
  if (!served || alive) return shares;
  if (candidate && candidate.healthy > 0) return { [candidate.name]: 100 };
  return isLost(sight) ? sharesIn(world) : shares;
}
