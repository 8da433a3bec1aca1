import { ConfigurationError } from "../errors.ts";
import { checkItems, itemName, type Item } from "./items.ts";
import type { Json } from "./json.ts";
import { copyJson } from "./json.ts";
import type { PipelineStage, StageSettings } from "./pipeline-stage.ts";
import type { Plan, PlannedStage } from "./plan.ts";

/**
 * The plan of a run: each matrix is there as the stages of its items, and whatever comes after it comes after them.
 *
 * @throws ConfigurationError with all problems of the lists
 */
export function makePlan(
  pipeline: string,
  stages: readonly PipelineStage[],
  input: Json,
  timeoutMs: number | undefined,
): Plan {
  const problems: string[] = [];
  const madeOf = new Map<string, readonly string[]>();
  const planned = stages.flatMap((stage) => {
    const after = stage.after.flatMap((name) => madeOf.get(name) ?? [name]);
    const resolved = { ...stage, after, settings: resolve(stage.settings, madeOf) };
    if (!stage.each || stage.made) return [planStage(resolved)];
    const items = itemsOf(stage, input, problems);
    const made = planMatrix(resolved, items);
    // Nothing is made of an empty list: what comes after it comes after what is before it.
    madeOf.set(stage.name, made.length > 0 ? made.map(({ name }) => name) : after);
    return made;
  });
  if (problems.length > 0) throw new ConfigurationError(`pipeline ${JSON.stringify(pipeline)}`, problems);
  return { pipeline, stages: planned, ...(timeoutMs !== undefined && { timeoutMs }) };
}

// What is for a matrix is for all of its stages.
function resolve(settings: StageSettings, madeOf: ReadonlyMap<string, readonly string[]>): StageSettings {
  const { clears, undoes } = settings;
  const each = (names: readonly string[]): readonly string[] =>
    names.flatMap((name) => madeOf.get(name) ?? [name]);
  return {
    ...settings,
    ...(clears && { clears: each(clears) }),
    ...(Array.isArray(undoes) && { undoes: each(undoes as readonly string[]) }),
  };
}

function planStage({ name, type, after, settings, made, each }: PipelineStage): PlannedStage {
  if (!made) return { name, type: type.type, kind: type.kind, after, ...settings };
  const { conditional, ...own } = settings;
  const { type: item, kind } = made.type;
  const template = { type: item, kind, ...settings };
  // The options are the items'; of the stage that finds the list, only where it stands in the graph.
  const { join } = own;
  return {
    name,
    type: type.type,
    kind: type.kind,
    after,
    ...(join && { join }),
    template: conditional ? { ...template, conditional } : template,
    ...(each && { max: each.max }),
  };
}

function planMatrix(stage: PipelineStage, items: readonly Item[]): readonly PlannedStage[] {
  const atOnce = stage.each?.atOnce ?? Infinity;
  const nameOf = (item: Item): string => `${stage.name}[${itemName(item)}]`;
  return items.map((item, index) => {
    const before = items[index - atOnce];
    return {
      ...planStage(stage),
      name: nameOf(item),
      after: before === undefined ? stage.after : [...stage.after, nameOf(before)],
      of: stage.name,
      item: copyJson(item, "item").json,
    };
  });
}

function itemsOf({ name, each }: PipelineStage, input: Json, problems: string[]): readonly Item[] {
  const at = `stage ${JSON.stringify(name)}`;
  const items = each?.items ?? [];
  try {
    const found = typeof items === "function" ? items(input as never) : items;
    const wrong = [...checkItems(found, each?.max ?? 0), ...copyJson(found, "items").problems];
    problems.push(...wrong.map((problem) => `${at}  ${problem}`));
    return wrong.length > 0 ? [] : found;
  } catch (error) {
    problems.push(`${at}  its list threw: ${error instanceof Error ? error.message : String(error)}`);
    return [];
  }
}
