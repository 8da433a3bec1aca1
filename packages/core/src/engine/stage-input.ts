import { ConfigurationError } from "../errors.ts";
import type { RunState } from "../machine/run/state.ts";
import { copyJson, type Json } from "../model/json.ts";
import type { PipelineStage, StageInputs } from "../model/pipeline.ts";
import { describeIssue, type Schema, type SchemaResult } from "../model/schema.ts";
import type { DeployInput } from "../stages/deploy.ts";
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
  const subject = `stage ${JSON.stringify(stage.name)} of pipeline ${JSON.stringify(state.plan.pipeline)}`;
  const returned = callInput(stage, state, subject);
  checkReturned(stage, returned, subject);
  const value = stage.type.input ? await validate(stage.type.input, returned, subject) : returned;
  const problems = [
    ...stage.type.check(value),
    ...(stage.type.kind === "rollout" ? rolloutProblems(value, registry) : []),
  ];
  if (problems.length > 0) throw new ConfigurationError(subject, problems);
  const recorded = stage.type.kind === "rollout" ? recordDeploy(value as DeployInput<Json>) : value;
  const { json, problems: notJson } = copyJson(recorded, "input");
  if (notJson.length > 0) throw new ConfigurationError(subject, notJson);
  return { value, recorded: json };
}

function callInput(stage: PipelineStage, state: RunState, subject: string): unknown {
  try {
    return stage.input(new RecordedInputs(state));
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
class RecordedInputs implements StageInputs<unknown, Record<string, unknown>> {
  readonly #state: RunState;

  constructor(state: RunState) {
    this.#state = state;
  }

  get input(): unknown {
    return this.#state.input;
  }

  get outputs(): Record<string, unknown> {
    const { stages } = this.#state;
    const outputs: Record<string, unknown> = {};
    for (const name in stages) {
      const output = stages[name]?.output;
      if (output !== undefined) outputs[name] = output;
    }
    return outputs;
  }

  get run(): StageInputs<unknown, unknown>["run"] {
    const { run, startedAt, actor } = this.#state;
    return { id: run, startedAt, ...(actor !== undefined && { actor }) };
  }
}

function checkReturned({ type }: PipelineStage, returned: unknown, subject: string): void {
  if (returned instanceof Promise) {
    // Its failure is nobody's any more.
    returned.catch(() => {});
    throw new ConfigurationError(subject, [
      "its input function returned a promise: let it return the input itself, and do what takes time in a stage before",
    ]);
  }
  if (type.kind !== "effect" && (typeof returned !== "object" || returned === null))
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

function rolloutProblems(value: unknown, registry: Registry): readonly string[] {
  const { cluster } = value as DeployInput<Json>;
  return typeof cluster?.provider === "string" ? registry.providerProblems(cluster) : [];
}

// A strategy is code: its name and options are recorded, and lead back to it after a crash. So is the default of
// `onBusy`: what was recorded before there was one goes on waiting for its turn.
function recordDeploy({ cluster, release, strategy, group, onBusy = "supersede" }: DeployInput<Json>): Json {
  const { name, version, options } = strategy;
  const recorded = {
    cluster: cluster as unknown as Json,
    release,
    strategy: { name, version, options },
    onBusy,
  };
  return group === undefined ? recorded : { ...recorded, group };
}
