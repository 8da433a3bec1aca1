import { closeSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

const SQLITE_BUSY = 5;

/**
 * Takes a directory for this process, or undefined when another one has it. SQLite's lock is the kernel's: it ends
 * with its process, however that ends, so there is no stale lock to recognise and no race to take one over.
 */
export function takeLock(path: string): (() => void) | undefined {
  // Made first, so that it is never anybody else's to open.
  closeSync(openSync(path, "a", 0o600));
  const database = new DatabaseSync(path);
  try {
    database.exec("PRAGMA busy_timeout = 0; PRAGMA journal_mode = MEMORY");
    database.exec("BEGIN EXCLUSIVE");
    return () => database.close();
  } catch (error) {
    database.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return undefined;
    throw error;
  }
}
