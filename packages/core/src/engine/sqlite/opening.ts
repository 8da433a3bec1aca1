import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../../ports/clock.ts";
import { ConfigurationError } from "../../errors.ts";
import { checkPlace, type Disk } from "./disk.ts";
import { isBusy, logFailure } from "./failure.ts";
import { checkPages, connector, createFile, makeDurable, transaction, type Connect } from "./log-file.ts";
import type { LogPlace } from "./options.ts";
import { ownerOf, takeOwnership, type Ownership } from "./ownership.ts";
import { checkSchema, createSchema, migrateSchema } from "./schema.ts";

/** A log that is open, and this process's. */
export interface OpenLog {
  readonly database: DatabaseSync;
  readonly ownership: Ownership;
}

// Other programs that look into the file lock it for moments; longer than this means that one hangs.
const PATIENCE_MS = 2000;

/**
 * Opens a log and becomes its owner.
 *
 * @throws ConfigurationError when the place cannot be trusted, the file is damaged or not a log, or its owner lives
 */
export async function openLog(place: LogPlace, disk: Disk, clock: Clock): Promise<OpenLog> {
  await checkPlace(place, disk);
  const connect = await connector();
  const connections: DatabaseSync[] = [];
  const tracked: Connect = (file, timeout) => {
    const connection = connect(file, timeout);
    connections.push(connection);
    return connection;
  };
  try {
    return takeLog(place, tracked, clock.now());
  } catch (error) {
    for (const connection of connections) if (connection.isOpen) connection.close();
    throw logFailure(place.file, error, "it was not opened");
  }
}

function takeLog(place: LogPlace, connect: Connect, now: number): OpenLog {
  const { file } = place;
  createFile(file);
  const database = connect(file, PATIENCE_MS);
  checkSchema(database, file);
  makeDurable(database, file);
  const ownership = naming(database, file, () =>
    transaction(database, () => {
      if (checkSchema(database, file) === "empty") createSchema(database);
      const taken = takeOwnership(database, place, connect, now);
      migrateSchema(database);
      return taken;
    }),
  );
  if (!ownership.closedBefore) checkPages(database, file);
  return { database, ownership };
}

// The lock of a write that never ends can only be had back by ending its process.
function naming<T>(database: DatabaseSync, file: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    if (!isBusy(error)) throw error;
    throw new ConfigurationError(
      `the log ${file}`,
      [
        `another program is in the middle of a write and does not end it; the log's owner is ${ownerOf(database)}: end that process, then open again`,
      ],
      { cause: error, retryable: true },
    );
  }
}
