import type { TrafficMode } from "@gennaker/core/ports";
import type { Group } from "./group.ts";

/** Whole percentages of weights, 100 in all: each rounded down, the rest to the largest remainders. */
function percentages(weights: readonly number[]): number[] {
  const sum = weights.reduce((a, b) => a + b, 0);
  if (sum === 0) return weights.map(() => 0);
  const exact = weights.map((weight) => (100 * weight) / sum);
  const shares = exact.map(Math.floor);
  const rest = 100 - shares.reduce((a, b) => a + b, 0);
  const order = exact.map((_, index) => index).toSorted((a, b) => (exact[b]! % 1) - (exact[a]! % 1));
  for (const index of order.slice(0, rest)) shares[index]!++;
  return shares;
}

/**
 * The share that each group really gets. Where traffic is proportional, a group with a share is in, and those that are
 * in get traffic by their healthy instances; with none healthy, by their sizes; with none at all, equally.
 */
export function sharesOf(groups: readonly Group[], mode: TrafficMode): readonly number[] {
  if (mode !== "proportional") return groups.map((group) => group.share);
  const by = (weight: (group: Group) => number): number[] =>
    groups.map((group) => (group.share > 0 ? weight(group) : 0));
  const weights = [by((group) => group.counts.healthy), by((group) => group.desired), by(() => 1)];
  return percentages(weights.find((list) => list.some((weight) => weight > 0)) ?? by(() => 0));
}

/** What is wrong with shares that somebody wants to set. */
export function problemOfShares(
  shares: Readonly<Record<string, number>>,
  mode: TrafficMode,
): string | undefined {
  const values = Object.values(shares);
  if (values.length === 0) return undefined;
  if (values.some((share) => !(share >= 0 && share <= 100))) return "a share is 0–100";
  const sum = values.reduce((a, b) => a + b, 0);
  if (Math.abs(sum - 100) > 1e-6) return `shares sum to 100, not to ${sum}`;
  if (mode === "switch" && values.some((share) => share !== 0 && share !== 100)) {
    return "traffic cannot be split here: one group gets 100";
  }
  return undefined;
}
