import type { Event } from "../machine/events.ts";

const PAGE = 500;

/** Where a stream reads: a page of events from a position on. */
export type ReadPage = (from: number, limit: number) => Promise<readonly Event[]>;

/** Tells streams that there may be more to read. */
export class StreamHub {
  readonly #waiting = new Set<() => void>();

  /** Something was committed, or the delivery closes. */
  notify(): void {
    if (this.#waiting.size === 0) return;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }

  /** Registers for the next notification; take the promise *before* reading, so that nothing falls between. */
  next(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener("abort", wake, { once: true });
    });
  }
}

/**
 * History first, then live, and nothing lost: the log itself is the stream. A slow reader reads later, nothing is
 * buffered for it. Ends after an event for which `last` is true, or when the signal aborts.
 */
export async function* follow(
  read: ReadPage,
  position: (event: Event) => number,
  hub: StreamHub,
  options: { readonly from: number; readonly signal: AbortSignal; readonly last: (event: Event) => boolean },
): AsyncGenerator<Event> {
  let from = options.from;
  const { signal } = options;
  while (!signal.aborted) {
    const more = hub.next(signal);
    const page = await read(from, PAGE);
    for (const event of page) {
      if (signal.aborted) return;
      from = position(event) + 1;
      yield event;
      if (options.last(event)) return;
    }
    if (page.length === 0) await more;
  }
}
