type Fields = Readonly<Record<string, unknown>>;

/**
 * A patch merged into a value: objects field by field, lists of things with a `name` by that name, `null` takes away,
 * anything else replaces.
 */
export function merge(value: unknown, patch: unknown): unknown {
  if (isNamedList(value) && isNamedList(patch)) return mergeByName(value, patch);
  if (!isFields(patch)) return patch;
  const merged: Record<string, unknown> = isFields(value) ? { ...value } : {};
  for (const [field, change] of Object.entries(patch)) {
    if (change === null) delete merged[field];
    else merged[field] = merge(merged[field], change);
  }
  return merged;
}

function mergeByName(list: readonly Fields[], patch: readonly Fields[]): readonly unknown[] {
  const changed = list.map((each) => {
    const change = patch.find(({ name }) => name === each["name"]);
    return change ? merge(each, change) : each;
  });
  const known = new Set(list.map(({ name }) => name));
  return [...changed, ...patch.filter(({ name }) => !known.has(name)).map((each) => merge({}, each))];
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isNamedList(value: unknown): value is readonly Fields[] {
  return Array.isArray(value) && value.length > 0 && value.every((each) => isFields(each) && "name" in each);
}
