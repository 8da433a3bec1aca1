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
 * Where traffic belongs on the way back: where it was. But a candidate or a baseline with healthy instances is better
 * than groups without any, until one of those heals.
 */
export function home(sight: Sight): Readonly<Record<string, number>> {
  const { world, state } = sight;
  const shares = formerShares(sight);
  const alive = world.groups.some((group) => shares[group.name] !== undefined && group.healthy > 0);
  const served = (state.planned.before?.share ?? 0) > 0;
  if (!served || alive) return shares;
  return refuge(sight) ?? (isLost(sight) ? sharesIn(world) : shares);
}

// The one with more healthy instances; of equal ones the baseline, which is the release to come back to. Where that is
// lost for good the candidate is what stays. Where shares follow health, both together serve most.
function refuge(sight: Sight): Readonly<Record<string, number>> | undefined {
  const { candidate, baseline, state } = sight;
  const lost = isLost(sight);
  const [first, second] = (lost ? [candidate, baseline] : [baseline, candidate]).filter(
    (group) => group !== undefined && group.healthy > 0,
  );
  if (!first) return undefined;
  if (!second || lost) return { [first.name]: 100 };
  if (state.planned.traffic === "proportional") return { [first.name]: 50, [second.name]: 50 };
  return { [second.healthy > first.healthy ? second.name : first.name]: 100 };
}
