import {
  type AnyPipeline,
  type Check,
  type ChildPipeline,
  parseDuration,
  type RunPipelineStage,
  type PipelineStage,
  type StageContext,
  type Strategy,
} from "@gennaker/core";
import { type Clock, ConfigurationError } from "@gennaker/core/ports";
import type { Random } from "../cloud/random.ts";
import type { CheckStandIn, StageWorld, StandIn } from "./pipeline-simulation.ts";

/** Stand-ins for code: that of stages by their names, that of checks by theirs. */
export interface StandIns {
  readonly stages: Readonly<Record<string, StandIn<unknown> | undefined>>;
  readonly checks: Readonly<Record<string, CheckStandIn>>;
}

/** A pipeline as one life of the process runs it: some code replaced. */
export function withStandIns(
  pipeline: AnyPipeline,
  standIns: StandIns,
  checks: readonly Check<never>[],
  world: StageWorld,
): AnyPipeline {
  const replaced = pipeline.stages.map((stage) =>
    replace(stage, standIns.stages[stage.name], { standIns, checks, world }),
  );
  return { ...pipeline, stages: replaced.map((stage) => withChecks(stage, checks)) };
}

/** What code is replaced by. */
interface Replacements {
  readonly standIns: StandIns;
  readonly checks: readonly Check<never>[];
  readonly world: StageWorld;
}

/** The stand-ins of checks, as one life of the process calls them. */
export function standInChecks({ checks }: StandIns, world: StageWorld): readonly Check<never>[] {
  return Object.entries(checks).map(([name, run]) => ({ name, run: async (context) => run(context, world) }));
}

// A strategy that brings a check's code along brings its stand-in.
function withChecks(stage: PipelineStage, checks: readonly Check<never>[]): PipelineStage {
  if (checks.length === 0) return stage;
  const { made } = stage;
  if (made?.type.kind === "rollout")
    return { ...stage, made: { ...made, input: checked(made.input, checks) } };
  return stage.type.kind === "rollout" ? { ...stage, input: checked(stage.input, checks) } : stage;
}

function checked(make: PipelineStage["input"], checks: readonly Check<never>[]): PipelineStage["input"] {
  return (inputs) => {
    const value = make(inputs) as { readonly strategy: Strategy };
    const own = (value.strategy.checks ?? []).filter(
      ({ name }) => !checks.some((each) => each.name === name),
    );
    const strategy = Object.assign(Object.create(value.strategy) as object, { checks: [...checks, ...own] });
    return { ...value, strategy };
  };
}

function replace(
  stage: PipelineStage,
  standIn: StandIn<unknown> | undefined,
  using: Replacements,
): PipelineStage {
  const { made } = stage;
  const type = replaceCode(made?.type ?? stage.type, standIn, using);
  return made ? { ...stage, made: { ...made, type } } : { ...stage, type };
}

// The stages of a pipeline that a stage runs have stand-ins as well, by their own names.
function replaceCode(
  type: PipelineStage["type"],
  standIn: StandIn<unknown> | undefined,
  { standIns, checks, world }: Replacements,
): PipelineStage["type"] {
  const child = childOf(type);
  if (child) {
    const replaced = withStandIns(child.pipeline, standIns, checks, world);
    const below = { ...type, child: { ...child, pipeline: replaced } };
    return below;
  }
  if (!standIn) return type;
  const run = async (context: StageContext<unknown>): Promise<unknown> =>
    standIn(context as StageContext<never>, world);
  return { ...type, run };
}

/** The pipeline that a type of stage runs; undefined for every other type. */
export function childOf(type: PipelineStage["type"]): ChildPipeline | undefined {
  return type.kind === "pipeline" ? (type as RunPipelineStage<unknown, unknown>).child : undefined;
}

function stagesOf({ stages }: AnyPipeline): readonly PipelineStage[] {
  return stages.flatMap((stage) => {
    const child = childOf(stage.made?.type ?? stage.type);
    return child ? [stage, ...stagesOf(child.pipeline)] : [stage];
  });
}

/** @throws ConfigurationError when a stand-in is for no stage, or for one that has no code of its own */
export function checkStandIns(pipelines: readonly AnyPipeline[], standIns: StandIns["stages"]): void {
  const stages = pipelines.flatMap(stagesOf);
  const problems = Object.keys(standIns).flatMap((name) => {
    const found = stages.filter((stage) => stage.name === name);
    if (found.length === 0) return [`stages: no stage is called ${JSON.stringify(name)}`];
    const builtIn = found.map(({ type, made }) => made?.type ?? type).find(({ kind }) => kind !== "effect");
    return builtIn
      ? [`stages: ${JSON.stringify(name)} is a ${builtIn.type}, which has no code to replace`]
      : [];
  });
  if (problems.length > 0) throw new ConfigurationError("simulatePipeline", problems);
}

/** What stand-ins can do, in one life of the process. */
export function stageWorld(clock: Clock, chance: Random): StageWorld {
  return {
    chance: (probability) => chance.chance(probability),
    sleep: (duration, signal) =>
      new Promise((resolve) => {
        const callOff = clock.after(parseDuration(duration), resolve);
        signal?.addEventListener("abort", () => (callOff(), resolve()), { once: true });
      }),
  };
}
