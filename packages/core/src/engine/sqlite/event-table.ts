import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Event, NewEvent } from "../../machine/events.ts";
import { logEvent } from "../log-event.ts";
import type { StoredRun } from "./stored-run.ts";

interface EventRow {
  readonly position: number;
  readonly run: string;
  readonly seq: number;
  readonly event: string;
}

const EVENTS = `
  SELECT position, runs.run AS run, events.seq AS seq, event FROM events JOIN runs ON runs.number = events.run`;

/** The table of events. */
export class EventTable {
  readonly #add: StatementSync;
  readonly #last: StatementSync;
  readonly #newest: StatementSync;
  readonly #remove: StatementSync;
  readonly #pruned: StatementSync;
  readonly #ofRun: StatementSync;
  readonly #all: StatementSync;

  constructor(database: DatabaseSync) {
    this.#add = database.prepare("INSERT INTO events (position, run, seq, event) VALUES (?, ?, ?, ?)");
    this.#last = database.prepare(`
      SELECT max(coalesce((SELECT max(position) FROM events), 0), coalesce((SELECT position FROM pruned), 0)) AS position`);
    this.#newest = database.prepare("SELECT max(position) AS position FROM events WHERE run = ?");
    this.#remove = database.prepare("DELETE FROM events WHERE run = ?");
    this.#pruned = database.prepare(
      "INSERT INTO pruned (one, position) VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET position = excluded.position",
    );
    this.#ofRun = database.prepare(
      `${EVENTS} WHERE events.run = ? AND events.seq >= ? ORDER BY events.seq LIMIT ?`,
    );
    this.#all = database.prepare(`${EVENTS} WHERE position >= ? ORDER BY position LIMIT ?`);
  }

  /** Offset of the newest event that ever was; 0 when there was none. */
  last(): number {
    return Number(this.#last.get()?.["position"] ?? 0);
  }

  add({ number }: StoredRun, { seq, offset }: Event, text: string): void {
    this.#add.run(offset, number, seq, text);
  }

  /** Offset of a run's newest event. */
  newestOf({ number }: StoredRun): number {
    return Number(this.#newest.get(number)?.["position"] ?? 0);
  }

  /** Removes all of a run; `last` is kept, so that no offset is given again. */
  remove({ number }: StoredRun, last: number): void {
    this.#remove.run(number);
    this.#pruned.run(last);
  }

  ofRun({ number }: StoredRun, from: number, limit: number): readonly Event[] {
    return read(this.#ofRun, number, from, limit);
  }

  all(from: number, limit: number): readonly Event[] {
    return read(this.#all, from, limit);
  }
}

/** An event as it is written: whole, since it is always read whole. */
export function eventText(event: NewEvent): string {
  return JSON.stringify(event);
}

function read(query: StatementSync, ...values: readonly number[]): readonly Event[] {
  const rows = query.all(...values) as unknown as readonly EventRow[];
  return rows.map(({ event, run, seq, position }) =>
    logEvent(JSON.parse(event) as NewEvent, run, seq, position),
  );
}
