import { ConfigurationError, DeliveryError, TimeoutError } from "../../errors.ts";

// Result codes of SQLite; the low byte of an extended one.
const BUSY = 5;
const NO_MEMORY = 7;
const READ_ONLY = 8;
const IO = 10;
const CORRUPT = 11;
const FULL = 13;
const CANNOT_OPEN = 14;
const NOT_A_DATABASE = 26;

const ADVICE: ReadonlyMap<number, string> = new Map([
  [NO_MEMORY, "memory is exhausted"],
  [READ_ONLY, "the file may not be written any more: make it writable"],
  [
    IO,
    "the disk answered with an error: look at the system's log; when the disk is well, open the log again",
  ],
  [CORRUPT, "the file is damaged: restore it from a backup, or try `sqlite3 <file> .recover`"],
  [FULL, "the disk is full: free some space, then try again"],
  [CANNOT_OPEN, "the file cannot be opened: look at its permissions and at those of its directory"],
  [NOT_A_DATABASE, "the file is not a database of SQLite: choose another path; it was left as it is"],
]);

/** The primary result code of an error that SQLite raised; undefined when it is none. */
function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number")
    return undefined;
  return error.errcode & 0xff;
}

/** Whether another connection had the lock that was needed. */
export function isBusy(error: unknown): boolean {
  return resultCode(error) === BUSY;
}

/** Whether the file or the disk is at fault, rather than what was to be written. */
export function isStorageFailure(error: unknown): boolean {
  const code = resultCode(error);
  return code === BUSY || (code !== undefined && ADVICE.has(code));
}

/** An error of SQLite as one that says what to do; `what` says what came of the call. Others stay as they are. */
export function logFailure(file: string, error: unknown, what: string): unknown {
  const code = resultCode(error);
  if (code === undefined || DeliveryError.is(error)) return error;
  const options = { cause: error, details: { file, sqlite: code } };
  if (code === BUSY)
    return new TimeoutError(`the log ${file} is locked by another program: ${what}; try again`, options);
  const problem = ADVICE.get(code) ?? "SQLite refused";
  return new ConfigurationError(`the log ${file}`, [`${problem} (${(error as Error).message}): ${what}`], {
    ...options,
    retryable: code === FULL || code === IO || code === NO_MEMORY,
  });
}
