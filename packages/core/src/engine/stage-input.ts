import { ConfigurationError } from "../errors.ts";
import { plannedStage } from "../machine/run/planned.ts";
import type { RunState, StageState } from "../machine/run/state.ts";
import { checkItems, itemName } from "../model/items.ts";
import { copyJson, type Json } from "../model/json.ts";
import type { ItemInputs, PipelineStage, StageInputs, StageResult } from "../model/pipeline-stage.ts";
import { describeIssue, type Schema, type SchemaResult } from "../model/schema.ts";
import type { DeployInput } from "../stages/deploy.ts";
import { instantOf, type WaitInput } from "../stages/wait.ts";
import { asDeploy } from "../stages/undo.ts";
import { Parked } from "./parked.ts";
import type { Registry } from "./registry.ts";

/** What a stage's input function returned, checked; and as it is recorded. */
export interface EvaluatedInput {
  readonly value: unknown;
  readonly recorded: Json;
}

/**
 * Runs a stage's input function on what is recorded, and checks what it returns.
 *
 * @throws ConfigurationError with all problems of the input
 */
export async function evaluateInput(
  stage: PipelineStage,
  state: RunState,
  registry: Registry,
): Promise<EvaluatedInput> {
  const subject = subjectOf(stage, state);
  const returned = callInput(stage, state, subject);
  checkReturned(stage, returned, subject);
  const given = stage.type.input ? await validate(stage.type.input, returned, subject) : returned;
  const value = stage.type.kind === "rollout" ? asDeploy(stage.type, given) : given;
  const problems = [
    ...stage.type.check(given),
    ...(stage.type.kind === "rollout" || stage.type.kind === "operation"
      ? clusterProblems(value, registry)
      : []),
    ...(stage.type.kind === "expand" ? listProblems(stage, value, state) : []),
  ];
  if (problems.length > 0) throw new ConfigurationError(subject, problems);
  const recorded = recordedAs(stage.type, value);
  const { json, problems: notJson } = copyJson(recorded, "input");
  if (notJson.length > 0) throw new ConfigurationError(subject, notJson);
  return { value, recorded: json };
}

/**
 * Asks whether a stage is to run at all.
 *
 * @throws ConfigurationError when its condition throws, or answers anything but true or false: that is an error, never a no
 */
export function meetsCondition(stage: PipelineStage, state: RunState): boolean {
  if (!stage.when) return true;
  const subject = subjectOf(stage, state);
  let answer: unknown;
  try {
    answer = stage.when(new RecordedInputs(state, stage.name) as never);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigurationError(subject, [`its condition (when) threw: ${why}`], { cause: error });
  }
  if (answer === true || answer === false) return answer;
  if (answer instanceof Promise) answer.catch(() => {});
  const what =
    answer instanceof Promise ? "a promise" : answer === undefined ? "nothing" : `a ${typeof answer}`;
  throw new ConfigurationError(subject, [
    `its condition (when) returned ${what}: let it return true or false, and find out what takes time in a stage before`,
  ]);
}

function subjectOf({ name }: PipelineStage, { plan }: RunState): string {
  return `stage ${JSON.stringify(name)} of pipeline ${JSON.stringify(plan.pipeline)}`;
}

function callInput(stage: PipelineStage, state: RunState, subject: string): unknown {
  try {
    return stage.input(new RecordedInputs(state, stage.name) as never);
  } catch (error) {
    if (error instanceof Parked) throw error;
    throw new ConfigurationError(
      subject,
      [`its input function threw: ${error instanceof Error ? error.message : String(error)}`],
      {
        cause: error,
      },
    );
  }
}

// What an input function does not ask for is not gathered.
class RecordedInputs implements ItemInputs<unknown, Record<string, unknown>, Json> {
  readonly #state: RunState;
  readonly #stage: string;

  constructor(state: RunState, stage: string) {
    this.#state = state;
    this.#stage = stage;
  }

  get input(): unknown {
    return this.#state.input;
  }

  get outputs(): Record<string, unknown> {
    return outputsOf(this.#state);
  }

  get stages(): Record<string, StageResult> {
    return Object.fromEntries(
      Object.entries(this.#state.stages).map(([name, stage]) => [name, resultOf(stage)]),
    );
  }

  get item(): Json {
    return plannedStage(this.#state, this.#stage)?.item ?? null;
  }

  get run(): StageInputs<unknown, unknown>["run"] {
    const { run, startedAt, actor } = this.#state;
    return { id: run, startedAt, ...(actor !== undefined && { actor }) };
  }
}

/** Outputs by stage; those of what was made of a list are together, under the name of the stage that they were made from. */
export function outputsOf({ plan, stages }: RunState): Record<string, unknown> {
  const outputs: Record<string, unknown> = {};
  for (const { name, of, item = null, kind } of plan.stages) {
    const output = stages[name]?.output;
    if (of !== undefined) {
      const together = (outputs[of] ??= {}) as Record<string, unknown>;
      if (output !== undefined) together[itemName(item)] = output;
    } else if (kind === "expand") outputs[name] ??= {};
    else if (output !== undefined) outputs[name] = output;
  }
  return outputs;
}

function resultOf({ status, reason, error }: StageState): StageResult {
  return {
    status,
    ...(reason !== undefined && { reason }),
    ...(error && { error: { code: error.code, message: error.message } }),
  };
}

function checkReturned({ type }: PipelineStage, returned: unknown, subject: string): void {
  if (returned instanceof Promise) {
    // Its failure is nobody's any more.
    returned.catch(() => {});
    throw new ConfigurationError(subject, [
      "its input function returned a promise: let it return the input itself, and do what takes time in a stage before",
    ]);
  }
  const isOpen = type.kind === "effect" || type.kind === "pipeline";
  if (!isOpen && (typeof returned !== "object" || returned === null))
    throw new ConfigurationError(subject, [
      `its input function returned ${returned === null ? "null" : typeof returned}: a ${type.type} stage needs an object`,
    ]);
}

/** @throws ConfigurationError with one line for each issue that the schema found */
export async function validate<T>(schema: Schema<unknown, T>, value: unknown, subject: string): Promise<T> {
  const result = await callValidator(schema, value, subject);
  if (result.issues) throw new ConfigurationError(subject, result.issues.map(describeIssue));
  return result.value;
}

async function callValidator<T>(
  schema: Schema<unknown, T>,
  value: unknown,
  subject: string,
): Promise<SchemaResult<T>> {
  let result: SchemaResult<T> | undefined;
  try {
    result = await schema["~standard"].validate(value);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigurationError(subject, [`its schema threw: ${why}`], { cause: error });
  }
  if (typeof result !== "object" || result === null)
    throw new ConfigurationError(subject, [
      "its schema answered nothing: it must follow https://standardschema.dev",
    ]);
  return result;
}

function clusterProblems(value: unknown, registry: Registry): readonly string[] {
  const { cluster } = value as DeployInput<Json>;
  return typeof cluster?.provider === "string" ? registry.providerProblems(cluster) : [];
}

function recordedAs({ kind, operation }: PipelineStage["type"], value: unknown): unknown {
  if (kind === "rollout") return recordDeploy(value as DeployInput<Json>);
  if (kind === "wait") return recordWait(value as WaitInput);
  return kind === "operation" ? { do: operation, ...(value as object) } : value;
}

function recordWait(input: WaitInput): unknown {
  return input.until === undefined ? input : { ...input, until: instantOf(input.until) };
}

// What is added to a plan must not take the place of what is there.
function listProblems({ name, each }: PipelineStage, value: unknown, { plan }: RunState): readonly string[] {
  const { items } = value as { readonly items: readonly Json[] };
  const wrong = checkItems(items, each?.max ?? 0);
  if (wrong.length > 0) return wrong;
  const others = new Set(plan.stages.filter(({ of }) => of !== name).map((planned) => planned.name));
  return items
    .map((item) => `${name}[${itemName(item)}]`)
    .filter((made) => others.has(made))
    .map((made) => `items: there is a stage ${JSON.stringify(made)} already; rename it`);
}

// A strategy is code: its name and options are recorded, and lead back to it after a crash. So is the default of
// `onBusy`: what was recorded before there was one goes on waiting for its turn.
function recordDeploy({
  cluster,
  release,
  strategy,
  group,
  replaces,
  onBusy = "supersede",
}: DeployInput<Json>): Json {
  const { name, version, options } = strategy;
  const recorded = {
    cluster: cluster as unknown as Json,
    release,
    strategy: { name, version, options },
    onBusy,
  };
  return {
    ...recorded,
    ...(group !== undefined && { group }),
    ...(replaces !== undefined && { replaces }),
  };
}
