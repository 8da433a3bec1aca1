/**
 * The durable engine for one process: a log in one SQLite file.
 * @packageDocumentation
 */
export { sqlite } from "./engine/sqlite/sqlite.ts";
export type { SqliteOptions } from "./engine/sqlite/options.ts";
