import { instancesOf } from "./sizes.ts";

/** Bounds of a rolling update: instances, or a percentage of the candidate's size such as `"25%"`. */
export interface BatchOptions {
  readonly maxSurge: number | `${number}%`;
  readonly maxUnavailable: number | `${number}%`;
}

/** What is there when a batch is done: so many candidates, and so many instances of stable left. */
export interface Batch {
  readonly candidate: number;
  readonly stable: number;
}

/** The batches of a rolling update and the numbers that they keep to. */
export interface Batches {
  readonly list: readonly Batch[];
  /** Most instances at any time. */
  readonly peak: number;
  /** Fewest that serve at any time, 1 or more. */
  readonly least: number;
}

/**
 * Computes the batches that lead from `from` instances of stable to `to` candidates: each fills up to the peak with
 * candidates, then takes away as much of stable as need not serve any more.
 *
 * Surge is rounded up, unavailable down; both zero means unavailable 1. At least one instance always serves; where that
 * leaves no room (one instance, no surge), one is added first.
 */
export function batchesOf(from: number, to: number, options: BatchOptions): Batches {
  const served = Math.min(from, to);
  const surge = amount(options.maxSurge, to, Math.ceil);
  const asked = amount(options.maxUnavailable, to, Math.floor);
  const unavailable = Math.min(served - 1, surge === 0 && asked === 0 ? 1 : asked);
  const peak = Math.max(from, to) + (unavailable === 0 ? Math.max(1, surge) : surge);
  const least = served - unavailable;
  return { list: walk(from, to, peak, least), peak, least };
}

function walk(from: number, to: number, peak: number, least: number): readonly Batch[] {
  const list: Batch[] = [];
  let candidate = 0;
  let stable = from;
  while (candidate < to || stable > 0) {
    candidate = Math.min(to, peak - stable);
    stable = Math.min(stable, Math.max(0, least - candidate));
    list.push({ candidate, stable });
  }
  return list;
}

function amount(value: BatchOptions["maxSurge"], size: number, round: (exact: number) => number): number {
  return typeof value === "number" ? value : round((size * Number(value.slice(0, -1))) / 100);
}

/** Instances of so many that must be healthy. */
export function healthyOf(instances: number, minHealthy: number): number {
  return Math.max(1, instancesOf(instances, minHealthy));
}
