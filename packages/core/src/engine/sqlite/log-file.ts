import { writeFileSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { ConfigurationError } from "../../errors.ts";

/** Connects to a database file; `timeoutMs`: how long to wait for another connection's lock. */
export type Connect = (file: string, timeoutMs: number) => DatabaseSync;

/** How to connect, once Node's SQLite is loaded: not before a log is opened, so that importing costs nothing. */
export async function connector(): Promise<Connect> {
  const { DatabaseSync } = await import("node:sqlite");
  return (file, timeout) => new DatabaseSync(file, { timeout });
}

/**
 * Makes a file that only its user may read. One that is there is not opened: to close it again would let go of the
 * locks that this process has on it.
 */
export function createFile(file: string): void {
  try {
    writeFileSync(file, "", { flag: "wx", mode: 0o600 });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
}

/**
 * Commits are on disk before they are acknowledged, and readers do not block them.
 *
 * @throws ConfigurationError when the file cannot be written ahead
 */
export function makeDurable(database: DatabaseSync, file: string): void {
  const mode = database.prepare("PRAGMA journal_mode = WAL").get()?.["journal_mode"];
  if (mode !== "wal")
    throw new ConfigurationError(`the log ${file}`, [
      `write-ahead logging cannot be used there (SQLite stays with ${JSON.stringify(mode)}): choose a path on a local disk`,
    ]);
  database.exec("PRAGMA synchronous = FULL");
}

/** @throws ConfigurationError with the first problems of a damaged file */
export function checkPages(database: DatabaseSync, file: string): void {
  const found = database
    .prepare("PRAGMA quick_check(3)")
    .all()
    .map((row) => String(row["quick_check"]));
  if (found.length === 1 && found[0] === "ok") return;
  throw new ConfigurationError(`the log ${file}`, [
    "the file is damaged: restore it from a backup, or try `sqlite3 <file> .recover`",
    ...found,
  ]);
}

/** Does all of `work` in one transaction that nobody else writes beside, or none of it. */
export function transaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    // A full disk makes SQLite roll back by itself.
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}
