import { ConfigurationError } from "../errors.ts";
import type { Check, CheckContext, CheckLimits, CheckResult, CheckUse } from "../model/check.ts";
import { copyJson, type Json } from "../model/json.ts";
import type { StageType } from "../model/stage.ts";
import { validate } from "../engine/stage-input.ts";

/** What a stage as a gate says about its measurement. */
export type StageGateOptions = Pick<CheckLimits, "timeout" | "delay">;

/**
 * A stage of your own as a gate: it succeeds, and the gate passes; it fails, and the gate fails with its message. Its
 * `retry` holds: errors that are `retryable` are tried again as often as it says. Its `input` in a gate is recorded with
 * the strategy, as it is given here.
 *
 * After a crash its code is found through the strategy, or through `createDelivery({ checks: [stageGate(…).check] })`.
 *
 * @throws ConfigurationError when it is a stage without code of its own, or the input is not JSON
 * @example
 * redBlack({ gate: stageGate(smokeTest, { path: "/healthz" }) })
 */
export function stageGate<Input>(
  stage: StageType<Input, unknown>,
  input: NoInfer<Input>,
  options: StageGateOptions = {},
): CheckUse & { readonly check: Check<never> } {
  const { json, problems } = copyJson(input, "input");
  const all = [
    ...(stage?.kind === "effect" && stage.run
      ? []
      : [`${stage?.type}: has no code of its own (give a stage that was made with defineStage)`]),
    ...problems,
  ];
  if (all.length > 0) throw new ConfigurationError("stageGate", all);
  return {
    check: {
      name: `stage ${stage.type}`,
      run: (context) => runStage(stage as unknown as StageType<never, unknown>, context),
    },
    ...(json !== null && { input: json }),
    errorLimit: (stage.retry?.attempts ?? 1) - 1,
    onError: "fail",
    ...options,
  };
}

async function runStage(
  stage: StageType<never, unknown>,
  context: CheckContext<never>,
): Promise<CheckResult> {
  const { run, stage: name, gate, signal, progress, redact, step, sleep, observe, lastRun } = context;
  const { measurement: attempt } = context;
  const idempotencyKey = `${run}/${gate}`;
  const wanted = context.input ?? null;
  try {
    const input = stage.input ? await validate(stage.input, wanted, stage.type) : wanted;
    const output = await stage.run?.({
      input,
      run,
      stage: name,
      attempt,
      idempotencyKey,
      signal,
      progress,
      redact,
      step,
      sleep,
      observe,
      lastRun,
    });
    return { verdict: "pass", data: await outputOf(stage, output) };
  } catch (error) {
    if (signal.aborted || isRetryable(error)) throw error;
    return {
      verdict: "fail",
      reason: error instanceof Error ? error.message : `${String(error)} was thrown`,
    };
  }
}

async function outputOf(stage: StageType<never, unknown>, output: unknown): Promise<Json> {
  const value = stage.output ? await validate(stage.output, output, `the output of ${stage.type}`) : output;
  const { json, problems } = copyJson(value, "output");
  if (problems.length > 0) throw new ConfigurationError(`the output of ${stage.type}`, problems);
  return json;
}

function isRetryable(error: unknown): boolean {
  return typeof error === "object" && error !== null && (error as { retryable?: unknown }).retryable === true;
}
