import type { StoredRun } from "./stored-run.ts";

// Runs that are busy come back within moments; those that wait for days need not stay in memory.
const MOST = 1000;

/** The runs that were used last. Only the owner of a log writes it, so what it remembers is true. */
export class RecentRuns {
  readonly #runs = new Map<string, StoredRun>();

  get(run: string): StoredRun | undefined {
    return this.#runs.get(run);
  }

  keep(stored: StoredRun): StoredRun {
    const { run } = stored.summary;
    this.#runs.set(run, stored);
    if (this.#runs.size > MOST) this.#dropOldest();
    return stored;
  }

  drop(run: string): void {
    this.#runs.delete(run);
  }

  /** A transaction was undone: what it changed is not true. */
  forget(): void {
    this.#runs.clear();
  }

  #dropOldest(): void {
    for (const oldest of this.#runs.keys()) {
      this.#runs.delete(oldest);
      return;
    }
  }
}
