import { ConfigurationError } from "../errors.ts";
import { count, dueMs, explain, openedAt, type Spec, verdictOf } from "../machine/rollout/tally.ts";
import type { Check, CheckContext, CheckLimits, CheckResult } from "../model/check.ts";
import type { Json } from "../model/json.ts";
import type { Schema } from "../model/schema.ts";
import type { StageContext, StageType } from "../model/stage.ts";
import { defineStage } from "../stages/define-stage.ts";
import { StageError } from "../stages/stage-error.ts";
import { answerOf } from "./check-answer.ts";
import { checkGate, checkUseProblems } from "./check-gate.ts";

/**
 * What a check gets for one measurement that is a stage of its own: what a check of a rollout gets, but no candidate. A
 * function that asks for no more can be both.
 */
export type MeasureContext<Input> = Pick<
  CheckContext<Input>,
  | "input"
  | "run"
  | "stage"
  | "signal"
  | "progress"
  | "redact"
  | "step"
  | "sleep"
  | "observe"
  | "lastRun"
  | "measurement"
  | "idempotencyKey"
>;

/** A check as a stage of its own. */
export interface StageCheck<Input> extends Omit<CheckLimits, "timeout"> {
  /** Its name in plans, events and messages; the same for ever, since logs refer to it. */
  readonly name: string;
  /** Checks what the input function returned, before it is recorded. */
  readonly input?: Schema<unknown, Input>;
  /** Measures once. What it throws is an error of the measurement, which is repeated. */
  readonly run: (context: MeasureContext<Input>) => Promise<CheckResult> | CheckResult;
  /** What the stage does when its check cannot tell. Default `"fail"`, with the code `check-inconclusive`. */
  readonly onInconclusive?: "fail" | "pass";
}

/** What a check leaves for later stages. */
export interface CheckOutput {
  /** `inconclusive` only where `onInconclusive` is `"pass"`. */
  readonly verdict: "pass" | "inconclusive";
  /** What the last measurement said. */
  readonly reason?: string;
  readonly data?: Json;
  /** How often it was measured, the errors included. */
  readonly measured: number;
}

/** One measurement, as the stage remembers it. */
interface Measured {
  readonly verdict: CheckResult["verdict"] | "error";
  readonly reason?: string;
  readonly data?: Json;
}

/**
 * Makes a stage out of a function that judges: `pass` and the stage succeeds, with the reason and the data as its output;
 * `fail` and it fails with the reason (`check-failed`); it cannot tell, and it fails with `check-inconclusive`. Limits are
 * those of checks in rollouts. Each measurement is recorded when it is made, and not made again after a crash. How long
 * the whole may take is the stage's `timeout`.
 *
 * @throws ConfigurationError with all problems of the definition
 * @example
 * const errorBudget = checkStage({
 *   name: "error-budget",
 *   times: 3,
 *   every: "1m",
 *   run: async ({ input, signal }: MeasureContext<{ service: string }>) => {
 *     const left = await budgetOf(input.service, { signal });
 *     return { verdict: left > 0 ? "pass" : "fail", reason: `${left} % of the error budget is left`, data: { left } };
 *   },
 * })
 */
export function checkStage<Input = Json>(check: StageCheck<Input>): StageType<Input, CheckOutput> {
  const { name, run, input, onInconclusive = "fail", ...limits } = check;
  const use = { check: { name, run } as Check<never>, ...limits };
  const problems = [
    ...checkUseProblems(use),
    ...("timeout" in limits ? ['timeout: is the stage\'s own (write .stage(…, { timeout: "10m" }))'] : []),
    ...(onInconclusive === "fail" || onInconclusive === "pass"
      ? []
      : [`onInconclusive: ${JSON.stringify(onInconclusive)} is unknown (write "fail" or "pass")`]),
  ];
  if (problems.length > 0) throw new ConfigurationError("checkStage", problems);
  const spec = { times: 1, ...checkGate(use) };
  return defineStage<Input, CheckOutput>({
    type: name,
    ...(input && { input }),
    run: (context) => judge(context, check, spec),
  });
}

async function judge<Input>(
  context: StageContext<Input>,
  check: StageCheck<Input>,
  spec: Spec,
): Promise<CheckOutput> {
  let tally = openedAt(0);
  for (;;) {
    const measurement = tally.measured + 1;
    const pause = dueMs(tally, spec);
    // The pause is part of what is recorded: what was measured before a crash is not waited for again.
    const last = (await context.step(`measurement ${measurement}`, async () => {
      if (pause > 0) await context.sleep(pause);
      return (await measure(context, check, measurement)) as unknown as Json;
    })) as unknown as Measured;
    tally = count(tally, last, 0, spec);
    const verdict = verdictOf(tally, spec);
    if (verdict === "pass" || (verdict === "inconclusive" && check.onInconclusive === "pass"))
      return outputOf(last, verdict, tally.measured);
    if (verdict !== undefined)
      throw new StageError(
        verdict === "fail" ? "check-failed" : "check-inconclusive",
        explain(tally, spec, verdict),
      );
  }
}

async function measure<Input>(
  context: StageContext<Input>,
  { name, run }: StageCheck<Input>,
  measurement: number,
): Promise<Measured> {
  const { input, stage, signal, progress, redact, sleep, observe, lastRun } = context;
  try {
    const answer = await run({
      input,
      run: context.run,
      stage,
      signal,
      progress,
      redact,
      sleep,
      observe,
      lastRun,
      measurement,
      step: (step, compute) => context.step(`check: ${step}`, compute),
      idempotencyKey: `${context.idempotencyKey}/${measurement}`,
    });
    return answerOf(name, answer);
  } catch (error) {
    // It was stopped: no measurement, and none to be repeated.
    if (signal.aborted) throw error;
    return {
      verdict: "error",
      reason: error instanceof Error ? error.message : `${String(error)} was thrown`,
    };
  }
}

function outputOf(
  { reason, data }: Measured,
  verdict: CheckOutput["verdict"],
  measured: number,
): CheckOutput {
  return {
    verdict,
    ...(reason !== undefined && { reason }),
    ...(data !== undefined && { data }),
    measured,
  };
}
