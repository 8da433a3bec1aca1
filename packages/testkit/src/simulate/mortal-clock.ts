import type { Clock } from "@gennaker/core/ports";

/** A clock as a process sees it that can be killed: its timers die with it. */
export function mortalClock(clock: Clock, dead: () => boolean): Clock {
  return {
    now: () => clock.now(),
    after: (ms, callback) => clock.after(ms, () => dead() || callback()),
  };
}
