import type { Committed, EngineHost, PermitState } from "../ports/engine.ts";

/** What a commit leads to, outside the log. */
export interface Announcement extends Pick<Committed, "events" | "issued"> {
  readonly granted: readonly PermitState[];
}

/**
 * Calls the host back, in order of commit: never from within a commit, and not before whoever awaits the commit has
 * heard of it, so that a callback finds its caller up to date.
 */
export class Announcer {
  readonly #host: EngineHost;
  #queue: Announcement[] = [];
  #scheduled = false;
  #silent = false;

  constructor(host: EngineHost) {
    this.#host = host;
  }

  add(announcement: Announcement): void {
    if (this.#silent) return;
    this.#queue.push(announcement);
    this.#schedule();
  }

  /** A wake-up. It comes from a timer, so it need not wait for anything. */
  due(run: string): void {
    if (!this.#silent) this.#call(() => this.#host.due(run));
  }

  /** Nothing is called back from now on. */
  silence(): void {
    this.#silent = true;
    this.#queue = [];
  }

  /** Resolves when everything was told. */
  async settled(): Promise<void> {
    while (this.#queue.length > 0) await Promise.resolve();
  }

  // Two turns of the microtask queue: by the second one, every caller that awaits a commit made before the first one
  // has gone on. What is committed in between waits for the next round.
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      const round = this.#queue.length;
      queueMicrotask(() => this.#tell(round));
    });
  }

  #tell(round: number): void {
    const told = this.#queue.slice(0, round);
    for (const { events, issued, granted } of told) {
      if (events.length > 0) this.#call(() => this.#host.committed(events));
      for (const effect of issued) this.#call(() => this.#host.dispatch(effect));
      for (const permit of granted) this.#call(() => this.#host.granted(permit));
    }
    this.#queue = this.#queue.slice(round);
    this.#scheduled = false;
    if (this.#queue.length > 0) this.#schedule();
  }

  // One callback that throws must not keep the others from being told.
  #call(callback: () => void): void {
    if (this.#silent) return;
    try {
      callback();
    } catch (error) {
      this.#host.logger.error({ error }, "a callback of the engine threw");
    }
  }
}
