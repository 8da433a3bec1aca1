import { ConfigurationError } from "../errors.ts";
import type { RunFilter, RunStatus } from "../ports/engine.ts";

const LIMIT = 100;

/** A filter with its defaults. */
export interface RunQuery {
  readonly pipeline: string | undefined;
  /** Undefined: any. */
  readonly statuses: readonly RunStatus[] | undefined;
  readonly limit: number;
  readonly before: string | undefined;
}

/** @throws ConfigurationError when the limit is not a count */
export function runQuery({ pipeline, status, limit = LIMIT, before }: RunFilter): RunQuery {
  if (!Number.isInteger(limit) || limit < 0)
    throw new ConfigurationError("the filter of runs", [`limit: ${limit} is not a whole number from 0 on`]);
  const statuses = status === undefined ? undefined : typeof status === "string" ? [status] : status;
  return { pipeline, statuses, limit, before };
}
