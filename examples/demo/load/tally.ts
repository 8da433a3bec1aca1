/** What came of the requests so far. JSON. */
export interface Tally {
  readonly sent: number;
  /** No answer, a broken or late one, or one that is not 2xx; without `sick`. */
  readonly failed: number;
  /** Errors that the version under test answered itself, once it was ill. */
  readonly sick: number;
  /** Good answers by version. */
  readonly versions: Readonly<Record<string, number>>;
  /** Why requests failed, with how many. */
  readonly reasons: Readonly<Record<string, number>>;
  /** Requests sent in the last second or so. */
  readonly perSecond: number;
  /** Milliseconds within which 99 % of that second's good answers came. */
  readonly p99: number;
}

/** Nothing sent yet. */
export const NO_TALLY: Tally = {
  sent: 0,
  failed: 0,
  sick: 0,
  versions: {},
  reasons: {},
  perSecond: 0,
  p99: 0,
};

const STEP_MS = 0.25;
const STEPS = 8000;

/** Counts answers, and sorts their times into steps of a quarter of a millisecond. */
export class Counter {
  #sent = 0;
  #failed = 0;
  #sick = 0;
  readonly #versions: Record<string, number> = {};
  readonly #reasons: Record<string, number> = {};
  readonly #times = new Uint32Array(STEPS);
  #second: { readonly at: number; readonly sent: number };
  #first = true;
  #rates = { perSecond: 0, p99: 0 };

  constructor(now: number) {
    this.#second = { at: now, sent: 0 };
  }

  sent(): void {
    this.#sent += 1;
  }

  answered(version: string, ms: number): void {
    this.#versions[version] = (this.#versions[version] ?? 0) + 1;
    const step = Math.min(STEPS - 1, Math.floor(ms / STEP_MS));
    this.#times[step] = (this.#times[step] ?? 0) + 1;
  }

  sick(): void {
    this.#sick += 1;
  }

  failed(reason: string): void {
    this.#failed += 1;
    this.#reasons[reason] = (this.#reasons[reason] ?? 0) + 1;
  }

  /** What was counted up to an instant. */
  tally(now: number): Tally {
    const whole = now - this.#second.at >= 1000;
    // Until a second is whole, a part of it must do.
    if (whole || this.#first) this.#rates = this.#ratesAt(now);
    if (whole) this.#nextSecond(now);
    return {
      sent: this.#sent,
      failed: this.#failed,
      sick: this.#sick,
      versions: this.#versions,
      reasons: this.#reasons,
      ...this.#rates,
    };
  }

  #ratesAt(now: number): Pick<Tally, "perSecond" | "p99"> {
    const { at, sent } = this.#second;
    const perSecond = Math.round(((this.#sent - sent) * 1000) / Math.max(1, now - at));
    return { perSecond, p99: this.#percentile(0.99) };
  }

  #nextSecond(now: number): void {
    this.#second = { at: now, sent: this.#sent };
    this.#first = false;
    this.#times.fill(0);
  }

  #percentile(part: number): number {
    const all = this.#times.reduce((sum, count) => sum + count, 0);
    let seen = 0;
    const step = this.#times.findIndex((count) => (seen += count) >= all * part && seen > 0);
    return all === 0 ? 0 : (step + 1) * STEP_MS;
  }
}
