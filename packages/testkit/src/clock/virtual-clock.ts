import type { Clock } from "@gennaker/core/ports";
import { quiet } from "./quiet.ts";
import { Timers } from "./timers.ts";

const YEAR = 365 * 86_400_000;

/** How long to let virtual time run before giving up. */
export interface Patience {
  /** Milliseconds of virtual time; default one year. */
  readonly withinMs?: number;
}

/** A clock that moves only when it is told to. Timers fire by instant, then in the order in which they were set. */
export interface VirtualClock extends Clock {
  /** The instant of the earliest timer. */
  next(): number | undefined;
  /** Moves to the earliest timer and fires it, without letting promise chains run; false when there is none. */
  fireNext(): boolean;
  /** Fires the earliest timer, then lets everything it set off settle; false when there is none. */
  runNext(): Promise<boolean>;
  /** Moves time on by so much, firing and settling each timer on the way. */
  advance(ms: number): Promise<void>;
  /**
   * Runs until an instant, or until a predicate holds (asked after each timer).
   *
   * @throws Error when the predicate does not hold and nothing is scheduled any more, or patience ends
   */
  runUntil(until: number | (() => boolean), patience?: Patience): Promise<void>;
  /**
   * Runs until a promise settles, and settles like it.
   *
   * @throws Error when it can never settle: nothing is scheduled any more, or patience ends
   * @example await clock.drive(run.outcome())
   */
  drive<T>(work: Promise<T>, patience?: Patience): Promise<T>;
  /** Lets promise chains, `setImmediate`s and file calls that are under way come to their end; time stands still. */
  settle(): Promise<void>;
}

/**
 * A clock in virtual time, for tests and simulations. `start` is in milliseconds since 1970; default 2026-01-01.
 *
 * After each timer it waits until the process is quiet: no promise chain, no `setImmediate`, no file call under way.
 * So code under test may await as deeply as it likes, and commit once per tick, without virtual time running ahead.
 *
 * @example
 * const clock = virtualClock()
 * clock.after(60_000, () => console.log("a minute later"))
 * await clock.advance(60_000)
 */
export function virtualClock(start: number = Date.UTC(2026, 0, 1)): VirtualClock {
  const timers = new Timers();
  let now = start;

  const fireNext = (): boolean => {
    const timer = timers.take();
    if (!timer) return false;
    now = Math.max(now, timer.at);
    timer.callback();
    return true;
  };

  const runNext = async (): Promise<boolean> => {
    await quiet();
    const fired = fireNext();
    if (fired) await quiet();
    return fired;
  };

  const runWhile = async (waiting: () => boolean, { withinMs = YEAR }: Patience): Promise<void> => {
    const end = now + withinMs;
    await quiet();
    while (waiting()) {
      const next = timers.first()?.at;
      if (next === undefined) throw new Error(`${at(now)}: still waiting, but nothing is scheduled any more`);
      if (next > end) throw new Error(`${at(now)}: still waiting after ${withinMs} ms of virtual time`);
      fireNext();
      await quiet();
    }
  };

  const runTo = async (instant: number): Promise<void> => {
    await quiet();
    while ((timers.first()?.at ?? Infinity) <= instant) {
      fireNext();
      await quiet();
    }
    now = Math.max(now, instant);
  };

  return {
    now: () => now,
    after(ms, callback) {
      if (!Number.isFinite(ms)) throw new RangeError(`cannot call back after ${ms} ms`);
      const timer = timers.add(now + Math.max(0, ms), callback);
      return () => {
        timer.off = true;
      };
    },
    next: () => timers.first()?.at,
    fireNext,
    runNext,
    advance: (ms) => runTo(now + ms),
    runUntil: (until, patience = {}) =>
      typeof until === "number" ? runTo(until) : runWhile(() => !until(), patience),
    async drive(work, patience = {}) {
      let settled = false;
      const settle = (): void => {
        settled = true;
      };
      work.then(settle, settle);
      await runWhile(() => !settled, patience);
      return work;
    },
    settle: quiet,
  };
}

const at = (instant: number): string => new Date(instant).toISOString();
