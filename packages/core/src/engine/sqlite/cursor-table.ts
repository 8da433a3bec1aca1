import type { DatabaseSync, StatementSync } from "node:sqlite";

/** The table of cursors: up to where each reader of all runs has read. */
export class CursorTable {
  readonly #find: StatementSync;
  readonly #add: StatementSync;
  readonly #move: StatementSync;

  constructor(database: DatabaseSync) {
    this.#find = database.prepare("SELECT position FROM cursors WHERE reader = ?");
    this.#add = database.prepare("INSERT INTO cursors (reader, position) VALUES (?, ?)");
    this.#move = database.prepare(
      "INSERT INTO cursors (reader, position) VALUES (?, ?) ON CONFLICT (reader) DO UPDATE SET position = max(position, excluded.position)",
    );
  }

  find(reader: string): number | undefined {
    return this.#find.get(reader)?.["position"] as number | undefined;
  }

  add(reader: string, position: number): void {
    this.#add.run(reader, position);
  }

  move(reader: string, position: number): void {
    this.#move.run(reader, position);
  }
}
