import type { Clock } from "../ports/clock.ts";

interface Alarm {
  readonly run: string;
  readonly at: number;
  /** Where it stands in the heap, so that it can be taken out from the middle. */
  index: number;
}

/** When each run is to be woken: a binary heap, with one timer of the clock, for the earliest. */
export class Alarms {
  readonly #clock: Clock;
  readonly #ring: (run: string) => void;
  readonly #heap: Alarm[] = [];
  readonly #byRun = new Map<string, Alarm>();
  #armedFor: number | undefined;
  #disarm: () => void = () => {};

  constructor(clock: Clock, ring: (run: string) => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** Sets, moves or (null) removes the alarm of a run. One that rang rings again when it is set again. */
  set(run: string, at: number | null): void {
    const before = this.#byRun.get(run);
    if (before ? before.at === at : at === null) return;
    if (before) this.#remove(before);
    if (at !== null) this.#add(run, at);
    this.#arm();
  }

  clear(): void {
    this.#heap.length = 0;
    this.#byRun.clear();
    this.#arm();
  }

  #arm(): void {
    const earliest = this.#heap[0]?.at;
    if (earliest === this.#armedFor) return;
    this.#disarm();
    this.#armedFor = earliest;
    if (earliest === undefined) return;
    this.#disarm = this.#clock.after(Math.max(0, earliest - this.#clock.now()), () => this.#fire());
  }

  // A timer may fire early by a millisecond: then nothing rings, and it is armed again.
  #fire(): void {
    this.#armedFor = undefined;
    const now = this.#clock.now();
    const due: string[] = [];
    for (let first = this.#heap[0]; first && first.at <= now; first = this.#heap[0]) {
      this.#remove(first);
      due.push(first.run);
    }
    this.#arm();
    for (const run of due) this.#ring(run);
  }

  #add(run: string, at: number): void {
    const alarm = { run, at, index: this.#heap.length };
    this.#byRun.set(run, alarm);
    this.#heap.push(alarm);
    this.#rise(alarm);
  }

  #remove(alarm: Alarm): void {
    this.#byRun.delete(alarm.run);
    const last = this.#heap.pop();
    if (!last || last === alarm) return;
    this.#put(last, alarm.index);
    this.#rise(last);
    this.#sink(last);
  }

  #rise(alarm: Alarm): void {
    while (alarm.index > 0) {
      const parent = this.#heap[(alarm.index - 1) >> 1];
      if (!parent || parent.at <= alarm.at) return;
      this.#swap(parent, alarm);
    }
  }

  #sink(alarm: Alarm): void {
    for (;;) {
      const left = this.#heap[2 * alarm.index + 1];
      const right = this.#heap[2 * alarm.index + 2];
      const child = left && right && right.at < left.at ? right : left;
      if (!child || child.at >= alarm.at) return;
      this.#swap(alarm, child);
    }
  }

  #swap(upper: Alarm, lower: Alarm): void {
    const index = upper.index;
    this.#put(upper, lower.index);
    this.#put(lower, index);
  }

  #put(alarm: Alarm, index: number): void {
    alarm.index = index;
    this.#heap[index] = alarm;
  }
}
