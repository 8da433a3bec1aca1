import type { SizeRule } from "../../model/phase.ts";
import type { RolloutState } from "./state.ts";

/** A percentage of a size, rounded up: 25 % of 3 is 1. */
export function sizeOf(full: number, percent: number): number {
  // The correction keeps 7 % of 100 at 7: 100 * 7 / 100 is exact, 0.07 * 100 is not.
  return Math.ceil((full * percent) / 100);
}

/** How many of so many instances must be healthy to serve their part: at least one of any. */
export function need(size: number, minHealthy: number): number {
  return size === 0 ? 0 : Math.max(1, sizeOf(size, minHealthy));
}

/** Whether the candidate follows a stable that is scaled up. */
export function follows(rule: SizeRule): boolean {
  return typeof rule !== "number";
}

/** Instances behind traffic that a rollout must not go below by its own doing; 0 where nothing served before. */
export function floorOf({ planned, size, stableSize }: RolloutState): number {
  const { before, rollout, sizeRule } = planned;
  if (!before || before.share === 0) return 0;
  const served = follows(sizeRule) ? stableSize : Math.min(size, stableSize);
  return rollout.floor === undefined ? need(served, rollout.minHealthy) : sizeOf(served, rollout.floor);
}
