import type { DatabaseSync } from "node:sqlite";
import type { Event } from "../../machine/events.ts";
import type { Committed, IssuedEffect, LoadedRun, NewRun, PermitState, Write } from "../../ports/engine.ts";
import type { Announcement } from "../announcer.ts";
import { logEvent } from "../log-event.ts";
import { outstandingAfter, reissued } from "../outstanding.ts";
import { checkFree, lineOf, movePermits, permitState } from "../permits.ts";
import { noSuchRun, runExists } from "../refusals.ts";
import { isPrunable } from "../prunable.ts";
import { CursorTable } from "./cursor-table.ts";
import { EventTable, eventText } from "./event-table.ts";
import { SqlitePlaces } from "./places.ts";
import { RunTable } from "./run-table.ts";
import type { StoredRun } from "./stored-run.ts";

/** What a write led to, to be told once it is durable. */
export interface Recorded<Result> {
  readonly result: Result;
  readonly announcement: Announcement;
  /** The run and its new instant, when the write sets one. */
  readonly wake?: { readonly run: string; readonly at: number | null };
}

/** The second half of a change: writes what the first half, which only reads and decides, found. */
export type Recording<Result> = () => Recorded<Result>;

/** What came of a create. */
export type Created = { readonly run: string; readonly created: boolean } & Committed;

const NONE: readonly never[] = [];
const NOTHING = { events: NONE, issued: NONE, permits: NONE };
const SILENCE: Announcement = { events: NONE, issued: NONE, granted: NONE };

/** Reads and writes one log; every write within a transaction of its caller. */
export class Recorder {
  readonly runs: RunTable;
  readonly #events: EventTable;
  readonly #places: SqlitePlaces;
  readonly #cursors: CursorTable;
  readonly #newLease: () => string;
  #offset = 0;

  constructor(database: DatabaseSync, newLease: () => string) {
    this.runs = new RunTable(database);
    this.#events = new EventTable(database);
    this.#places = new SqlitePlaces(database);
    this.#cursors = new CursorTable(database);
    this.#newLease = newLease;
  }

  /** To be called when a transaction begins: an earlier one may have been undone. */
  begin(): void {
    this.#offset = this.#events.last();
  }

  create(created: NewRun, write: Write): Recording<Created> {
    const taken = this.runs.withKey(created);
    if (taken !== undefined)
      return () => ({ result: { run: taken, created: false, ...NOTHING }, announcement: SILENCE });
    if (this.runs.find(created.run)) throw runExists(created.run);
    checkFree(this.#places, created.run, write);
    const texts = write.events.map(eventText);
    return () => {
      const { result, ...recorded } = this.#record(this.runs.add(created), write, texts);
      return { result: { run: created.run, created: true, ...result }, ...recorded };
    };
  }

  commit(run: string, known: number, decide: (loaded: LoadedRun | undefined) => Write): Recording<Committed> {
    const stored = this.runs.find(run);
    const write = decide(stored && this.#load(stored, known));
    if (!stored) throw noSuchRun(run);
    checkFree(this.#places, run, write);
    const texts = write.events.map(eventText);
    return () => this.#record(stored, write, texts);
  }

  read(run: string, from: number, limit: number): readonly Event[] {
    const stored = this.runs.find(run);
    return stored ? this.#events.ofRun(stored, from, limit) : NONE;
  }

  scan(from: number, limit: number): readonly Event[] {
    return this.#events.all(from, limit);
  }

  line(key: string): readonly PermitState[] {
    return lineOf(this.#places, key);
  }

  /** Where a reader stands; one that is new stands at the end from now on. */
  cursor(reader: string): Recording<number> {
    const known = this.#cursors.find(reader);
    if (known !== undefined) return () => ({ result: known, announcement: SILENCE });
    return () => {
      this.#cursors.add(reader, this.#offset);
      return { result: this.#offset, announcement: SILENCE };
    };
  }

  moveCursor(reader: string, offset: number): Recording<void> {
    return () => {
      this.#cursors.move(reader, offset);
      return { result: undefined, announcement: SILENCE };
    };
  }

  prune(runs: readonly string[], upTo: number): Recording<readonly string[]> {
    const removed = runs.flatMap((run) => {
      const stored = this.runs.find(run);
      const newest = stored && { offset: this.#events.newestOf(stored) };
      return stored && isPrunable(stored.summary.status, stored.effects, newest, upTo) ? [stored] : [];
    });
    return () => {
      for (const stored of removed) {
        this.#events.remove(stored, this.#offset);
        this.runs.remove(stored);
      }
      return { result: removed.map(({ summary }) => summary.run), announcement: SILENCE };
    };
  }

  /** Hands out everything that is outstanding, under new leases. */
  handOut(): Announcement {
    const issued: IssuedEffect[] = [];
    for (const stored of this.runs.withEffects()) {
      const effects = reissued(stored.effects, this.#newLease);
      this.runs.change(stored, { effects });
      issued.push(...effects);
    }
    const granted = this.#places.allGranted().map((place) => permitState(place, 0));
    return { events: NONE, issued, granted };
  }

  #load(stored: StoredRun, known: number): LoadedRun {
    const { summary, seq, effects } = stored;
    const events = known >= seq ? NONE : this.#events.ofRun(stored, known + 1, -1);
    return { summary, seq, events, effects };
  }

  #record(stored: StoredRun, write: Write, texts: readonly string[]): Recorded<Committed> {
    const { run } = stored.summary;
    const events = this.#append(stored, write, texts);
    const { outstanding, issued } = outstandingAfter(stored.effects, run, write, this.#newLease);
    const { permits, granted } = movePermits(this.#places, run, write);
    const { status, wakeAt } = write;
    this.runs.change(stored, {
      seq: stored.seq + events.length,
      effects: outstanding,
      ...(status !== undefined && { status }),
      ...(wakeAt !== undefined && { wakeAt }),
    });
    this.runs.concern(stored, write.concerns);
    return {
      result: { events, issued, permits },
      announcement: { events, issued, granted },
      ...(wakeAt !== undefined && { wake: { run, at: wakeAt } }),
    };
  }

  #append(stored: StoredRun, { events }: Write, texts: readonly string[]): readonly Event[] {
    return events.map((event, index) => {
      const logged = logEvent(event, stored.summary.run, stored.seq + 1 + index, ++this.#offset);
      this.#events.add(stored, logged, texts[index]!);
      return logged;
    });
  }
}
