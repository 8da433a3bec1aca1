/** Anything that JSON can carry. What is recorded in the log is of this type. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** Where a value is not JSON, one line each; empty when it can be recorded as it is. Fields that are undefined are left out. */
export function jsonProblems(value: unknown, path = "$"): readonly string[] {
  if (value === null || typeof value === "string" || typeof value === "boolean") return [];
  if (typeof value === "number") return Number.isFinite(value) ? [] : [`${path}: ${value} is not JSON`];
  if (Array.isArray(value)) return value.flatMap((item, index) => jsonProblems(item, `${path}[${index}]`));
  if (typeof value !== "object") return [`${path}: a ${typeof value} is not JSON`];
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null)
    return [`${path}: a ${value.constructor?.name ?? "class instance"} is not JSON (pass its plain data)`];
  return Object.entries(value).flatMap(([name, item]) =>
    item === undefined ? [] : jsonProblems(item, `${path}.${name}`),
  );
}
