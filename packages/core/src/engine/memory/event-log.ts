import type { Event } from "../../machine/events.ts";

/** The events of all runs in order of offset; offsets begin at 1, as they do on disk, and are never given again. */
export class EventLog {
  #events: Event[] = [];
  #last = 0;

  /** Of the newest event that ever was. */
  get last(): number {
    return this.#last;
  }

  add(event: Event): void {
    this.#events.push(event);
    this.#last = event.offset;
  }

  from(offset: number, limit: number): readonly Event[] {
    const start = this.#indexOf(offset);
    return this.#events.slice(start, start + limit);
  }

  remove(runs: ReadonlySet<string>): void {
    this.#events = this.#events.filter(({ run }) => !runs.has(run));
  }

  // The first event at an offset or after it: there are gaps where runs were removed.
  #indexOf(offset: number): number {
    let low = 0;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#events[middle]!.offset < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
