/** Instances behind a percentage of a size, as the engine counts: rounded up. */
export function instancesOf(size: number, percent: number): number {
  return Math.ceil((size * percent) / 100);
}

/**
 * The percentage that stands for so many instances of a size, with four decimals, rounded down, so that the engine
 * rounds up to just that many: 1 of 3 is 33.3333.
 */
export function percentFor(instances: number, size: number): number {
  if (instances >= size) return 100;
  const steps = Math.floor((instances * 1_000_000) / size);
  const percent = steps / 10_000;
  // 10,000 * 0.07 % is 7.000000000000001 in binary.
  return instancesOf(size, percent) > instances ? (steps - 1) / 10_000 : percent;
}

/** How many instances each group has. */
export interface Split {
  readonly candidate: number;
  readonly stable: number;
}

/**
 * Where shares follow instance counts: the counts whose share is nearest to a weight between 0 and 100, with `total`
 * instances in all or one more. Of two that are equally near it is the larger share. Neither side gets nothing, since
 * that would be another thing than a part. 5 % of 10 is 1 beside 10; 25 % of 4 is 1 beside 3.
 */
export function nearestSplit(weight: number, total: number): Split {
  const [nearest] = [total, total + 1]
    .filter((all) => all >= 2)
    .flatMap((all) => around((all * weight) / 100, all))
    .toSorted((a, b) => off(a, weight) - off(b, weight) || shareOf(b) - shareOf(a));
  return nearest ?? { candidate: 1, stable: 1 };
}

/**
 * The same with a baseline as large as the candidate beside it, with up to `total + 2` instances in all; of two that
 * are equally near and equally large it is the smaller cluster. 25 % of 4 is 1, 1 and 2 of stable.
 */
export function nearestTriple(weight: number, total: number): Split & { readonly baseline: number } {
  const [nearest] = [total, total + 1, total + 2]
    .filter((all) => all >= 3)
    .flatMap((all) => pairsAround((all * weight) / 100, all))
    .toSorted(
      (a, b) => off(whole(a), weight) - off(whole(b), weight) || shareOf(whole(b)) - shareOf(whole(a)),
    );
  return nearest ?? { candidate: 1, baseline: 1, stable: 1 };
}

// All that is not the candidate, to count shares by.
function whole({ candidate, baseline, stable }: Split & { readonly baseline: number }): Split {
  return { candidate, stable: baseline + stable };
}

function pairsAround(exact: number, all: number): readonly (Split & { readonly baseline: number })[] {
  return [Math.floor(exact), Math.ceil(exact)].map((count) => {
    const each = Math.min(Math.floor((all - 1) / 2), Math.max(1, count));
    return { candidate: each, baseline: each, stable: all - 2 * each };
  });
}

/** The candidate's part of the traffic in percent, where shares follow instance counts. */
export function shareOf({ candidate, stable }: Split): number {
  return (100 * candidate) / (candidate + stable);
}

function around(exact: number, all: number): readonly Split[] {
  return [Math.floor(exact), Math.ceil(exact)].map((count) => {
    const candidate = Math.min(all - 1, Math.max(1, count));
    return { candidate, stable: all - candidate };
  });
}

// Rounded, so that two that are equally far off compare as equal.
function off(split: Split, weight: number): number {
  return Math.round(Math.abs(shareOf(split) - weight) * 1e9);
}
