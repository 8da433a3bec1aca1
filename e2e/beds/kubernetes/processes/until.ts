import { setTimeout as sleep } from "node:timers/promises";

const SOONEST_MS = 10;
const LATEST_MS = 200;

/** How to wait. */
export interface Patience {
  /** What is waited for, for the message: "kube-apiserver is ready". */
  readonly what: string;
  /** @default 60000 */
  readonly withinMs?: number;
  /** Says why there is no more hope; looked at before each try. */
  readonly hopeless?: () => string | undefined;
}

/**
 * Asks until the answer is not undefined, soon at first and then less often; an error counts as "not yet".
 *
 * @throws Error with what was waited for and the last error, when time is up or there is no hope
 */
export async function until<T>(
  ask: () => Promise<T | undefined> | T | undefined,
  patience: Patience,
): Promise<T> {
  const { what, withinMs = 60_000, hopeless } = patience;
  const end = performance.now() + withinMs;
  let last: unknown;
  for (let pause = SOONEST_MS; ; pause = Math.min(pause * 1.5, LATEST_MS)) {
    const lost = hopeless?.();
    if (lost) throw new Error(`waiting for "${what}": ${lost}`);
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (performance.now() > end) throw new Error(`waited ${withinMs} ms for "${what}"`, { cause: last });
    await sleep(pause);
  }
}
