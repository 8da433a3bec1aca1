/**
 * The durable engine for one process: a log in one SQLite file.
 * @packageDocumentation
 */
export {};
