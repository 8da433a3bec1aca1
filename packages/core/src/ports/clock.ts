/** Where time comes from. Inject a virtual one in tests and simulations. */
export interface Clock {
  /** Milliseconds since 1970, UTC. */
  now(): number;
  /** Calls back once, `ms` from now or as soon as possible after; returns how to call it off. Never keeps a program alive by itself. */
  after(ms: number, callback: () => void): () => void;
  /** Keeps the program alive until the returned function is called; absent where time is not real. */
  hold?(): () => void;
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, callback) {
    // setTimeout overflows above 2^31-1 ms: sleep in pieces.
    const limit = 2 ** 31 - 1;
    const due = Date.now() + ms;
    let timer: NodeJS.Timeout;
    const arm = (): void => {
      const left = due - Date.now();
      timer = setTimeout(() => (left > limit ? arm() : callback()), Math.min(Math.max(left, 0), limit));
      timer.unref();
    };
    arm();
    return () => clearTimeout(timer);
  },
  hold() {
    const timer = setInterval(() => {}, 2 ** 30);
    return () => clearInterval(timer);
  },
};
