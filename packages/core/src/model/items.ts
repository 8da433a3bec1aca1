import type { Json } from "./json.ts";
import type { PlannedStage } from "./plan.ts";

/** One thing of a list that stages are made for: a text, or an object with a `name`. */
export type Item = string | { readonly name: string };

/** What an item is called in the names of its stages. */
export function itemName(item: Json): string {
  return typeof item === "string" ? item : String((item as { readonly name?: unknown }).name);
}

/** The stages that are made of a list: `deploy[eu]`, `deploy[us]` … */
export function itemStages(
  { name, template, role }: Pick<PlannedStage, "name" | "template" | "role">,
  items: readonly Json[],
): readonly PlannedStage[] {
  if (!template) return [];
  return items.map((item) => ({
    ...template,
    name: `${name}[${itemName(item)}]`,
    after: [name],
    of: name,
    item,
    ...(role && { role }),
  }));
}

/** What is wrong with a list of items; empty when nothing is. */
export function checkItems(items: unknown, max: number): readonly string[] {
  if (!Array.isArray(items)) return ["items: must be a list"];
  if (items.length > max) return [`items: ${items.length} are more than the ${max} that it may have (max)`];
  const names = items.map((item: Json) => (isItem(item) ? itemName(item) : undefined));
  const nameless = names.flatMap((name, index) =>
    name === undefined ? [`items[${index}]: must be a text, or an object with a name`] : [],
  );
  const twice = new Set(names.filter((name, index) => name !== undefined && names.indexOf(name) !== index));
  return [
    ...nameless,
    ...[...twice].map((name) => `items: ${JSON.stringify(name)} is there twice; give each its own name`),
  ];
}

function isItem(item: unknown): boolean {
  const name: unknown = typeof item === "object" && item !== null ? (item as { name?: unknown }).name : item;
  return typeof name === "string" && name.trim() !== "" && !/[[\]]/.test(name);
}
