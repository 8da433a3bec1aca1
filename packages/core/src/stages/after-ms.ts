// A timer that is to wait longer than this fires at once.
const TIMER_MAX_MS = 2 ** 31 - 1;

/** Calls after so many milliseconds, however many they are; returns how to call that off. */
export function afterMs(ms: number, call: () => void): () => void {
  let timer: NodeJS.Timeout;
  const wait = (left: number): void => {
    timer =
      left <= TIMER_MAX_MS
        ? setTimeout(call, left)
        : setTimeout(() => wait(left - TIMER_MAX_MS), TIMER_MAX_MS);
  };
  wait(ms);
  return () => clearTimeout(timer);
}
