import type { ServerGroup } from "../../model/cluster.ts";
import type { TrafficMode } from "../../model/phase.ts";

/** What counts of a group for what it can serve. */
export type Serving = Pick<ServerGroup, "healthy" | "share">;

/**
 * For how many instances' worth of traffic the groups are good. 3 healthy ones that get 50 % could carry 6 in all;
 * the weakest group in proportion to its share decides. Where shares follow health, all healthy ones count.
 */
export function serving(groups: readonly Serving[], mode: TrafficMode): number {
  const carriers = groups.filter((group) => group.share > 0);
  if (carriers.length === 0) return 0;
  return mode === "proportional"
    ? carriers.reduce((sum, group) => sum + group.healthy, 0)
    : Math.min(...carriers.map((group) => (group.healthy * 100) / group.share));
}

/**
 * Whether the groups are good for so many instances' worth of traffic. Shares are whole percents, which cannot express
 * thirds: a part may be half a percent more than what it stands for, and 2 of 3 instances may well carry 67 %.
 */
export function carries(groups: readonly Serving[], least: number, mode: TrafficMode): boolean {
  if (least <= 0) return true;
  const carriers = groups.filter((group) => group.share > 0);
  return mode === "proportional"
    ? serving(carriers, mode) >= least
    : carriers.length > 0 && carriers.every(({ healthy, share }) => healthy >= part(least, share));
}

/** How many of so many instances' worth of traffic a share in percent is. */
export function part(whole: number, share: number): number {
  return (whole * (share < 100 ? share - 0.5 : share)) / 100;
}

/** Whether traffic is as wanted; where shares follow health, only who gets any can be wanted. */
export function sharesMatch(
  groups: readonly Pick<ServerGroup, "name" | "share">[],
  wanted: Readonly<Record<string, number>>,
  mode: TrafficMode,
): boolean {
  return groups.every(({ name, share }) => {
    const want = wanted[name] ?? 0;
    return mode === "proportional" ? share > 0 === want > 0 : share === want;
  });
}
