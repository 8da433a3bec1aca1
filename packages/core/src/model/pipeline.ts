import type { DeployInput, DeployOutput, DeployStage } from "../stages/deploy.ts";
import type { Json } from "./json.ts";
import type { Plan } from "./plan.ts";
import { planMermaid } from "./plan-mermaid.ts";
import type { Schema } from "./schema.ts";
import type { StageType } from "./stage.ts";
import { checkShape } from "./shape.ts";

/** What a stage's input function sees. */
export interface StageInputs<Input, Outputs> {
  /** The run's input, validated. */
  readonly input: Input;
  /** Outputs of the stages named before this one, by name; those that this stage does not come after may not be there yet. */
  readonly outputs: Outputs;
  readonly run: { readonly id: string; readonly startedAt: number; readonly actor?: string };
}

/** Settings of one stage in a pipeline. */
export interface StageOptions<Upstream extends string> {
  /** Stages that must have succeeded before. Default: the stage named just before; `[]`: none. */
  readonly after?: readonly Upstream[];
}

/** A stage as it stands in a pipeline. */
export interface PipelineStage {
  readonly name: string;
  readonly type: StageType<unknown, unknown>;
  readonly after: readonly string[];
  /** Makes the stage's input, when it starts. */
  readonly input: (inputs: StageInputs<unknown, Record<string, unknown>>) => unknown;
}

/** What a type of stage takes. */
export type InputOf<Type> = Type extends StageType<infer Input, infer _> ? Input : never;

/** The same data, read only all the way down: what an input function may return. */
export type Recorded<T> = T extends readonly (infer Item)[]
  ? readonly Recorded<Item>[]
  : T extends (...parameters: never[]) => unknown
    ? T
    : T extends object
      ? { readonly [Field in keyof T]: Recorded<T[Field]> }
      : T;

/** What a type of stage returns. */
export type OutputOf<Type> = Type extends StageType<infer _, infer Output> ? Output : never;

/** A typed graph of stages. Immutable: `stage` returns a longer pipeline. */
export interface Pipeline<Input = Json, Outputs = object> {
  readonly name: string;
  readonly stages: readonly PipelineStage[];
  /** What it belongs to, for lists, reports and rights. */
  readonly application?: string;
  readonly input?: Schema<unknown, Input>;
  /** What is wrong with its shape; empty when nothing is. Reported by `createDelivery` and `start`, all at once. */
  readonly problems: readonly string[];
  /** The shape that a run freezes. */
  plan(): Plan;
  /** The shape as a Mermaid flowchart: for a README, a pull request, a page. */
  toMermaid(): string;

  /**
   * Adds a stage. `input` runs when the stage starts, without side effects; what it returns is recorded as it is and
   * shown to whoever reads events: no secrets in it. It returns the input itself, never a promise.
   */
  stage<
    const Name extends string,
    Type extends Pick<StageType<unknown, unknown>, "type" | "kind">,
    const Returned extends Recorded<InputOf<Type>>,
  >(
    name: Name,
    type: Type,
    input: (inputs: StageInputs<Input, Outputs>) => Returned,
    options?: StageOptions<keyof Outputs & string>,
  ): Pipeline<Input, Outputs & { readonly [N in Name]: OutputOf<Type> }>;
  /** Adds a deploy; its output carries the release, with its type. */
  stage<const Name extends string, Release>(
    name: Name,
    type: DeployStage,
    input: (inputs: StageInputs<Input, Outputs>) => DeployInput<Release>,
    options?: StageOptions<keyof Outputs & string>,
  ): Pipeline<Input, Outputs & { readonly [N in Name]: DeployOutput<Release> }>;
}

/**
 * Begins a pipeline. Names and edges are static, so that a plan can be drawn before anything runs; inputs are functions.
 *
 * @example
 * pipeline("promote", { input: z.object({ image: z.string() }) })
 *   .stage("prod", deploy, ({ input }) => ({ cluster: api, release: { image: input.image }, strategy: redBlack() }))
 */
export function pipeline<Input = Json>(
  name: string,
  options: { readonly input?: Schema<unknown, Input>; readonly application?: string } = {},
): Pipeline<Input> {
  return grow<Input>(name, [], options.input, options.application);
}

function grow<Input>(
  name: string,
  stages: readonly PipelineStage[],
  schema: Schema<unknown, Input> | undefined,
  application: string | undefined,
): Pipeline<Input> {
  const problems = checkShape(name, stages);
  const grown = {
    name,
    stages,
    problems,
    toMermaid: (): string => planMermaid(grown.plan()),
    ...(schema && { input: schema }),
    ...(application !== undefined && { application }),
    plan: (): Plan => ({
      pipeline: name,
      ...(application !== undefined && { application }),
      stages: stages.map((stage) => ({
        name: stage.name,
        type: stage.type.type,
        kind: stage.type.kind,
        after: stage.after,
        ...(stage.type.retry && { retry: stage.type.retry }),
      })),
    }),
    stage(
      stage: string,
      type: StageType<unknown, unknown>,
      input: PipelineStage["input"],
      { after }: StageOptions<string> = {},
    ) {
      const previous = stages.at(-1);
      const upstream = after ?? (previous ? [previous.name] : []);
      return grow(name, [...stages, { name: stage, type, input, after: upstream }], schema, application);
    },
  };
  return grown as Pipeline<Input>;
}
