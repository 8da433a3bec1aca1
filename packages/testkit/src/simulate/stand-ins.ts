import {
  type AnyPipeline,
  type ChildPipeline,
  parseDuration,
  type RunPipelineStage,
  type PipelineStage,
  type StageContext,
} from "@gennaker/core";
import { type Clock, ConfigurationError } from "@gennaker/core/ports";
import type { Random } from "../cloud/random.ts";
import type { StageWorld, StandIn } from "./pipeline-simulation.ts";

/** Stand-ins for stages' code, by stage. */
export type StandIns = Readonly<Record<string, StandIn<unknown> | undefined>>;

/** A pipeline as one life of the process runs it: some stages' code replaced. */
export function withStandIns(pipeline: AnyPipeline, standIns: StandIns, world: StageWorld): AnyPipeline {
  return {
    ...pipeline,
    stages: pipeline.stages.map((stage) => replace(stage, standIns[stage.name], standIns, world)),
  };
}

function replace(
  stage: PipelineStage,
  standIn: StandIn<unknown> | undefined,
  standIns: StandIns,
  world: StageWorld,
): PipelineStage {
  const { made } = stage;
  const type = replaceCode(made?.type ?? stage.type, standIn, standIns, world);
  return made ? { ...stage, made: { ...made, type } } : { ...stage, type };
}

// The stages of a pipeline that a stage runs have stand-ins as well, by their own names.
function replaceCode(
  type: PipelineStage["type"],
  standIn: StandIn<unknown> | undefined,
  standIns: StandIns,
  world: StageWorld,
): PipelineStage["type"] {
  const child = childOf(type);
  if (child) {
    const below = { ...type, child: { ...child, pipeline: withStandIns(child.pipeline, standIns, world) } };
    return below;
  }
  if (!standIn) return type;
  const run = async (context: StageContext<unknown>): Promise<unknown> =>
    standIn(context as StageContext<never>, world);
  return { ...type, run };
}

function childOf(type: PipelineStage["type"]): ChildPipeline | undefined {
  return type.kind === "pipeline" ? (type as RunPipelineStage<unknown, unknown>).child : undefined;
}

function stagesOf({ stages }: AnyPipeline): readonly PipelineStage[] {
  return stages.flatMap((stage) => {
    const child = childOf(stage.made?.type ?? stage.type);
    return child ? [stage, ...stagesOf(child.pipeline)] : [stage];
  });
}

/** @throws ConfigurationError when a stand-in is for no stage, or for one that has no code of its own */
export function checkStandIns(pipelines: readonly AnyPipeline[], standIns: StandIns): void {
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
