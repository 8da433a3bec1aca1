import type { DatabaseSync } from "node:sqlite";
import type { PermitRequest } from "../../ports/engine.ts";
import type { Place, Places } from "../permits.ts";

type PlaceRow = Omit<Place, "granted"> & { readonly granted: number };

const COLUMNS = 'ticket, key, run, holder, places AS "limit", granted';

/** Permits in the log's tables. */
export class SqlitePlaces implements Places {
  readonly #find;
  readonly #granted;
  readonly #ahead;
  readonly #firstWaiting;
  readonly #all;
  readonly #add;
  readonly #grant;
  readonly #remove;
  readonly #allGranted;

  constructor(database: DatabaseSync) {
    this.#find = database.prepare(`SELECT ${COLUMNS} FROM permits WHERE key = ? AND run = ? AND holder = ?`);
    this.#granted = database.prepare("SELECT count(*) AS n FROM permits WHERE key = ? AND granted = 1");
    this.#ahead = database.prepare(
      "SELECT count(*) AS n FROM permits WHERE key = ? AND granted = 0 AND ticket < ?",
    );
    this.#firstWaiting = database.prepare(
      `SELECT ${COLUMNS} FROM permits WHERE key = ? AND granted = 0 ORDER BY ticket LIMIT 1`,
    );
    this.#all = database.prepare(`SELECT ${COLUMNS} FROM permits WHERE key = ? ORDER BY ticket`);
    this.#add = database.prepare(
      "INSERT INTO permits (key, run, holder, places, granted) VALUES (?, ?, ?, ?, ?)",
    );
    this.#grant = database.prepare("UPDATE permits SET granted = 1 WHERE ticket = ?");
    this.#remove = database.prepare("DELETE FROM permits WHERE ticket = ?");
    this.#allGranted = database.prepare(`SELECT ${COLUMNS} FROM permits WHERE granted = 1 ORDER BY ticket`);
  }

  find(key: string, run: string, holder: string): Place | undefined {
    return place(this.#find.get(key, run, holder));
  }

  granted(key: string): number {
    return Number(this.#granted.get(key)?.["n"]);
  }

  ahead({ key, ticket }: Place): number {
    return Number(this.#ahead.get(key, ticket)?.["n"]);
  }

  firstWaiting(key: string): Place | undefined {
    return place(this.#firstWaiting.get(key));
  }

  all(key: string): readonly Place[] {
    return this.#all.all(key).flatMap((row) => place(row) ?? []);
  }

  add(run: string, { key, holder, limit }: PermitRequest, granted: boolean): Place {
    const { lastInsertRowid } = this.#add.run(key, run, holder, limit, granted ? 1 : 0);
    return { ticket: Number(lastInsertRowid), key, run, holder, limit, granted };
  }

  grant(waiting: Place): Place {
    this.#grant.run(waiting.ticket);
    return { ...waiting, granted: true };
  }

  remove({ ticket }: Place): void {
    this.#remove.run(ticket);
  }

  /** All that are granted, in order of asking. */
  allGranted(): Place[] {
    return this.#allGranted.all().flatMap((row) => place(row) ?? []);
  }
}

function place(row: unknown): Place | undefined {
  if (row === undefined) return undefined;
  const found = row as PlaceRow;
  return { ...found, granted: found.granted === 1 };
}
