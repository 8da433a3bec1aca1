/** What traffic is divided among. */
export interface Weighted {
  readonly share: number;
  /** Grows by the share at each turn, falls by the whole when chosen. */
  credit: number;
}

/**
 * Smooth weighted round robin: 20 and 80 give exactly 20 and 80 of 100 turns, spread evenly. The first of equals wins.
 * With shares 1 and 2: b, a, b, b, a, b …
 */
export function nextTurn<G extends Weighted>(groups: readonly G[]): G | undefined {
  let chosen: G | undefined;
  let whole = 0;
  for (const group of groups) {
    if (group.share <= 0) continue;
    whole += group.share;
    group.credit += group.share;
    if (!chosen || group.credit > chosen.credit) chosen = group;
  }
  if (chosen) chosen.credit -= whole;
  return chosen;
}

/** The one with the fewest requests under way; among equals, the one that comes after the last chosen. */
export function leastBusy<I extends { readonly outstanding: number }>(
  instances: readonly I[],
  after: I | undefined,
): I | undefined {
  const start = after ? instances.indexOf(after) + 1 : 0;
  let chosen: I | undefined;
  for (let n = 0; n < instances.length; n += 1) {
    const candidate = instances[(start + n) % instances.length];
    if (candidate && (!chosen || candidate.outstanding < chosen.outstanding)) chosen = candidate;
  }
  return chosen;
}
