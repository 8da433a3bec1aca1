import { childOf } from "../stages/run-pipeline.ts";
import { checkItems } from "./items.ts";
import type { PipelineStage } from "./pipeline-stage.ts";
import { suggest } from "./suggest.ts";

/** What is wrong with a pipeline's shape, one line each: names, options, upstreams, cycles. */
export function checkShape(name: string, stages: readonly PipelineStage[]): readonly string[] {
  const names = stages.map((stage) => stage.name);
  return [
    ...(isName(name) ? [] : ["the pipeline needs a name"]),
    ...stages.flatMap((stage, index) => checkStage(stage, index, stages, names)),
    ...checkCycles(stages),
  ];
}

function isName(name: unknown): boolean {
  return typeof name === "string" && name.trim() !== "";
}

function checkStage(
  stage: PipelineStage,
  index: number,
  stages: readonly PipelineStage[],
  names: readonly string[],
): string[] {
  const at = `stage ${JSON.stringify(stage.name)}`;
  const problems: string[] = [];
  const { type } = stage.made ?? stage;
  if (!isName(stage.name)) problems.push("every stage needs a name");
  if (names.indexOf(stage.name) !== index) problems.push("there are two stages of this name; rename one");
  if (typeof type?.type !== "string")
    problems.push("its type is not one made by defineStage (deploy, wait, judgement, or your own)");
  if (/~\d+$/.test(stage.name))
    problems.push("a name that ends like ~2 is taken by its own retries; choose another name");
  if (isName(stage.name) && stage.name.endsWith("/baseline") && type?.kind === "rollout")
    problems.push('a deploy\'s name may not end in "/baseline": groups of a comparison are told by it');
  if (stage.name === "__proto__") problems.push("JavaScript keeps this name to itself; choose another name");
  const child = childOf(type);
  if (child)
    problems.push(
      ...child.pipeline.problems.map(
        (problem) => `pipeline ${JSON.stringify(child.pipeline.name)}  ${problem}`,
      ),
    );
  if (type?.kind === "effect" && typeof type.run !== "function")
    problems.push("its type has no code to run; make it with defineStage({ type, run })");
  if (typeof stage.input !== "function" || (stage.made && typeof stage.made.input !== "function"))
    problems.push("its input must be a function");
  problems.push(...stage.problems, ...checkList(stage), ...checkNames(stage, stages, names));
  return problems.map((problem) => `${at}  ${problem}`);
}

// A list that is made of the run's input is checked when a run starts.
function checkList({ name, each, made }: PipelineStage): readonly string[] {
  if (!each) return [];
  const { items, max, atOnce } = each;
  return [
    ...(typeof name === "string" && /[[\]]/.test(name)
      ? ["the name of a list's stages has no [ or ] in it"]
      : []),
    ...(made || typeof items === "function" ? [] : checkItems(items, max)),
    ...(Number.isSafeInteger(max) && max >= 1 ? [] : [`max: ${max} is not a whole number from 1 on`]),
    ...(atOnce === undefined || (Number.isSafeInteger(atOnce) && atOnce >= 1)
      ? []
      : [`atOnce: ${atOnce} is not a whole number from 1 on`]),
  ];
}

// What clears up is apart from the ordinary course: no edge leads from one to the other.
function checkNames(
  { after, settings }: PipelineStage,
  stages: readonly PipelineStage[],
  names: readonly string[],
): readonly string[] {
  const missing = (field: string, name: string): string[] =>
    names.includes(name)
      ? []
      : [`${field}: no stage is called ${JSON.stringify(name)}${suggest(name, names)}`];
  const roleOf = (name: string): string | undefined =>
    stages.find((stage) => stage.name === name)?.settings.role;
  const { role, clears = [], undoes } = settings;
  const undone = Array.isArray(undoes) ? (undoes as readonly string[]) : [];
  return [
    ...after.flatMap((name) => missing("after", name)),
    ...after.flatMap((name) =>
      names.includes(name) && roleOf(name) !== role
        ? [`after: ${JSON.stringify(name)} is ${courseOf(roleOf(name))}, this one is ${courseOf(role)}`]
        : [],
    ),
    ...clears.flatMap((name) => missing("clears", name)),
    ...undone.flatMap((name) => missing("undoes", name)),
    ...clears.flatMap((name) =>
      names.includes(name) && roleOf(name) !== undefined
        ? [`clears: ${JSON.stringify(name)} is ${courseOf(roleOf(name))} itself`]
        : [],
    ),
  ];
}

function courseOf(role: string | undefined): string {
  if (role === undefined) return "a stage of the ordinary course";
  return role === "finally" ? "a finally stage" : "an onFailure stage";
}

function checkCycles(stages: readonly PipelineStage[]): string[] {
  // Two stages of one name look like a circle, and are reported as what they are.
  if (new Set(stages.map((stage) => stage.name)).size < stages.length) return [];
  const upstream = new Map(stages.map((stage) => [stage.name, stage.after]));
  const done = new Set<string>();
  const problems: string[] = [];
  const visit = (name: string, path: readonly string[]): void => {
    const start = path.indexOf(name);
    if (start >= 0) {
      problems.push(`stages wait for each other: ${[...path.slice(start), name].toReversed().join(" → ")}`);
      return;
    }
    if (done.has(name)) return;
    for (const next of upstream.get(name) ?? []) visit(next, [...path, name]);
    done.add(name);
  };
  for (const name of upstream.keys()) visit(name, []);
  return problems;
}
