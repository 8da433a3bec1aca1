import type { DatabaseSync } from "node:sqlite";
import { ConfigurationError } from "../../errors.ts";

/** "Genk", in the header of the file: so that nobody takes another application's database for a log. */
const APPLICATION_ID = 0x47656e6b;
/** Of the tables below. A change of them is a new number, and a way from the one before. */
const SCHEMA_VERSION = 2;

// One row of a run holds all that a decision reads and changes besides events, so that a commit is few statements.
// Numbers stand in for the ids of runs in the index of events, which is the largest.
const TABLES = `
  CREATE TABLE owner (
    one INTEGER PRIMARY KEY CHECK (one = 1), epoch INTEGER NOT NULL, pid INTEGER NOT NULL, host TEXT NOT NULL,
    since INTEGER NOT NULL, version TEXT NOT NULL, closed_at INTEGER
  );
  CREATE TABLE runs (
    number INTEGER PRIMARY KEY, run TEXT NOT NULL UNIQUE, pipeline TEXT NOT NULL, status TEXT NOT NULL,
    started_at INTEGER NOT NULL, idempotency_key TEXT, effects TEXT NOT NULL, wake_at INTEGER
  );
  CREATE UNIQUE INDEX runs_by_key ON runs (pipeline, idempotency_key) WHERE idempotency_key IS NOT NULL;
  CREATE INDEX runs_by_start ON runs (started_at, number);
  CREATE INDEX runs_by_pipeline ON runs (pipeline, started_at, number);
  CREATE INDEX runs_by_status ON runs (status, started_at, number);
  CREATE INDEX runs_by_wake ON runs (wake_at) WHERE wake_at IS NOT NULL;
  CREATE INDEX runs_with_effects ON runs (number) WHERE effects <> '[]';
  CREATE TABLE events (
    position INTEGER PRIMARY KEY, run INTEGER NOT NULL, seq INTEGER NOT NULL, event TEXT NOT NULL
  );
  CREATE UNIQUE INDEX events_by_run ON events (run, seq);
  CREATE TABLE permits (
    ticket INTEGER PRIMARY KEY, key TEXT NOT NULL, run TEXT NOT NULL, holder TEXT NOT NULL,
    places INTEGER NOT NULL, granted INTEGER NOT NULL, UNIQUE (key, run, holder)
  );
  CREATE INDEX permits_in_order ON permits (key, granted, ticket);
`;

// What lists are asked for, where readers stand, and how far offsets were given out before the newest were removed.
const SINCE_2 = `
  ALTER TABLE runs ADD COLUMN actor TEXT;
  ALTER TABLE runs ADD COLUMN application TEXT;
  CREATE INDEX runs_by_actor ON runs (actor, started_at, number) WHERE actor IS NOT NULL;
  CREATE TABLE concerns (
    kind TEXT NOT NULL, name TEXT NOT NULL, run INTEGER NOT NULL, PRIMARY KEY (kind, name, run)
  ) WITHOUT ROWID;
  CREATE INDEX concerns_of_run ON concerns (run);
  CREATE TABLE cursors (reader TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE pruned (one INTEGER PRIMARY KEY CHECK (one = 1), position INTEGER NOT NULL);
`;

// Logs of schema 1 have it all in their events.
const CLUSTER = (path: string): string =>
  `json_extract(event, '${path}.provider') || ':' || json_extract(event, '${path}.account') || '/' ||
   json_extract(event, '${path}.location') || '/' || json_extract(event, '${path}.name')`;
const APPLICATION = (path: string): string =>
  `substr(json_extract(event, '${path}.name'), 1, instr(json_extract(event, '${path}.name') || '-', '-') - 1)`;
const FROM_1 = `
  UPDATE runs SET actor = (
    SELECT json_extract(event, '$.actor') FROM events WHERE events.run = runs.number AND events.seq = 0
  );
  INSERT OR IGNORE INTO concerns (kind, name, run)
    SELECT 'cluster', ${CLUSTER("$.cluster")}, run FROM events WHERE json_extract(event, '$.type') = 'rollout-planned';
  INSERT OR IGNORE INTO concerns (kind, name, run)
    SELECT 'application', ${APPLICATION("$.cluster")}, run FROM events
    WHERE json_extract(event, '$.type') = 'rollout-planned';
`;

/**
 * Looks whether a file is a log, or empty, and can be read by this version. Changes nothing.
 *
 * @throws ConfigurationError when it is another application's, or a newer version's
 */
export function checkSchema(database: DatabaseSync, file: string): "log" | "empty" {
  const application = pragma(database, "application_id");
  const schema = pragma(database, "user_version");
  if (application !== APPLICATION_ID) {
    if (application === 0 && schema === 0 && !hasTables(database)) return "empty";
    throw new ConfigurationError(`the log ${file}`, [
      "the file is another application's database: choose another path; it was left as it is",
    ]);
  }
  if (schema > SCHEMA_VERSION)
    throw new ConfigurationError(`the log ${file}`, [
      `the file was written by a newer Gennaker (${writer(database)}, schema ${schema}; this one reads up to ${SCHEMA_VERSION}): upgrade @gennaker/core`,
    ]);
  return "log";
}

/** Makes the tables of an empty log; within the caller's transaction. */
export function createSchema(database: DatabaseSync): void {
  database.exec(TABLES);
  database.exec(SINCE_2);
  database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}`);
}

/** Brings a log of an older schema up to this one; within the caller's transaction, by the log's owner. */
export function migrateSchema(database: DatabaseSync): void {
  if (pragma(database, "user_version") === SCHEMA_VERSION) return;
  database.exec(SINCE_2);
  database.exec(FROM_1);
  database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
}

function pragma(database: DatabaseSync, name: string): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
}

function hasTables(database: DatabaseSync): boolean {
  return database.prepare("SELECT 1 FROM sqlite_schema LIMIT 1").get() !== undefined;
}

// The owner's row is the one part of the schema that must stay readable over versions.
function writer(database: DatabaseSync): string {
  const row = database.prepare("SELECT version FROM owner").get();
  return row ? `version ${String(row["version"])}` : "version unknown";
}
