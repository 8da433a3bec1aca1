import type { Event } from "../machine/events.ts";
import type { Clock } from "../ports/clock.ts";
import { ConfigurationError } from "../errors.ts";
import { Bell } from "./bell.ts";

const PAGE = 500;

/** Where a stream reads: a page of events from a position on. */
export type ReadPage = (from: number, limit: number) => Promise<readonly Event[]>;

/** What a stream waits for: anything of one run, the end of one run, or anything at all. */
export type Topic = `run ${string}` | `end of ${string}` | "anything";

/** Tells streams that there may be more to read. */
export class StreamHub {
  readonly #listening = new Map<Topic, Set<Bell>>();
  #closed = false;
  #waiting = 0;
  readonly #clock: Clock;
  #letGo: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Nothing comes any more. */
  get closed(): boolean {
    return this.#closed;
  }

  /** How many listen now. */
  get size(): number {
    let size = 0;
    for (const bells of this.#listening.values()) size += bells.size;
    return size;
  }

  /** Something of a run was committed, perhaps its end. */
  notify(run: string, isOver: boolean): void {
    if (this.#listening.size === 0) return;
    this.#ring("anything");
    this.#ring(`run ${run}`);
    if (isOver) this.#ring(`end of ${run}`);
  }

  close(): void {
    this.#closed = true;
    for (const topic of this.#listening.keys()) this.#ring(topic);
  }

  /** A bell that rings at each notification from now on; give it back with `leave`. */
  listen(topic: Topic): Bell {
    const bell = new Bell();
    const bells = this.#listening.get(topic);
    if (bells) bells.add(bell);
    else this.#listening.set(topic, new Set([bell]));
    return bell;
  }

  leave(topic: Topic, bell: Bell): void {
    const bells = this.#listening.get(topic);
    bells?.delete(bell);
    if (bells?.size === 0) this.#listening.delete(topic);
  }

  /** Waits for a bell. Who waits does not want the program to end before: the clock's timers do not hold it. */
  async wait(bell: Bell, signal?: AbortSignal): Promise<void> {
    if (this.#closed) return;
    this.#waiting += 1;
    this.#letGo ??= this.#clock.hold?.();
    try {
      await bell.wait(signal);
    } finally {
      this.#waiting -= 1;
      if (this.#waiting === 0) {
        this.#letGo?.();
        this.#letGo = undefined;
      }
    }
  }

  #ring(topic: Topic): void {
    const bells = this.#listening.get(topic);
    if (bells) for (const bell of bells) bell.ring();
  }
}

/** What to follow, and until when. */
export interface Following {
  readonly topic: Topic;
  readonly from: number;
  readonly signal?: AbortSignal;
  /** Resolves once the log can be read. */
  readonly ready: () => Promise<void>;
  /** Where an event stands, in the terms of `from`. */
  readonly position: (event: Event) => number;
  /** Whether nothing comes after this event. */
  readonly last: (event: Event) => boolean | Promise<boolean>;
}

/**
 * History first, then live, and nothing lost: the log itself is the stream. A slow reader reads later, nothing is
 * buffered for it. Ends after the last event, when the signal aborts, or when the delivery closes. Each iteration
 * starts anew; one that is given up ends at once, even while it waits.
 */
export function follow(read: ReadPage, hub: StreamHub, following: Following): AsyncIterable<Event> {
  return {
    [Symbol.asyncIterator]() {
      const stop = { wanted: false, wake: (): void => {} };
      const events = pages(read, hub, following, stop);
      return {
        next: () => events.next(),
        return: async () => {
          stop.wanted = true;
          stop.wake();
          await events.return(undefined);
          return { done: true, value: undefined };
        },
      };
    },
  };
}

async function* pages(
  read: ReadPage,
  hub: StreamHub,
  { topic, signal, ready, position, last, from: start }: Following,
  stop: { readonly wanted: boolean; wake: () => void },
): AsyncGenerator<Event, undefined> {
  await ready();
  let from = start;
  const over = (): boolean => stop.wanted || signal?.aborted === true || hub.closed;
  // Listens before it reads, so that nothing falls between.
  const bell = hub.listen(topic);
  stop.wake = () => bell.ring();
  try {
    while (!over()) {
      const page = await readUntilClosed(read, from, hub);
      for (const event of page) {
        if (stop.wanted || signal?.aborted) return;
        from = position(event) + 1;
        yield event;
        if (await last(event)) return;
      }
      if (page.length === 0 && !over()) await hub.wait(bell, signal);
    }
  } finally {
    hub.leave(topic, bell);
  }
}

/** @throws ConfigurationError when it is not a place in a log */
export function checkFrom(from: number): number {
  if (Number.isSafeInteger(from) && from >= 0) return from;
  throw new ConfigurationError("events", [`from: ${from} is not a whole number from 0 on`]);
}

// A log that closes in mid-read ends the stream as any closing does.
async function readUntilClosed(read: ReadPage, from: number, hub: StreamHub): Promise<readonly Event[]> {
  try {
    return await read(from, PAGE);
  } catch (error) {
    if (hub.closed) return [];
    throw error;
  }
}
