import { ConfigurationError } from "../errors.ts";
import type { Check } from "../model/check.ts";
import type { Concurrency } from "../model/concurrency.ts";
import type { Cluster } from "../model/cluster.ts";
import type { Strategy } from "../model/phase.ts";
import type { Pipeline } from "../model/pipeline.ts";
import type { PipelineStage } from "../model/pipeline-stage.ts";
import type { Plan } from "../model/plan.ts";
import { suggest } from "../model/suggest.ts";
import { childOf } from "../stages/run-pipeline.ts";
import type { Provider } from "../ports/provider.ts";

/** A pipeline of whatever input and outputs. */
export type AnyPipeline = Pick<Pipeline<never, never>, "name" | "stages" | "problems" | "plan"> & {
  readonly input?: unknown;
  readonly concurrency?: Concurrency<never>;
  readonly application?: string;
};

/** Makes a strategy again from its recorded options; `redBlack` and the like are such factories. */
export interface StrategyFactory {
  readonly strategy: string;
  // Options were checked when they were first given, and are passed back as they were recorded.
  (options: never): Strategy;
}

// Whose options are made anew for each deploy must not fill the memory; a rollout needs its strategy only to be planned.
const LEARNED_MAX = 1000;

/** The code that a delivery was given: what recorded names stand for. */
export class Registry {
  readonly #pipelines = new Map<string, AnyPipeline>();
  readonly #providers: ReadonlyMap<string, Provider>;
  readonly #strategies = new Map<string, (options: never) => Strategy>();
  readonly #learned = new Map<string, Strategy>();
  readonly #checks: ReadonlyMap<string, Check<never>>;

  /** @throws ConfigurationError with all problems of all that is given */
  constructor(
    providers: readonly Provider[],
    pipelines: readonly AnyPipeline[],
    strategies: readonly StrategyFactory[],
    checks: readonly Check<never>[] = [],
  ) {
    const problems = [
      ...twice(
        "providers",
        providers.map(({ name }) => name),
        "give one of them another `name`",
      ),
      ...twice(
        "pipelines",
        pipelines.map(({ name }) => name),
        "rename one",
      ),
      ...twice(
        "checks",
        checks.map(({ name }) => name),
        "rename one",
      ),
      ...pipelines.flatMap((pipeline) => shapeProblems(pipeline)),
    ];
    if (problems.length > 0) throw new ConfigurationError("createDelivery", problems);
    this.#providers = new Map(providers.map((provider) => [provider.name, provider]));
    this.#checks = new Map(checks.map((check) => [check.name, check]));
    for (const pipeline of pipelines) this.add(pipeline);
    for (const factory of strategies) this.#strategies.set(factory.strategy, factory);
  }

  get providers(): readonly Provider[] {
    return [...this.#providers.values()];
  }

  /** Whether this very pipeline is registered. */
  has(pipeline: AnyPipeline): boolean {
    return this.#pipelines.get(pipeline.name) === pipeline;
  }

  /** The pipeline of a name; undefined: none is registered here. */
  find(name: string): AnyPipeline | undefined {
    return this.#pipelines.get(name);
  }

  /** Names of all pipelines. */
  get names(): readonly string[] {
    return [...this.#pipelines.keys()];
  }

  /**
   * Adds a pipeline, and those that its stages run; false when it was here before.
   *
   * @throws ConfigurationError when its shape is wrong, or another pipeline has its name
   */
  add(pipeline: AnyPipeline): boolean {
    const known = this.#pipelines.get(pipeline.name);
    if (known === pipeline) return false;
    if (pipeline.problems.length > 0)
      throw new ConfigurationError(`pipeline ${JSON.stringify(pipeline.name)}`, pipeline.problems);
    if (known)
      throw new ConfigurationError(`pipeline ${JSON.stringify(pipeline.name)}`, [
        'another pipeline of this name is registered (`delivery.deploy` has one called "deploy"); rename one, or pass the registered one',
      ]);
    this.#pipelines.set(pipeline.name, pipeline);
    for (const { type, made } of pipeline.stages) {
      const child = childOf(made?.type ?? type);
      if (child) this.add(child.pipeline);
    }
    return true;
  }

  /**
   * A registered pipeline by its name.
   *
   * @throws ConfigurationError when there is none
   */
  pipeline(name: string): AnyPipeline {
    const pipeline = this.#pipelines.get(name);
    if (pipeline) return pipeline;
    const known = [...this.#pipelines.keys()];
    throw new ConfigurationError(`pipeline ${JSON.stringify(name)}`, [
      `is not registered here${suggest(name, known)}: pass it to createDelivery({ pipelines: […] }) or delivery.register(…)`,
    ]);
  }

  /** The registered code of a stage; a text says why there is none that fits the run's plan. */
  stage(plan: Plan, name: string): PipelineStage | string {
    const pipeline = this.#pipelines.get(plan.pipeline);
    if (!pipeline)
      return `pipeline ${JSON.stringify(plan.pipeline)} is not registered here: pass it to createDelivery({ pipelines: […] }) or delivery.register(…)`;
    const planned = plan.stages.find((stage) => stage.name === name);
    const stage = codeOf(pipeline, name, planned?.of);
    if (!stage || stage.type.type !== planned?.type)
      return `pipeline ${JSON.stringify(plan.pipeline)} as registered here has no stage ${JSON.stringify(name)} of type ${JSON.stringify(planned?.type)}: register the version that the run was started with`;
    return stage;
  }

  provider(name: string): Provider | undefined {
    return this.#providers.get(name);
  }

  /** What is wrong with a cluster's provider; empty when it is known. */
  providerProblems({ provider }: Pick<Cluster<unknown>, "provider">): readonly string[] {
    if (this.#providers.has(provider)) return [];
    const known = [...this.#providers.keys()];
    const list = known.length > 0 ? `known: ${known.join(", ")}` : "none is given to createDelivery";
    return [`cluster: there is no provider ${JSON.stringify(provider)}${suggest(provider, known)}; ${list}`];
  }

  /** The code of a check, as it was given to `createDelivery`. */
  check(name: string): Check<never> | undefined {
    return this.#checks.get(name);
  }

  /** Remembers a strategy that was passed to this process as a value; false when it was known before. */
  learn(strategy: Strategy): boolean {
    const key = strategyKey(strategy);
    const known = this.#learned.delete(key);
    this.#learned.set(key, strategy);
    const [oldest] = this.#learned.keys();
    if (this.#learned.size > LEARNED_MAX && oldest !== undefined) this.#learned.delete(oldest);
    return !known;
  }

  /** The strategy that a recorded name, version and options stand for, if its code is here. */
  remake(recorded: RecordedStrategy): Strategy | undefined {
    const learned = this.#learned.get(strategyKey(recorded));
    if (learned) return learned;
    const made = this.#strategies.get(recorded.name)?.(recorded.options as never);
    return made && strategyKey(made) === strategyKey(recorded) ? made : undefined;
  }
}

// The code of a stage that was made for an item of a list is that of the stage that it was made from.
function codeOf({ stages }: AnyPipeline, name: string, of = name): PipelineStage | undefined {
  const stage = stages.find((candidate) => candidate.name === of);
  if (!stage || of === name) return stage;
  return { ...stage, ...stage.made, name };
}

/** What is recorded of a strategy. */
export type RecordedStrategy = Pick<Strategy, "name" | "version" | "options">;

/** One text for a strategy with its options. */
export function strategyKey({ name, version, options }: RecordedStrategy): string {
  return `${name} ${version} ${JSON.stringify(options)}`;
}

function shapeProblems({ name, problems }: AnyPipeline): readonly string[] {
  return problems.map((problem) => `pipeline ${JSON.stringify(name)}  ${problem}`);
}

function twice(field: string, names: readonly string[], remedy: string): string[] {
  const repeated = new Set(names.filter((name, index) => names.indexOf(name) !== index));
  return [...repeated].map((name) => `${field}: two are called ${JSON.stringify(name)}; ${remedy}`);
}
