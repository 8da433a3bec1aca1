import { type AnyPipeline, parseDuration, type PipelineStage, type StageContext } from "@gennaker/core";
import { type Clock, ConfigurationError } from "@gennaker/core/ports";
import type { Random } from "../cloud/random.ts";
import type { StageWorld, StandIn } from "./pipeline-simulation.ts";

/** Stand-ins for stages' code, by stage. */
export type StandIns = Readonly<Record<string, StandIn<unknown> | undefined>>;

/** A pipeline as one life of the process runs it: some stages' code replaced. */
export function withStandIns(pipeline: AnyPipeline, standIns: StandIns, world: StageWorld): AnyPipeline {
  return { ...pipeline, stages: pipeline.stages.map((stage) => replace(stage, standIns[stage.name], world)) };
}

function replace(
  stage: PipelineStage,
  standIn: StandIn<unknown> | undefined,
  world: StageWorld,
): PipelineStage {
  if (!standIn) return stage;
  const run = async (context: StageContext<unknown>): Promise<unknown> =>
    standIn(context as StageContext<never>, world);
  return { ...stage, type: { ...stage.type, run } };
}

/** @throws ConfigurationError when a stand-in is for no stage, or for one that has no code of its own */
export function checkStandIns(pipelines: readonly AnyPipeline[], standIns: StandIns): void {
  const stages = pipelines.flatMap((pipeline) => pipeline.stages);
  const problems = Object.keys(standIns).flatMap((name) => {
    const found = stages.filter((stage) => stage.name === name);
    if (found.length === 0) return [`stages: no stage is called ${JSON.stringify(name)}`];
    const builtIn = found.find(({ type }) => type.kind !== "effect");
    return builtIn
      ? [`stages: ${JSON.stringify(name)} is a ${builtIn.type.type}, which has no code to replace`]
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
