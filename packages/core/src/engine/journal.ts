import { ConflictError } from "../errors.ts";
import type { Event, NewEvent } from "../machine/events.ts";
import { advance, begin, fold, replay, type Change } from "../machine/run/advance.ts";
import type { RunState } from "../machine/run/state.ts";
import type { Clock } from "../ports/clock.ts";
import type { Committed, Engine, NewRun } from "../ports/engine.ts";

interface Known {
  readonly seq: number;
  readonly state: RunState;
}

// Runs that wait for days need not stay in memory: beyond so many, the ones not touched for longest are folded again when needed.
const KNOWN_MAX = 2000;
const PAGE = 1000;

/** What a change led to. */
export interface Advanced extends Committed {
  readonly state: RunState;
}

/** Reads and changes runs through an engine, and remembers how far each was folded. */
export class Journal {
  readonly #engine: Engine;
  readonly #clock: Clock;
  readonly #known = new Map<string, Known>();
  // Decided, and perhaps not recorded yet: known only once the engine says that it is.
  readonly #decided = new Map<string, Known>();
  readonly #pinned = new Set<string>();

  constructor(engine: Engine, clock: Clock) {
    this.#engine = engine;
    this.#clock = clock;
  }

  /** Creates a run; when the idempotency key is taken, names the run that has it. */
  async create(run: NewRun, started: NewEvent<"run-started">): Promise<{ run: string; created: boolean }> {
    const { write, state } = begin(run.run, started, started.at);
    this.#decided.set(run.run, { seq: write.events.length - 1, state });
    try {
      const result = await this.#engine.create(run, write);
      if (result.created) this.committed(result.events);
      else this.#decided.delete(run.run);
      return result;
    } catch (error) {
      this.#forget(run.run);
      throw error;
    }
  }

  /** Changes a run by the one transactional routine. */
  async advance(run: string, change: Change): Promise<Advanced> {
    const known = this.#known.get(run);
    let next: RunState | undefined;
    try {
      const committed = await this.#engine.commit(run, known?.seq ?? -1, (loaded) => {
        if (!loaded) throw unknownRun(run);
        const { state, write } = advance(
          fold(known?.state, loaded),
          loaded.effects,
          change,
          this.#clock.now(),
        );
        next = state;
        if (write.events.length > 0) this.#decided.set(run, { seq: loaded.seq + write.events.length, state });
        return write;
      });
      this.committed(committed.events);
      return { ...committed, state: next as RunState };
    } catch (error) {
      if (next) this.#forget(run);
      throw error;
    }
  }

  /** These events are in the log for good: what was decided with them is known from now on. */
  committed(events: readonly Event[]): void {
    for (const { run, seq } of events) {
      const decided = this.#decided.get(run);
      if (!decided || decided.seq < seq) continue;
      this.#decided.delete(run);
      this.#keep(run, decided);
    }
  }

  /** Keeps a run in memory until `release` is called: for as long as somebody drives it. */
  hold(run: string): void {
    this.#pinned.add(run);
  }

  /** Nobody drives it any more. A run that is over is seldom asked for again: the log has it. */
  release(run: string): void {
    this.#pinned.delete(run);
    if (this.#known.get(run)?.state.outcome !== undefined) this.#known.delete(run);
  }

  /** The run as it stands, if it is in memory: always while it is held. */
  peek(run: string): RunState | undefined {
    return this.#known.get(run)?.state;
  }

  /** The run as it stands; undefined when there is none. */
  async state(run: string): Promise<RunState | undefined> {
    const known = this.#known.get(run);
    if (known) return known.state;
    const events = await this.#readAll(run);
    if (events.length === 0) return undefined;
    const loaded = { seq: events.length - 1, state: replay(run, events) };
    const newer = this.#known.get(run);
    // While the log was read, somebody may have gone on.
    if (newer && newer.seq >= loaded.seq) return newer.state;
    this.#keep(run, loaded);
    return loaded.state;
  }

  async #readAll(run: string): Promise<readonly Event[]> {
    const events: Event[] = [];
    for (;;) {
      const page = await this.#engine.read(run, events.length, PAGE);
      events.push(...page);
      if (page.length < PAGE) return events;
    }
  }

  // What was decided did not come to be; what is known may rest on it. The log tells.
  #forget(run: string): void {
    this.#decided.delete(run);
    this.#known.delete(run);
  }

  #keep(run: string, known: Known): void {
    this.#known.delete(run);
    this.#known.set(run, known);
    if (this.#known.size <= KNOWN_MAX + this.#pinned.size) return;
    for (const oldest of this.#known.keys())
      if (!this.#pinned.has(oldest)) {
        this.#known.delete(oldest);
        return;
      }
  }
}

/** The error for a run that is not in the log. */
export function unknownRun(run: string): ConflictError {
  return new ConflictError(`there is no run ${JSON.stringify(run)} in this log`, { details: { run } });
}
