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
  readonly application: string | undefined;
  readonly cluster: string | undefined;
  readonly actor: string | undefined;
  readonly from: number | undefined;
  readonly to: number | undefined;
}

/** @throws ConfigurationError when the limit is not a count, or an instant not a number */
export function runQuery(filter: RunFilter): RunQuery {
  const { pipeline, status, limit = LIMIT, before, application, cluster, actor, from, to } = filter;
  const problems = [
    ...(Number.isInteger(limit) && limit >= 0 ? [] : [`limit: ${limit} is not a whole number from 0 on`]),
    ...instantProblems("from", from),
    ...instantProblems("to", to),
  ];
  if (problems.length > 0) throw new ConfigurationError("the filter of runs", problems);
  const statuses = status === undefined ? undefined : typeof status === "string" ? [status] : status;
  return { pipeline, statuses, limit, before, application, cluster, actor, from, to };
}

// NaN would let everything or nothing pass, and say nothing about it.
function instantProblems(field: string, value: number | undefined): readonly string[] {
  return value === undefined || (typeof value === "number" && !Number.isNaN(value))
    ? []
    : [`${field}: ${String(value)} is not an instant (milliseconds since 1970)`];
}
