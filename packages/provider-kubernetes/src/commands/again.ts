import type { Call } from "../api/calls.ts";
import { isLostRace, Refusal } from "../api/failure.ts";
import { pause } from "../pause.ts";

const TRIES = 12;
const FIRST_MS = 5;
const LONGEST_MS = 500;

/**
 * Reads, decides and writes again for as long as somebody else is quicker; controllers write to the same objects all the
 * time. Pauses grow and vary, so that two who collide do not go on in step.
 *
 * @throws Refusal, kind `conflict`, after a dozen tries
 */
export async function again<T>(
  what: string,
  work: () => Promise<T>,
  { signal }: Call,
  isLost: (error: unknown) => boolean = isLostRace,
): Promise<T> {
  for (let tries = 0; tries < TRIES; tries++) {
    try {
      return await work();
    } catch (error) {
      if (!isLost(error)) throw error;
      await pause(Math.random() * Math.min(LONGEST_MS, FIRST_MS * 2 ** tries), signal);
      signal?.throwIfAborted();
    }
  }
  throw new Refusal(
    "conflict",
    `${what} was changed by others each time, ${TRIES} times: is a controller fighting for it?`,
  );
}
