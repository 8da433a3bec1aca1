import { isLost, type Sight } from "./sight.ts";
import { route } from "./state.ts";
import type { Step } from "./want.ts";

/**
 * Whether a rollout that failed leaves nothing to mend: it came all the way back; or, where that cannot be, whatever
 * has traffic can serve it, or there is nothing left of the rollout's groups.
 */
export function isRight(sight: Sight, step: Step | undefined): boolean {
  const { state, stable, candidate, baseline, world } = sight;
  const returns = state.direction === "back" && !isLost(sight);
  if (returns) return !step && sight.phase === route(state).at(-1);
  if (!stable && !candidate && !baseline) return true;
  // A comparison is not left over; where nothing else serves, it may serve.
  if (baseline && (baseline.share === 0 || candidate?.share === 0)) return false;
  const carriers = world.groups.filter(({ share }) => share > 0);
  return carriers.length > 0 && carriers.every(({ healthy }) => healthy > 0);
}
