import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Event, NewEvent } from "../../machine/events.ts";
import { eventOf, type EventRow, type RunRow } from "./rows.ts";

const EVENTS =
  "SELECT position, runs.run, events.seq, event FROM events JOIN runs ON runs.number = events.run";

/** The table of events. */
export class EventTable {
  readonly #add: StatementSync;
  readonly #last: StatementSync;
  readonly #ofRun: StatementSync;
  readonly #all: StatementSync;

  constructor(database: DatabaseSync) {
    this.#add = database.prepare("INSERT INTO events (position, run, seq, event) VALUES (?, ?, ?, ?)");
    this.#last = database.prepare("SELECT max(position) AS position FROM events");
    this.#ofRun = database.prepare(
      "SELECT position, seq, event FROM events WHERE run = ? AND seq >= ? ORDER BY seq LIMIT ?",
    );
    this.#all = database.prepare(`${EVENTS} WHERE position >= ? ORDER BY position LIMIT ?`);
  }

  /** Offset of the newest event; 0 when there is none. */
  last(): number {
    return Number(this.#last.get()?.["position"] ?? 0);
  }

  add(run: RunRow, seq: number, offset: number, text: string): void {
    this.#add.run(offset, run.number, seq, text);
  }

  ofRun({ number, run }: RunRow, from: number, limit: number): readonly Event[] {
    const rows = this.#ofRun.all(number, from, limit) as unknown as readonly Omit<EventRow, "run">[];
    return rows.map((row) => eventOf({ ...row, run }));
  }

  all(from: number, limit: number): readonly Event[] {
    return (this.#all.all(from, limit) as unknown as readonly EventRow[]).map(eventOf);
  }
}

/** An event as it is written: whole, since reading one field back costs as much as reading all. */
export function eventText(event: NewEvent): string {
  return JSON.stringify(event);
}
