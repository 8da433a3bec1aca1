import type { Outcome } from "../machine/events.ts";
import type { Json } from "../model/json.ts";
import type { Pipeline } from "../model/pipeline.ts";
import type { StageType } from "../model/stage.ts";

/** What a stage that ran another pipeline leaves for later stages. */
export interface ChildRun<Returned> {
  /** The run that was started. */
  readonly run: string;
  readonly outcome: Extract<Outcome, "succeeded">;
  /** What `returns` took of its outputs. */
  readonly returned: Returned;
}

/** What a stage that only started another pipeline leaves for later stages. */
export interface StartedRun {
  readonly run: string;
}

/** The pipeline that a stage runs, and what comes of it. */
export interface ChildPipeline {
  readonly pipeline: Pick<
    Pipeline<never, never>,
    "name" | "stages" | "problems" | "plan" | "application" | "concurrency"
  > & {
    readonly input?: unknown;
  };
  readonly wait: boolean;
  /** What is taken of the outputs of its run. */
  readonly returns?: (outputs: never) => unknown;
}

/** The type of a stage that runs another pipeline. */
export interface RunPipelineStage<Input, Output> extends StageType<Input, Output> {
  readonly kind: "pipeline";
  readonly child: ChildPipeline;
}

/**
 * Makes a stage out of a pipeline: it starts a run of it, once, and by default waits for its end. The two runs refer to
 * each other by their ids. A run that does not succeed fails the stage; a cancel, and the end of the stage's time, go
 * down to it. Nothing of it is copied but what `returns` takes of its outputs.
 *
 * @example
 * .stage("database", runPipeline(migrate, { returns: (outputs) => outputs.apply.version }), ({ input }) => ({ image: input.image }))
 * .stage("tell", tell, ({ outputs }) => ({ version: outputs.database.returned }))
 */
export function runPipeline<Input, Outputs, const Returned extends Json = null>(
  pipeline: Pipeline<Input, Outputs>,
  options?: { readonly wait?: true; readonly returns?: (outputs: Outputs) => Returned },
): RunPipelineStage<Input, ChildRun<Returned>>;
/** Starts it, and goes on at once: whatever comes of it is its own matter. */
export function runPipeline<Input, Outputs>(
  pipeline: Pipeline<Input, Outputs>,
  options: { readonly wait: false },
): RunPipelineStage<Input, StartedRun>;
export function runPipeline<Input, Outputs>(
  pipeline: Pipeline<Input, Outputs>,
  options: { readonly wait?: boolean; readonly returns?: (outputs: Outputs) => Json } = {},
): RunPipelineStage<Input, ChildRun<Json> | StartedRun> {
  const { wait = true, returns } = options;
  const child = {
    pipeline: pipeline as unknown as ChildPipeline["pipeline"],
    wait,
    ...(returns && { returns: returns as NonNullable<ChildPipeline["returns"]> }),
  };
  return {
    type: "run-pipeline",
    kind: "pipeline",
    check: () => [],
    child,
    ...(pipeline.input && { input: pipeline.input }),
  };
}

/** The pipeline that a type of stage runs; undefined for every other type. */
export function childOf(type: StageType<unknown, unknown> | undefined): ChildPipeline | undefined {
  return type?.kind === "pipeline" ? (type as RunPipelineStage<unknown, unknown>).child : undefined;
}
