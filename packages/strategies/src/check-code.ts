import type { Check, Json } from "@gennaker/core";

/** What a strategy keeps of its options: as they are recorded, with names for checks; and the checks themselves. */
export interface KeptOptions {
  readonly options: Json;
  readonly checks?: readonly Check<never>[];
}

/** Checks are code: their names are recorded, and lead back to them after a crash. */
export function keep(options: object): KeptOptions {
  const found = new Map<string, Check<never>>();
  const recorded = record(options, found);
  return { options: recorded as Json, ...(found.size > 0 && { checks: [...found.values()] }) };
}

function record(value: unknown, found: Map<string, Check<never>>): unknown {
  if (isCheck(value)) {
    found.set(value.name, value);
    return value.name;
  }
  if (Array.isArray(value)) return value.map((item) => record(item, found));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, record(item, found)]));
}

function isCheck(value: unknown): value is Check<never> {
  return typeof value === "object" && value !== null && "run" in value && typeof value.run === "function";
}
