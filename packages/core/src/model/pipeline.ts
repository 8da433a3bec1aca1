import type { DeployInput, DeployOutput, DeployStage } from "../stages/deploy.ts";
import type { EvaluateStage, OnlyJson } from "../stages/evaluate.ts";
import type { Calendar } from "./calendar.ts";
import type { Concurrency } from "./concurrency.ts";
import type { Duration } from "./duration.ts";
import type { Item } from "./items.ts";
import type { Json } from "./json.ts";
import { draftPipeline } from "./pipeline-draft.ts";
import type {
  InputOf,
  ItemInputs,
  OutputOf,
  PipelineStage,
  Recorded,
  StageInputs,
} from "./pipeline-stage.ts";
import type { Plan } from "./plan.ts";
import type { Schema } from "./schema.ts";
import type { ClearingOptions, StageOptions, SureOptions } from "./stage-options.ts";
import type { StageType } from "./stage.ts";

/** What a pipeline has to know of a type of stage. */
export type AnyType = Pick<StageType<unknown, unknown>, "type" | "kind">;
/** The output of one stage, by its name. */
export type Named<Name extends string, Output> = { readonly [N in Name]: Output };
/** What an item of a list is called. */
export type NameOf<Each> = Each extends string
  ? Each
  : Each extends { readonly name: infer Name extends string }
    ? Name
    : never;
/** The outputs of the stages that were made for the items of a list, by the name of the item. */
export type PerItem<Name extends string, Each, Output> = {
  readonly [N in Name]: { readonly [I in NameOf<Each>]: Output };
};

/** A list that is known when the run starts: written down, or found in the run's input. */
export type StartList<Input, Each extends Item> = readonly Each[] | ((input: Input) => readonly Each[]);

/** Settings of stages that are made for the items of a list. */
export type ItemOptions<Upstream extends string, Inputs> = StageOptions<Upstream, Inputs> & {
  /** How many items the list may have. Default 100. */
  readonly max?: number;
};

/** Settings of a matrix. */
export type MatrixOptions<Upstream extends string, Inputs> = ItemOptions<Upstream, Inputs> & {
  /** How many of its stages may run at once: the fourth starts when the first has passed, if it is 3. Default: all. */
  readonly atOnce?: number;
};

/** A typed graph of stages. Immutable: every method returns a longer pipeline. */
export interface Pipeline<Input = Json, Outputs = object> {
  readonly name: string;
  readonly stages: readonly PipelineStage[];
  /** What it belongs to, for lists, reports and rights. */
  readonly application?: string;
  readonly input?: Schema<unknown, Input>;
  /** How many runs may be under way at once. Absent: any number. */
  readonly concurrency?: Concurrency<Input>;
  /** What is wrong with its shape; empty when nothing is. Reported by `createDelivery` and `start`, all at once. */
  readonly problems: readonly string[];
  /**
   * The shape that a run with this input freezes.
   *
   * @throws ConfigurationError when a matrix cannot make its list of the input
   */
  plan(input?: Json): Plan;
  /** The shape as a Mermaid flowchart: for a README, a pull request, a page. */
  toMermaid(): string;

  /**
   * Adds a stage. `input` runs when the stage starts, without side effects; what it returns is recorded as it is and
   * shown to whoever reads events: no secrets in it. It returns the input itself, never a promise.
   */
  stage<const Name extends string, Type extends AnyType, const Returned extends Recorded<InputOf<Type>>>(
    name: Name,
    type: Type,
    input: (inputs: StageInputs<Input, Outputs>) => Returned,
    options?: SureOptions<keyof Outputs & string>,
  ): Pipeline<Input, Outputs & Named<Name, OutputOf<Type>>>;
  /** Adds values that are computed once; its output is what `input` returns, with its type. */
  stage<const Name extends string, Values>(
    name: Name,
    type: EvaluateStage,
    input: (inputs: StageInputs<Input, Outputs>) => Values & OnlyJson<Values>,
    options?: SureOptions<keyof Outputs & string>,
  ): Pipeline<Input, Outputs & Named<Name, Values>>;
  /** Adds a deploy; its output carries the release, with its type. */
  stage<const Name extends string, Release>(
    name: Name,
    type: DeployStage,
    input: (inputs: StageInputs<Input, Outputs>) => DeployInput<Release>,
    options?: SureOptions<keyof Outputs & string>,
  ): Pipeline<Input, Outputs & Named<Name, DeployOutput<Release>>>;
  /** Adds a stage that may be passed without an output: it has a condition, may be skipped, or its failure is no obstacle. */
  stage<const Name extends string, Type extends AnyType, const Returned extends Recorded<InputOf<Type>>>(
    name: Name,
    type: Type,
    input: (inputs: StageInputs<Input, Outputs>) => Returned,
    options: StageOptions<keyof Outputs & string, StageInputs<Input, Outputs>>,
  ): Pipeline<Input, Outputs & Named<Name, OutputOf<Type> | undefined>>;
  /** The same for values. */
  stage<const Name extends string, Values>(
    name: Name,
    type: EvaluateStage,
    input: (inputs: StageInputs<Input, Outputs>) => Values & OnlyJson<Values>,
    options: StageOptions<keyof Outputs & string, StageInputs<Input, Outputs>>,
  ): Pipeline<Input, Outputs & Named<Name, Values | undefined>>;
  /** The same for a deploy. */
  stage<const Name extends string, Release>(
    name: Name,
    type: DeployStage,
    input: (inputs: StageInputs<Input, Outputs>) => DeployInput<Release>,
    options: StageOptions<keyof Outputs & string, StageInputs<Input, Outputs>>,
  ): Pipeline<Input, Outputs & Named<Name, DeployOutput<Release> | undefined>>;

  /**
   * Adds a stage that clears up after a failure: it runs when the run failed (once all ordinary stages are over), or
   * when one of the stages in `clears` did. A graceful cancel does not stop it; a forced one does. Several run one after
   * the other, whether or not the one before succeeded, unless `after` says otherwise.
   */
  onFailure<const Name extends string, Type extends AnyType, const Returned extends Recorded<InputOf<Type>>>(
    name: Name,
    type: Type,
    input: (inputs: StageInputs<Input, Outputs>) => Returned,
    options?: ClearingOptions<keyof Outputs & string, StageInputs<Input, Outputs>>,
  ): Pipeline<Input, Outputs & Named<Name, OutputOf<Type> | undefined>>;
  /** The same for a deploy. */
  onFailure<const Name extends string, Release>(
    name: Name,
    type: DeployStage,
    input: (inputs: StageInputs<Input, Outputs>) => DeployInput<Release>,
    options?: ClearingOptions<keyof Outputs & string, StageInputs<Input, Outputs>>,
  ): Pipeline<Input, Outputs & Named<Name, DeployOutput<Release> | undefined>>;

  /**
   * Adds a stage that always runs, when everything else is over: after success, failure and a graceful cancel. Only a
   * forced cancel stops it.
   */
  finally<const Name extends string, Type extends AnyType, const Returned extends Recorded<InputOf<Type>>>(
    name: Name,
    type: Type,
    input: (inputs: StageInputs<Input, Outputs>) => Returned,
    options?: StageOptions<string, StageInputs<Input, Outputs>>,
  ): Pipeline<Input, Outputs & Named<Name, OutputOf<Type> | undefined>>;
  /** The same for a deploy. */
  finally<const Name extends string, Release>(
    name: Name,
    type: DeployStage,
    input: (inputs: StageInputs<Input, Outputs>) => DeployInput<Release>,
    options?: StageOptions<string, StageInputs<Input, Outputs>>,
  ): Pipeline<Input, Outputs & Named<Name, DeployOutput<Release> | undefined>>;

  /**
   * Adds one stage for each item of a list that is known when the run starts: `deploy[eu]`, `deploy[us]` … They run side
   * by side; what comes after the matrix comes after all of them. Its output holds theirs, by the item's name.
   */
  matrix<
    const Name extends string,
    const Each extends Item,
    Type extends AnyType,
    const Returned extends Recorded<InputOf<Type>>,
  >(
    name: Name,
    items: StartList<Input, Each>,
    type: Type,
    input: (inputs: ItemInputs<Input, Outputs, Each>) => Returned,
    options?: MatrixOptions<keyof Outputs & string, ItemInputs<Input, Outputs, Each>>,
  ): Pipeline<Input, Outputs & PerItem<Name, Each, OutputOf<Type> | undefined>>;
  /** The same for deploys. */
  matrix<const Name extends string, const Each extends Item, Release>(
    name: Name,
    items: StartList<Input, Each>,
    type: DeployStage,
    input: (inputs: ItemInputs<Input, Outputs, Each>) => DeployInput<Release>,
    options?: MatrixOptions<keyof Outputs & string, ItemInputs<Input, Outputs, Each>>,
  ): Pipeline<Input, Outputs & PerItem<Name, Each, DeployOutput<Release> | undefined>>;

  /**
   * Adds a stage that finds a list when it starts, and one more stage for each item of it. They are added to the run's
   * plan by an event. What comes after the stage comes after all of them; its output holds theirs, by the item's name.
   */
  expand<
    const Name extends string,
    const Each extends Item,
    Type extends AnyType,
    const Returned extends Recorded<InputOf<Type>>,
  >(
    name: Name,
    list: (inputs: StageInputs<Input, Outputs>) => readonly Each[],
    type: Type,
    input: (inputs: ItemInputs<Input, Outputs, Each>) => Returned,
    options?: ItemOptions<keyof Outputs & string, ItemInputs<Input, Outputs, Each>>,
  ): Pipeline<Input, Outputs & PerItem<Name, Each, OutputOf<Type> | undefined>>;
  /** The same for deploys. */
  expand<const Name extends string, const Each extends Item, Release>(
    name: Name,
    list: (inputs: StageInputs<Input, Outputs>) => readonly Each[],
    type: DeployStage,
    input: (inputs: ItemInputs<Input, Outputs, Each>) => DeployInput<Release>,
    options?: ItemOptions<keyof Outputs & string, ItemInputs<Input, Outputs, Each>>,
  ): Pipeline<Input, Outputs & PerItem<Name, Each, DeployOutput<Release> | undefined>>;

  /**
   * Adds what a fragment adds: a function from a pipeline to a longer one, to be used in several.
   *
   * @example
   * const smoked = <Input, Outputs extends { readonly prod: object }>(on: Pipeline<Input, Outputs>) =>
   *   on.stage("smoke", smokeTest, () => ({ url: "https://shop.example" }), { after: ["prod"] })
   * pipeline("promote").stage("prod", …).use(smoked)
   */
  use<Longer>(fragment: (pipeline: Pipeline<Input, Outputs>) => Longer): Longer;
}

/**
 * Begins a pipeline. Names and edges are static, so that a plan can be drawn before anything runs; inputs are functions.
 *
 * `timeout`: how long a run may take. Then what runs is stopped, a rollout takes its way back, and the run fails. Paused
 * time does not count; `onFailure` and `finally` stages are bounded by their own timeouts alone.
 *
 * @example
 * pipeline("promote", { input: z.object({ image: z.string() }) })
 *   .stage("prod", deploy, ({ input }) => ({ cluster: api, release: { image: input.image }, strategy: redBlack() }))
 */
export function pipeline<Input = Json>(name: string, options: PipelineOptions<Input> = {}): Pipeline<Input> {
  return draftPipeline(name, [], options) as unknown as Pipeline<Input>;
}

/** Settings of a whole pipeline. */
export interface PipelineOptions<Input> {
  /** Validates what runs are started with. Default: any JSON. */
  readonly input?: Schema<unknown, Input>;
  /** How long a run may take, without the time while it is paused. Default: as long as it takes. */
  readonly timeout?: Duration;
  /** How many runs may be under way at once. Default: any number. */
  readonly concurrency?: Concurrency<NoInfer<Input>>;
  /** When its stages may begin, but those that clear up: a freeze stands here. Default: at any time. */
  readonly windows?: Calendar;
  /** The application that its runs belong to: what rights, lists and reports go by. Default: none. */
  readonly application?: string;
}
