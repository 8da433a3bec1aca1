import type { Clock } from "../../ports/clock.ts";
import type { Logger } from "../../ports/logger.ts";
import { sleep } from "../sleep.ts";

const EVERY_MS = 3_600_000;

/** Prunes when a delivery opens, and each hour from then on, until it is closed. */
export class Housekeeping {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #prune: (signal: AbortSignal) => Promise<number>;
  readonly #stop = new AbortController();
  #going: Promise<void> | undefined;

  constructor(clock: Clock, logger: Logger, prune: (signal: AbortSignal) => Promise<number>) {
    this.#clock = clock;
    this.#logger = logger;
    this.#prune = prune;
  }

  open(): void {
    if (!this.#stop.signal.aborted) this.#going = this.#go();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#going;
  }

  async #go(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        const runs = await this.#prune(signal);
        if (runs > 0) this.#logger.info({ runs }, "finished runs were removed");
      } catch (error) {
        this.#logger.error({ error }, "finished runs could not be removed");
      }
      await sleep(this.#clock, EVERY_MS, signal);
    }
  }
}
