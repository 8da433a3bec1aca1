import type { Sight } from "./sight.ts";

/** Shares as they were before the rollout, among the groups that are still there; stable gets what nobody claims. */
function before({ state, world, stable }: Sight): Readonly<Record<string, number>> {
  const was = state.planned.before?.traffic ?? {};
  const there = Object.entries(was).filter(([name]) => world.groups.some((group) => group.name === name));
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
  const shares = before(sight);
  const names = Object.keys(shares);
  const had = Object.keys(sight.state.planned.before?.traffic ?? {}).length > 0;
  const alive = sight.world.groups.some((group) => names.includes(group.name) && group.healthy > 0);
  const { candidate } = sight;
  return had && !alive && candidate && candidate.healthy > 0 ? { [candidate.name]: 100 } : shares;
}
