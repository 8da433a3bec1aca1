/** How values lie, in the unit of the values. Percentiles are values that occurred (nearest rank). */
export interface Spread {
  /** Of how many values. */
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly max: number;
}

/** The spread of some values; undefined when there are none. */
export function spreadOf(values: readonly number[]): Spread | undefined {
  if (values.length === 0) return undefined;
  const sorted = values.toSorted((a, b) => a - b);
  // 10 values: the 9th is p90, the 5th p50.
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return { count: sorted.length, p50: at(0.5), p90: at(0.9), max: at(1) };
}
