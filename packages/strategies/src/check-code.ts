import { type Check, ConfigurationError, type Json } from "@gennaker/core";

/** What a strategy keeps of its options: as they are recorded, with names for checks; and the checks themselves. */
export interface KeptOptions {
  readonly options: Json;
  readonly checks?: readonly Check<never>[];
}

/**
 * Checks are code: their names are recorded, and lead back to them after a crash.
 *
 * @throws ConfigurationError when one name would lead to two of them
 */
export function keep(strategy: string, options: object): KeptOptions {
  const found = new Map<string, Check<never>>();
  const twice = new Set<string>();
  const recorded = record(options, (check) => {
    const known = found.get(check.name);
    if (known && known.run !== check.run && !isStage(check)) twice.add(check.name);
    found.set(check.name, check);
  });
  if (twice.size > 0) throw new ConfigurationError(strategy, [...twice].map(ambiguous));
  return { options: recorded as Json, ...(found.size > 0 && { checks: [...found.values()] }) };
}

function record(value: unknown, note: (check: Check<never>) => void): unknown {
  if (isCheck(value)) {
    note(value);
    return value.name;
  }
  if (Array.isArray(value)) return value.map((item) => record(item, note));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, record(item, note)]));
}

function isCheck(value: unknown): value is Check<never> {
  return typeof value === "object" && value !== null && "run" in value && typeof value.run === "function";
}

// Each gate that a stage makes has a function of its own, which does the same.
function isStage({ name }: Check<never>): boolean {
  return name.startsWith("stage ");
}

function ambiguous(name: string): string {
  return `two checks are called ${JSON.stringify(name)}: a log could not tell which one is meant (rename one)`;
}
