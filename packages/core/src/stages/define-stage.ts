import { ConfigurationError } from "../errors.ts";
import type { Duration } from "../model/duration.ts";
import { parseDuration } from "../model/duration.ts";
import type { Json } from "../model/json.ts";
import type { Schema } from "../model/schema.ts";
import type { StageContext, StageType } from "../model/stage.ts";
import { checkDuration } from "./wait.ts";

/** A stage of your own. */
export interface StageDefinition<Input, Output> {
  /** Its name in plans and events; the same for ever, since logs refer to it. */
  readonly type: string;
  /** Checks what the input function returned, before it is recorded. */
  readonly input?: Schema<unknown, Input>;
  /** Checks what `run` returned. */
  readonly output?: Schema<unknown, Output>;
  /**
   * Tries again when `run` fails with an error whose `retryable` is true. Only for a `run` that may run twice. Default: one attempt.
   * After a crash in mid-stage `run` runs again in any case: use `idempotencyKey` or `step`.
   */
  readonly retry?: { readonly attempts: number; readonly delay?: Duration };
  /** The work: a plain function, called at least once; its first result counts. What it returns is recorded as it is: JSON without secrets. */
  readonly run: (context: StageContext<Input>) => Promise<Output> | Output;
}

/**
 * Makes a type of stage out of a plain function.
 *
 * @throws ConfigurationError with all problems of the definition
 * @example
 * const smokeTest = defineStage({
 *   type: "smoke-test",
 *   run: async ({ input, signal }: StageContext<{ url: string }>) => ({ status: (await fetch(input.url, { signal })).status }),
 * })
 */
export function defineStage<Input = Json, Output = Json>(
  definition: StageDefinition<Input, Output>,
): StageType<Input, Output> {
  const { type, run, input, output, retry } = definition;
  checkDefinition(definition);
  return {
    type,
    kind: "effect",
    check: () => [],
    run: async (context) => run(context),
    ...(input && { input }),
    ...(output && { output }),
    ...(retry && {
      retry: {
        attempts: retry.attempts,
        ...(retry.delay !== undefined && { delayMs: parseDuration(retry.delay) }),
      },
    }),
  };
}

function checkDefinition<Input, Output>({ type, run, retry }: StageDefinition<Input, Output>): void {
  const problems = [
    ...(typeof type === "string" && type !== "" ? [] : ["type: is missing; logs name the stage by it"]),
    ...(typeof run === "function" ? [] : ["run: is missing; give the function that does the work"]),
    ...(retry === undefined || (Number.isSafeInteger(retry.attempts) && retry.attempts >= 1)
      ? []
      : [`retry.attempts: ${retry.attempts} is not a whole number from 1 on`]),
    ...(retry?.delay === undefined ? [] : checkDuration("retry.delay", retry.delay)),
  ];
  if (problems.length > 0) throw new ConfigurationError("defineStage", problems);
}
