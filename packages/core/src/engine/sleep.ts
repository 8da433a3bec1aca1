import type { Clock } from "../ports/clock.ts";

/** Resolves after `ms` of the clock's time, or at once when the signal aborts. Never rejects: look at the signal. */
export function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted || ms <= 0) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      callOff();
      signal.removeEventListener("abort", done);
      resolve();
    };
    const callOff = clock.after(ms, done);
    signal.addEventListener("abort", done, { once: true });
  });
}
