import type { Event } from "../../machine/events.ts";
import { evolveThread, threadOf } from "../../machine/thread/evolve.ts";
import type { Thread } from "../../machine/thread/thread.ts";
import type { Engine } from "../../ports/engine.ts";

interface Known {
  readonly seq: number;
  readonly thread: Thread | undefined;
}

// Runs that wait for days are folded again when something happens.
const KNOWN_MAX = 1000;
const PAGE = 1000;

/** Threads of runs, as they were at the event that was read last. */
export class Threads {
  readonly #engine: Pick<Engine, "read">;
  readonly #known = new Map<string, Known>();

  constructor(engine: Pick<Engine, "read">) {
    this.#engine = engine;
  }

  /** The thread after an event; undefined when the event changes nothing that a reader sees. Events of a run come in order. */
  async after(event: Event): Promise<Thread | undefined> {
    const before = await this.#before(event);
    const thread = evolveThread(before, event);
    this.#keep(event, thread);
    return thread === before ? undefined : thread;
  }

  async #before({ run, seq }: Event): Promise<Thread | undefined> {
    const known = this.#known.get(run);
    if (known?.seq === seq - 1 || seq === 0) return known?.thread;
    const events: Event[] = [];
    while (events.length < seq) {
      const page = await this.#engine.read(run, events.length, Math.min(PAGE, seq - events.length));
      events.push(...page);
      if (page.length === 0) break;
    }
    return threadOf(events);
  }

  #keep({ run, seq, type }: Event, thread: Thread | undefined): void {
    this.#known.delete(run);
    // A rollout that watches may have something to say after the end; then it is folded again.
    if (type === "run-finished") return;
    this.#known.set(run, { seq, thread });
    const [oldest] = this.#known.keys();
    if (this.#known.size > KNOWN_MAX && oldest !== undefined) this.#known.delete(oldest);
  }
}
