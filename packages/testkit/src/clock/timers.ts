/** A callback that is due at an instant. */
export interface Timer {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
  off: boolean;
}

const earlier = (a: Timer, b: Timer): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

/** Timers by instant, and by order of insertion within one instant: a binary heap. */
export class Timers {
  readonly #heap: Timer[] = [];
  #inserted = 0;

  add(at: number, callback: () => void): Timer {
    const timer = { at, order: this.#inserted++, callback, off: false };
    this.#heap.push(timer);
    this.#rise(this.#heap.length - 1);
    return timer;
  }

  /** The earliest that is not called off. */
  first(): Timer | undefined {
    while (this.#heap[0]?.off) this.#removeFirst();
    return this.#heap[0];
  }

  take(): Timer | undefined {
    const first = this.first();
    if (first) this.#removeFirst();
    return first;
  }

  #removeFirst(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#sink(0);
  }

  #rise(index: number): void {
    const heap = this.#heap;
    for (let child = index; child > 0;) {
      const parent = (child - 1) >> 1;
      if (!earlier(heap[child]!, heap[parent]!)) return;
      [heap[child], heap[parent]] = [heap[parent]!, heap[child]!];
      child = parent;
    }
  }

  #sink(index: number): void {
    const heap = this.#heap;
    for (let parent = index; ;) {
      let child = 2 * parent + 1;
      if (child >= heap.length) return;
      if (child + 1 < heap.length && earlier(heap[child + 1]!, heap[child]!)) child++;
      if (!earlier(heap[child]!, heap[parent]!)) return;
      [heap[child], heap[parent]] = [heap[parent]!, heap[child]!];
      parent = child;
    }
  }
}
