/** Why something may not begin now, and when it may. */
export interface Closed {
  /** Milliseconds since 1970; absent: never again, as far as can be seen. */
  readonly opensAt?: number;
  /** For people: what keeps it closed. */
  readonly reason: string;
}

/**
 * When stages may begin. `windows(…)` of `@gennaker/core/windows` makes one; one of your own may ask anything that it
 * has in memory. It is asked at each begin, and again at `opensAt`: what it answers need not stay true.
 */
export interface Calendar {
  /** Undefined: open. */
  closed(now: number): Closed | undefined;
  /** Milliseconds over which beginnings are spread after a wait, so that not all start at one instant. Default 0. */
  readonly jitterMs?: number;
}
