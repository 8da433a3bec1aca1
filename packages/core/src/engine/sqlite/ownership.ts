import { rmSync } from "node:fs";
import { hostname } from "node:os";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { ConfigurationError, ConflictError } from "../../errors.ts";
import { isBusy } from "./failure.ts";
import { createFile, type Connect } from "./log-file.ts";
import type { LogPlace } from "./options.ts";
import { VERSION } from "./version.ts";

interface OwnerRow {
  readonly epoch: number;
  readonly pid: number;
  readonly host: string;
  readonly since: number;
  readonly closed_at: number | null;
}

/** What the owner of a log holds. Connections are closed by whoever made `connect`, when opening fails. */
export interface Ownership {
  readonly epoch: number;
  /** Whether whoever had the log before closed it in order; true for a new one. */
  readonly closedBefore: boolean;
  /** The lock on the file beside the log. The kernel lets go of it when the process ends, however it ends. */
  readonly lock: DatabaseSync;
}

/** The file that the owner of a log keeps locked for as long as it lives. */
function ownerFile(file: string): string {
  return `${file}-owner`;
}

/**
 * Becomes the owner; within a transaction that holds the log's write lock, which settles who is first.
 *
 * @throws ConfigurationError when the owner lives, and is not to be taken over
 */
export function takeOwnership(
  database: DatabaseSync,
  place: LogPlace,
  connect: Connect,
  now: number,
): Ownership {
  const before = database.prepare("SELECT * FROM owner").get() as OwnerRow | undefined;
  const lock = lockFor(place, connect, before);
  const epoch = (before?.epoch ?? 0) + 1;
  database
    .prepare("INSERT OR REPLACE INTO owner VALUES (1, ?, ?, ?, ?, ?, NULL)")
    .run(epoch, process.pid, hostname(), now, VERSION);
  return { epoch, closedBefore: !before || before.closed_at !== null, lock };
}

/** Marks the log as closed and lets go of it; within a transaction that holds the log's write lock. */
export function endOwnership(
  database: DatabaseSync,
  { file }: LogPlace,
  { lock }: Ownership,
  now: number,
): void {
  database.prepare("UPDATE owner SET closed_at = ?").run(now);
  lock.close();
  rmSync(ownerFile(file), { force: true });
}

function lockFor({ file, takeover }: LogPlace, connect: Connect, owner: OwnerRow | undefined): DatabaseSync {
  const lock = tryLock(ownerFile(file), connect);
  if (lock) return lock;
  if (!takeover) throw new ConfigurationError(`the log ${file}`, [inUse(file, owner)]);
  // The other one keeps its lock, on a file without a name; this one locks the file that has the name now.
  rmSync(ownerFile(file));
  const taken = tryLock(ownerFile(file), connect);
  if (!taken) throw new ConfigurationError(`the log ${file}`, [inUse(file, owner)]);
  return taken;
}

function tryLock(file: string, connect: Connect): DatabaseSync | undefined {
  createFile(file);
  const database = connect(file, 0);
  try {
    // A journal would be one more file beside the log; nothing is ever written here.
    database.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    return database;
  } catch (error) {
    database.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
}

/** Who has a log, for messages; undefined when nobody ever had it. */
export function ownerOf(database: DatabaseSync): string | undefined {
  const row = database.prepare("SELECT * FROM owner").get() as OwnerRow | undefined;
  return row && `process ${row.pid} on ${row.host} since ${new Date(row.since).toISOString()}`;
}

/** Reads who owns a log: prepared once, asked in every transaction. */
export function epochIn(database: DatabaseSync): StatementSync {
  return database.prepare("SELECT epoch FROM owner");
}

export function ownsLog(epoch: StatementSync, ownership: Ownership): boolean {
  return epoch.get()?.["epoch"] === ownership.epoch;
}

/** What the former owner of a log is told. */
export function takenOver(database: DatabaseSync, file: string): ConflictError {
  return new ConflictError(
    `the log ${file} was taken over by ${ownerOf(database)}: nothing was recorded; this process must stop its work`,
    { details: { file } },
  );
}

function inUse(file: string, owner: OwnerRow | undefined): string {
  if (!owner) return "it is being opened by another process: try again";
  const { pid, host, since } = owner;
  const who = pid === process.pid && host === hostname() ? "this process" : "process";
  return (
    `it is in use by ${who} ${pid} on ${host} since ${new Date(since).toISOString()}: close it there first. ` +
    `If that process hangs and is not to go on, end it, or open with sqlite({ file: ${JSON.stringify(file)}, takeover: true })`
  );
}
