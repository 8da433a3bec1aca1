import type { Event } from "../../machine/events.ts";
import type {
  Committed,
  Engine,
  EngineHost,
  IssuedEffect,
  LoadedRun,
  NewRun,
  PermitState,
  RunFilter,
  RunSummary,
  Write,
} from "../../ports/engine.ts";
import { ConfigurationError } from "../../errors.ts";
import { Alarms } from "../alarms.ts";
import { Announcer } from "../announcer.ts";
import { logEvent } from "../log-event.ts";
import { outstandingAfter, reissued } from "../outstanding.ts";
import { checkFree, lineOf, movePermits, permitState } from "../permits.ts";
import { noSuchRun, notOpen, runExists } from "../refusals.ts";
import { isPrunable } from "../prunable.ts";
import { EventLog } from "./event-log.ts";
import { loadRun, noteConcerns, type KeptRun } from "./kept-run.ts";
import { KeptRuns } from "./kept-runs.ts";
import { MemoryPlaces } from "./places.ts";

interface Opened {
  readonly alarms: Alarms;
  readonly announcer: Announcer;
}

const NONE: readonly never[] = [];
const NOTHING: Committed = { events: NONE, issued: NONE, permits: NONE };

/**
 * Keeps runs in memory: for tests, for tools that live as short as their deploys, and to try things out. Everything,
 * finished runs included, is kept as long as the engine itself, and gone with the process. After `close` it can be
 * opened again and then goes on like a log on disk.
 *
 * @example
 * const delivery = createDelivery({ engine: memory(), providers: [prod] })
 */
export function memory(): Engine {
  return new MemoryEngine();
}

class MemoryEngine implements Engine {
  readonly name = "memory";
  readonly #runs = new KeptRuns();
  readonly #log = new EventLog();
  readonly #cursors = new Map<string, number>();
  readonly #places = new MemoryPlaces();
  readonly #newLease = (): string => `${this.#epoch}:${++this.#leases}`;
  #epoch = 0;
  #leases = 0;
  #opened: Opened | undefined;
  #closing: Promise<void> | undefined;

  async open(host: EngineHost): Promise<void> {
    if (this.#opened)
      throw new ConfigurationError("the memory engine", [
        "it is open already: make one engine for each delivery, or close the other one first",
      ]);
    this.#epoch += 1;
    const announcer = new Announcer(host);
    const alarms = new Alarms(host.clock, (run) => announcer.due(run));
    this.#opened = { alarms, announcer };
    this.#handOut(this.#opened);
  }

  async create(
    created: NewRun,
    write: Write,
  ): Promise<{ readonly run: string; readonly created: boolean } & Committed> {
    const opened = this.#open();
    const taken = this.#runs.withKey(created);
    if (taken) return { run: taken.summary.run, created: false, ...NOTHING };
    if (this.#runs.get(created.run)) throw runExists(created.run);
    checkFree(this.#places, created.run, write);
    const committed = this.#record(this.#runs.add(created), write, opened);
    return { run: created.run, created: true, ...committed };
  }

  async commit(
    run: string,
    known: number,
    decide: (loaded: LoadedRun | undefined) => Write,
  ): Promise<Committed> {
    const opened = this.#open();
    const kept = this.#runs.get(run);
    const write = decide(kept && loadRun(kept, known));
    if (!kept) throw noSuchRun(run);
    checkFree(this.#places, run, write);
    return this.#record(kept, write, opened);
  }

  async read(run: string, from: number, limit: number): Promise<readonly Event[]> {
    this.#open();
    return this.#runs.get(run)?.events.slice(Math.max(0, from), Math.max(0, from) + limit) ?? NONE;
  }

  async scan(from: number, limit: number): Promise<readonly Event[]> {
    this.#open();
    return this.#log.from(from, limit);
  }

  async cursor(reader: string): Promise<number> {
    this.#open();
    const offset = this.#cursors.get(reader) ?? this.#log.last;
    this.#cursors.set(reader, offset);
    return offset;
  }

  async moveCursor(reader: string, offset: number): Promise<void> {
    this.#open();
    this.#cursors.set(reader, Math.max(offset, this.#cursors.get(reader) ?? 0));
  }

  async prune(runs: readonly string[], upTo: number = Infinity): Promise<readonly string[]> {
    this.#open();
    const removed = runs
      .flatMap((run) => this.#runs.get(run) ?? [])
      .filter(({ summary, effects, events }) => isPrunable(summary.status, effects, events.at(-1), upTo));
    this.#runs.remove(new Set(removed));
    const names = removed.map(({ summary }) => summary.run);
    this.#log.remove(new Set(names));
    return names;
  }

  async list(filter: RunFilter): Promise<readonly RunSummary[]> {
    this.#open();
    return this.#runs.list(filter);
  }

  async line(key: string): Promise<readonly PermitState[]> {
    this.#open();
    return lineOf(this.#places, key);
  }

  async close(): Promise<void> {
    const opened = this.#opened;
    if (!opened) return;
    this.#closing ??= this.#shut(opened);
    await this.#closing;
  }

  async #shut({ alarms, announcer }: Opened): Promise<void> {
    alarms.clear();
    await announcer.settled();
    announcer.silence();
    this.#opened = undefined;
    this.#closing = undefined;
  }

  #open(): Opened {
    if (!this.#opened || this.#closing) throw notOpen(this.name);
    return this.#opened;
  }

  #record(kept: KeptRun, write: Write, { alarms, announcer }: Opened): Committed {
    const events = this.#append(kept, write.events);
    const { run, status } = kept.summary;
    const { outstanding, issued } = outstandingAfter(kept.effects, run, write, this.#newLease);
    const { permits, granted } = movePermits(this.#places, run, write);
    kept.effects = outstanding;
    if (write.status !== undefined && write.status !== status)
      kept.summary = { ...kept.summary, status: write.status };
    if (write.wakeAt !== undefined) {
      kept.wakeAt = write.wakeAt;
      alarms.set(run, write.wakeAt);
    }
    noteConcerns(kept, write.concerns);
    announcer.add({ events, issued, granted });
    return { events, issued, permits };
  }

  #append(kept: KeptRun, added: Write["events"]): readonly Event[] {
    if (added.length === 0) return NONE;
    const log = this.#log;
    return added.map((event) => {
      const logged = logEvent(event, kept.summary.run, kept.events.length, log.last + 1);
      kept.events.push(logged);
      log.add(logged);
      return logged;
    });
  }

  #handOut({ alarms, announcer }: Opened): void {
    const issued: IssuedEffect[] = [];
    for (const kept of this.#runs.values()) {
      if (kept.wakeAt !== null) alarms.set(kept.summary.run, kept.wakeAt);
      if (kept.effects.length === 0) continue;
      kept.effects = reissued(kept.effects, this.#newLease);
      issued.push(...kept.effects);
    }
    const granted = this.#places.allGranted().map((place) => permitState(place, 0));
    announcer.add({ events: NONE, issued, granted });
  }
}
