import type { DatabaseSync } from "node:sqlite";
import type { Event } from "../../machine/events.ts";
import type { Committed, IssuedEffect, LoadedRun, NewRun, PermitState, Write } from "../../ports/engine.ts";
import type { Announcement } from "../announcer.ts";
import { logEvent } from "../log-event.ts";
import { outstandingAfter, reissued } from "../outstanding.ts";
import { movePermits, permitState } from "../permits.ts";
import { noSuchRun, runExists } from "../refusals.ts";
import { EventTable, eventText } from "./event-table.ts";
import { SqlitePlaces } from "./places.ts";
import { effectsOf, summaryOf, type RunRow } from "./rows.ts";
import { RunTable } from "./run-table.ts";

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
  readonly #runs: RunTable;
  readonly #events: EventTable;
  readonly #places: SqlitePlaces;
  readonly #newLease: () => string;
  #offset = 0;

  constructor(database: DatabaseSync, newLease: () => string) {
    this.#runs = new RunTable(database);
    this.#events = new EventTable(database);
    this.#places = new SqlitePlaces(database);
    this.#newLease = newLease;
  }

  get runs(): RunTable {
    return this.#runs;
  }

  /** To be called when a transaction begins: an earlier one may have been undone. */
  begin(): void {
    this.#offset = this.#events.last();
  }

  create(created: NewRun, write: Write): Recording<Created> {
    const taken = this.#runs.withKey(created);
    if (taken)
      return () => ({ result: { run: taken.run, created: false, ...NOTHING }, announcement: SILENCE });
    if (this.#runs.find(created.run)) throw runExists(created.run);
    const texts = write.events.map(eventText);
    return () => {
      const { result, ...recorded } = this.#record(this.#runs.add(created), write, texts);
      return { result: { run: created.run, created: true, ...result }, ...recorded };
    };
  }

  commit(run: string, known: number, decide: (loaded: LoadedRun | undefined) => Write): Recording<Committed> {
    const row = this.#runs.find(run);
    const write = decide(row && this.#load(row, known));
    if (!row) throw noSuchRun(run);
    const texts = write.events.map(eventText);
    return () => this.#record(row, write, texts);
  }

  read(run: string, from: number, limit: number): readonly Event[] {
    const row = this.#runs.find(run);
    return row ? this.#events.ofRun(row, from, limit) : NONE;
  }

  scan(from: number, limit: number): readonly Event[] {
    return this.#events.all(from, limit);
  }

  /** Hands out everything that is outstanding, under new leases. */
  handOut(): Announcement {
    const issued: IssuedEffect[] = [];
    for (const row of this.#runs.withEffects()) {
      const effects = reissued(effectsOf(row), this.#newLease);
      this.#runs.change(row, { effects: JSON.stringify(effects) });
      issued.push(...effects);
    }
    return { events: NONE, issued, granted: this.#places.allGranted().map((place) => permitState(place, 0)) };
  }

  #load(row: RunRow, known: number): LoadedRun {
    return {
      summary: summaryOf(row),
      seq: row.seq,
      events: known >= row.seq ? NONE : this.#events.ofRun(row, known + 1, -1),
      effects: effectsOf(row),
    };
  }

  #record(row: RunRow, write: Write, texts: readonly string[]): Recorded<Committed> {
    const { run } = row;
    const events = this.#append(row, write, texts);
    const before = effectsOf(row);
    const { outstanding, issued } = outstandingAfter(before, run, write, this.#newLease);
    const { permits, granted } = movePermits(this.#places, run, write);
    this.#runs.change(row, {
      seq: row.seq + events.length,
      ...(outstanding !== before && { effects: JSON.stringify(outstanding) }),
      ...(write.status !== undefined && { status: write.status }),
      ...(write.wakeAt !== undefined && { wake_at: write.wakeAt }),
    });
    return {
      result: { events, issued, permits },
      announcement: { events, issued, granted },
      ...(write.wakeAt !== undefined && { wake: { run, at: write.wakeAt } }),
    };
  }

  #append(row: RunRow, { events }: Write, texts: readonly string[]): readonly Event[] {
    return events.map((event, index) => {
      const logged = logEvent(event, row.run, row.seq + 1 + index, ++this.#offset);
      this.#events.add(row, logged.seq, logged.offset, texts[index]!);
      return logged;
    });
  }
}
