import { ConflictError } from "../errors.ts";

/** An engine was called before `open` or after `close`. */
export function notOpen(engine: string): ConflictError {
  return new ConflictError(`the ${engine} engine is not open: nothing was read or recorded`);
}

/** A decision was to be recorded for a run that is not in the log. */
export function noSuchRun(run: string): ConflictError {
  return new ConflictError(`there is no run ${run}: nothing was recorded`, { details: { run } });
}

/** A run was to be created twice under one id. */
export function runExists(run: string): ConflictError {
  return new ConflictError(`run ${run} exists already: nothing was recorded; create it under another id`, {
    details: { run },
  });
}

/** A place was wanted only if it is free. */
export function noPlace(permit: string): ConflictError {
  return new ConflictError(`no place is free under ${JSON.stringify(permit)}: nothing was recorded`, {
    details: { permit },
  });
}
