/** Measures how long something has lasted in all; it can stand still in between. */
export interface Stopwatch {
  /** Milliseconds measured before `since`. */
  readonly ms: number;
  /** Since when it runs; undefined: it stands still. */
  readonly since: number | undefined;
}

/** Nothing measured yet, standing still. */
export const ZERO: Stopwatch = { ms: 0, since: undefined };

/** Milliseconds measured up to an instant. */
export function elapsed({ ms, since }: Stopwatch, now: number): number {
  return since === undefined ? ms : ms + Math.max(0, now - since);
}

/** Lets a watch run or stand still from an instant on; the same object when it does already. */
export function run(watch: Stopwatch, runs: boolean, at: number): Stopwatch {
  if (runs === (watch.since !== undefined)) return watch;
  return runs ? { ms: watch.ms, since: at } : { ms: elapsed(watch, at), since: undefined };
}

/** When a running watch will show this much; undefined when it stands still. */
export function instantOf(watch: Stopwatch, ms: number): number | undefined {
  return watch.since === undefined ? undefined : watch.since + ms - watch.ms;
}
