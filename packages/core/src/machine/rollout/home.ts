import { sharesIn } from "./roles.ts";
import { carriers, isLost, type Sight } from "./sight.ts";

/**
 * Shares as they were before the rollout, among the groups that can still take them: what others can no longer serve
 * is stable's, or that of the one that had most.
 */
export function formerShares(sight: Sight): Readonly<Record<string, number>> {
  const { state, stable } = sight;
  const was = state.planned.before?.traffic ?? {};
  const able = carriers(sight).filter((group) => group === stable || group.healthy > 0);
  const [most] = able.toSorted((a, b) => (was[b.name] ?? 0) - (was[a.name] ?? 0));
  const heir = stable && was[stable.name] !== undefined ? stable : most;
  const shares = Object.fromEntries(able.map(({ name }) => [name, was[name] ?? 0]));
  const lost = 100 - Object.values(shares).reduce((sum, share) => sum + share, 0);
  return heir ? { ...shares, [heir.name]: (shares[heir.name] ?? 0) + lost } : shares;
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
