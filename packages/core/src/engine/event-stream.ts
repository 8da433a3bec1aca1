import type { Event } from "../machine/events.ts";

const PAGE = 500;

/** Where a stream reads: a page of events from a position on. */
export type ReadPage = (from: number, limit: number) => Promise<readonly Event[]>;

/** What a stream waits for: anything of one run, the end of one run, or anything at all. */
export type Topic = `run ${string}` | `end of ${string}` | "anything";

/** Tells streams that there may be more to read. */
export class StreamHub {
  readonly #waiting = new Map<Topic, Set<() => void>>();
  #closed = false;

  /** Nothing comes any more. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Something was committed. */
  notify({ run, type }: Pick<Event, "run" | "type">): void {
    if (this.#waiting.size === 0) return;
    this.#wake("anything");
    this.#wake(`run ${run}`);
    if (type === "run-finished") this.#wake(`end of ${run}`);
  }

  close(): void {
    this.#closed = true;
    for (const topic of this.#waiting.keys()) this.#wake(topic);
  }

  /** Registers for the next notification; take the promise *before* reading, so that nothing falls between. */
  next(topic: Topic, signal?: AbortSignal): Promise<void> {
    if (this.#closed) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiting.get(topic)?.delete(wake);
        signal?.removeEventListener("abort", wake);
        resolve();
      };
      const waiting = this.#waiting.get(topic);
      if (waiting) waiting.add(wake);
      else this.#waiting.set(topic, new Set([wake]));
      signal?.addEventListener("abort", wake, { once: true });
    });
  }

  #wake(topic: Topic): void {
    const waiting = this.#waiting.get(topic);
    if (!waiting) return;
    this.#waiting.delete(topic);
    for (const wake of waiting) wake();
  }
}

/** What to follow, and until when. */
export interface Following {
  readonly topic: Topic;
  readonly from: number;
  readonly signal?: AbortSignal;
  /** Where an event stands, in the terms of `from`. */
  readonly position: (event: Event) => number;
  /** Whether nothing comes after this event. */
  readonly last: (event: Event) => boolean;
}

/**
 * History first, then live, and nothing lost: the log itself is the stream. A slow reader reads later, nothing is
 * buffered for it. Ends after the last event, when the signal aborts, or when the delivery closes.
 */
export async function* follow(read: ReadPage, hub: StreamHub, following: Following): AsyncGenerator<Event> {
  const { topic, signal, position, last } = following;
  let { from } = following;
  while (!signal?.aborted && !hub.closed) {
    const more = hub.next(topic, signal);
    const page = await read(from, PAGE);
    for (const event of page) {
      if (signal?.aborted) return;
      from = position(event) + 1;
      yield event;
      if (last(event)) return;
    }
    if (page.length === 0) await more;
  }
}
