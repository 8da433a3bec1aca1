import {
  type AnyPipeline,
  type Check,
  parseDuration,
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
  { stages }: StandIns,
  checks: readonly Check<never>[],
  world: StageWorld,
): AnyPipeline {
  const replaced = pipeline.stages.map((stage) => replace(stage, stages[stage.name], world));
  return { ...pipeline, stages: replaced.map((stage) => withChecks(stage, checks)) };
}

/** The stand-ins of checks, as one life of the process calls them. */
export function standInChecks({ checks }: StandIns, world: StageWorld): readonly Check<never>[] {
  return Object.entries(checks).map(([name, run]) => ({ name, run: async (context) => run(context, world) }));
}

// A strategy that brings a check's code along brings its stand-in.
function withChecks(stage: PipelineStage, checks: readonly Check<never>[]): PipelineStage {
  if (stage.type.kind !== "rollout" || checks.length === 0) return stage;
  const input = (inputs: Parameters<PipelineStage["input"]>[0]): unknown => {
    const value = stage.input(inputs) as { readonly strategy: Strategy };
    const own = (value.strategy.checks ?? []).filter(
      ({ name }) => !checks.some((each) => each.name === name),
    );
    const strategy = Object.assign(Object.create(value.strategy) as object, { checks: [...checks, ...own] });
    return { ...value, strategy };
  };
  return { ...stage, input };
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
export function checkStandIns(pipelines: readonly AnyPipeline[], standIns: StandIns["stages"]): void {
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
