import { DatabaseSync } from "node:sqlite";
import type { Event } from "@gennaker/core";

/**
 * The least that a durable log of runs must do: a row for each event, a transaction for each turn of the event loop,
 * and an index by which a run can be read again.
 */
export interface RawLog {
  /** Resolves when the events are on the disk. */
  append(run: string, events: readonly Pick<Event, "seq" | "type">[]): Promise<void>;
  close(): void;
}

interface Pending {
  readonly run: string;
  readonly events: Parameters<RawLog["append"]>[1];
  readonly done: () => void;
}

/** Makes an empty log: WAL, synchronous=FULL. */
export function openRawLog(file: string): RawLog {
  const database = new DatabaseSync(file);
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  database.exec("CREATE TABLE events (position INTEGER PRIMARY KEY, run TEXT, seq INTEGER, event TEXT)");
  database.exec("CREATE UNIQUE INDEX events_by_run ON events (run, seq)");
  const add = database.prepare("INSERT INTO events (run, seq, event) VALUES (?, ?, ?)");
  let pending: Pending[] = [];
  const flush = (): void => {
    const batch = pending;
    pending = [];
    database.exec("BEGIN IMMEDIATE");
    for (const { run, events } of batch)
      for (const event of events) add.run(run, event.seq, JSON.stringify(event));
    database.exec("COMMIT");
    for (const { done } of batch) done();
  };
  return {
    append(run, events) {
      const { promise, resolve } = Promise.withResolvers<void>();
      if (pending.length === 0) setImmediate(flush);
      pending.push({ run, events, done: resolve });
      return promise;
    },
    close: () => database.close(),
  };
}
