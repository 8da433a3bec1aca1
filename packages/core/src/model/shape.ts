import type { PipelineStage } from "./pipeline.ts";
import { suggest } from "./suggest.ts";

/** What is wrong with a pipeline's shape, one line each: names, upstreams, cycles. */
export function checkShape(name: string, stages: readonly PipelineStage[]): readonly string[] {
  const names = stages.map((stage) => stage.name);
  return [
    ...(isName(name) ? [] : ["the pipeline needs a name"]),
    ...stages.flatMap((stage, index) => checkStage(stage, index, names)),
    ...checkCycles(stages),
  ];
}

function isName(name: unknown): boolean {
  return typeof name === "string" && name.trim() !== "";
}

function checkStage(stage: PipelineStage, index: number, names: readonly string[]): string[] {
  const at = `stage ${JSON.stringify(stage.name)}`;
  const problems: string[] = [];
  if (!isName(stage.name)) problems.push(`${at}  every stage needs a name`);
  if (names.indexOf(stage.name) !== index)
    problems.push(`${at}  there are two stages of this name; rename one`);
  if (typeof stage.type?.type !== "string")
    problems.push(`${at}  its type is not one made by defineStage (deploy, wait, judgement, or your own)`);
  if (stage.name === "__proto__")
    problems.push(`${at}  JavaScript keeps this name to itself; choose another name`);
  if (stage.type?.kind === "effect" && typeof stage.type.run !== "function")
    problems.push(`${at}  its type has no code to run; make it with defineStage({ type, run })`);
  if (isName(stage.name) && stage.name.endsWith("/baseline") && stage.type?.kind === "rollout")
    problems.push(`${at}  a deploy's name may not end in "/baseline": groups of a comparison are told by it`);
  if (typeof stage.input !== "function") problems.push(`${at}  its input must be a function`);
  for (const upstream of stage.after)
    if (!names.includes(upstream))
      problems.push(
        `${at}  after: no stage is called ${JSON.stringify(upstream)}${suggest(upstream, names)}`,
      );
  return problems;
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
