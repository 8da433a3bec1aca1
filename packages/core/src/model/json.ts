/** Anything that JSON can carry. What is recorded in the log is of this type. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** A value as it is recorded, and where it is not JSON: one line each. */
export interface JsonCopy {
  /** Frozen, and apart from the value: what happens to that one later does not reach the log. */
  readonly json: Json;
  readonly problems: readonly string[];
}

// Nothing that a person wrote is nested so deep; a value that refers back to itself is, without end.
const DEPTH_MAX = 200;

const NONE: readonly never[] = [];

/** Copies a value for the log. Fields that are undefined are left out; a value that is undefined itself becomes null. */
export function copyJson(value: unknown, path: string): JsonCopy {
  if (value === undefined || value === null) return { json: null, problems: NONE };
  const problems: string[] = [];
  return { json: copy(value, path, 0, problems), problems };
}

function copy(value: unknown, path: string, depth: number, problems: string[]): Json {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  const problem = problemOf(value, depth);
  if (problem !== undefined) {
    problems.push(`${path}: ${problem}`);
    return null;
  }
  return Array.isArray(value)
    ? Object.freeze(value.map((item, index) => copy(item, `${path}[${index}]`, depth + 1, problems)))
    : copyFields(value as object, path, depth, problems);
}

function copyFields(value: object, path: string, depth: number, problems: string[]): Json {
  const fields: Record<string, Json> = {};
  for (const [name, item] of Object.entries(value)) {
    if (item === undefined) continue;
    const json = copy(item, `${path}.${name}`, depth + 1, problems);
    // Assigned, this one would become the prototype.
    if (name === "__proto__") Object.defineProperty(fields, name, { value: json, enumerable: true });
    else fields[name] = json;
  }
  return Object.freeze(fields);
}

function problemOf(value: unknown, depth: number): string | undefined {
  if (value === undefined) return "undefined is not JSON";
  if (typeof value === "number") return `${value} is not JSON`;
  if (typeof value !== "object" || value === null) return `a ${typeof value} is not JSON`;
  if (depth > DEPTH_MAX) return "is nested too deep, or refers back to itself";
  if (Array.isArray(value)) return undefined;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return undefined;
  const { name } = (value.constructor ?? {}) as { readonly name?: unknown };
  return `a ${typeof name === "string" && name !== "" ? name : "class instance"} is not JSON (pass its plain data)`;
}
