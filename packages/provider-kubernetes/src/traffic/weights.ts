/** Shares as whole weights: 34 stays 34, and 12.5 beside 87.5 becomes 125 beside 875. */
export function wholeWeights(shares: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  const named = Object.entries(shares).filter(([, share]) => share > 0);
  const factor =
    [1, 10, 100, 1000].find((by) => named.every(([, share]) => Number.isInteger(share * by))) ?? 10_000;
  return Object.fromEntries(named.map(([name, share]) => [name, Math.round(share * factor)]));
}

/** What to say of backends that are no groups and have traffic. */
export function strangers(
  where: string,
  weights: Readonly<Record<string, number>>,
  groups: ReadonlySet<string>,
): readonly string[] {
  return Object.entries(weights)
    .filter(([name, weight]) => weight > 0 && !groups.has(name))
    .map(([name]) => `${where} sends traffic to Service ${name}, which is no group of this cluster`);
}
