/** Lets so many through at once; the others wait in the order of coming, and leave the queue when their signal aborts. */
export class Turnstile {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(atOnce: number) {
    this.#free = atOnce;
  }

  async pass<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    await this.#enter(signal);
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free++;
  }

  async #enter(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (this.#free > 0) {
      this.#free--;
      return;
    }
    const turn = Promise.withResolvers<void>();
    const enter = (): void => turn.resolve();
    const give = (): void => {
      const place = this.#waiting.indexOf(enter);
      // Whose turn has come already goes on, and ends as any request of an aborted signal.
      if (place < 0) return;
      this.#waiting.splice(place, 1);
      turn.reject(signal?.reason);
    };
    this.#waiting.push(enter);
    signal?.addEventListener("abort", give, { once: true });
    await turn.promise.finally(() => signal?.removeEventListener("abort", give));
  }
}
