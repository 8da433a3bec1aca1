/** A number, or any whole number from the first to the second. */
export type Span = number | readonly [from: number, to: number];

/** Chance that can be repeated: the same seed, the same draws. */
export interface Random {
  /** From 0 up to, not including, 1. */
  next(): number;
  /** True with a probability of 0–1. */
  chance(probability: number): boolean;
  /** A value of a span. */
  within(span: Span): number;
  /** One of a list that is not empty. */
  pick<T>(list: readonly T[]): T;
}

/** Mulberry32: 32 bits of state, fast, and good enough to vary a simulation. */
export function random(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    chance: (probability) => probability > 0 && next() < probability,
    within: (span) =>
      typeof span === "number" ? span : span[0] + Math.floor(next() * (span[1] - span[0] + 1)),
    pick: (list) => list[Math.floor(next() * list.length)]!,
  };
}
