import type { Duration } from "@gennaker/core";
import { gates, type Gates, isPromotion, type Promotion, promotion } from "./gates.ts";
import { type Check, checkEach, duration, flag, isRecord, quote } from "./options.ts";

/** One step of a canary with more to say than its weight. */
export interface CanaryStepOptions {
  /** The candidate's part of the traffic in whole percent, 1–99. */
  readonly weight: number;
  /** The candidate's size in percent of its full size, at least `weight`. Default `weight`. Weighted traffic only. */
  readonly size?: number;
  /**
   * How long the step must stay well; `"until-promoted"`: until `run.promote(stage)`, however long;
   * `{ atLatest: "2h" }`: until then, or until it was well for so long. Default `"0s"`.
   */
  readonly hold?: Duration | Promotion;
  /** Asked or measured after the hold. Default: nothing. */
  readonly gate?: Gates;
  /**
   * Whether there is a baseline in this step: a group of stable's release with as many instances and as much traffic as
   * the candidate. Only with weights below 50; once it was left out it does not come back. Default: as for all steps.
   */
  readonly baseline?: boolean;
}

/** A weight, or a weight with more to say about it. */
export type CanaryStep = number | CanaryStepOptions;

/** A step in its long form. */
export function stepOf(step: CanaryStep): CanaryStepOptions {
  return typeof step === "number" ? { weight: step } : step;
}

/** Whether each step has a baseline. */
export function comparisons(steps: readonly CanaryStep[], baseline = false): readonly boolean[] {
  return steps.map((step) => stepOf(step).baseline ?? baseline);
}

/** Everything that is wrong with the steps; `baseline`: whether they have one unless they say so themselves. */
export function checkSteps(value: unknown, baseline: unknown): readonly string[] {
  if (!Array.isArray(value) || value.length === 0) return ["steps: at least one is needed (write [5, 25])"];
  const list = value as readonly unknown[];
  return list.flatMap((step, index) =>
    [
      ...checkStep(step, weightOf(list[index - 1])),
      ...checkBaseline(step, list.slice(0, index), baseline === true).map(
        (problem) => `.baseline: ${problem}`,
      ),
    ].map((problem) => `steps[${index}]${problem}`),
  );
}

function checkBaseline(step: unknown, before: readonly unknown[], all: boolean): readonly string[] {
  if (!comparesIn(step, all)) return [];
  const weight = weightOf(step);
  const large = typeof weight === "number" && weight >= 50 && weight <= 99;
  const first = before.findIndex((each) => comparesIn(each, all));
  const dropped = first >= 0 && before.slice(first).some((each) => !comparesIn(each, all));
  return [
    ...(large
      ? [
          `with ${weight} for the candidate and as much for a baseline nothing is left for stable (write { weight: ${weight}, baseline: false }; weights below 50 can have one)`,
        ]
      : []),
    ...(dropped ? ["it was left out in an earlier step and cannot come back (leave it out here too)"] : []),
  ];
}

function comparesIn(step: unknown, all: boolean): boolean {
  return (isRecord(step) ? (step["baseline"] ?? all) : all) === true;
}

function checkStep(step: unknown, before: unknown): readonly string[] {
  if (typeof step === "number") return described("", checkWeight(step, before));
  if (!isRecord(step)) return [`: ${quote(step)} is not a step (write 5 or { weight: 5, hold: "10m" })`];
  const checks = {
    weight: (value: unknown) => checkWeight(value, before),
    size,
    hold,
    gate: gates,
    baseline: flag,
  };
  const missing = step["weight"] === undefined ? ["weight: is needed (write weight: 5)"] : [];
  return [...missing, ...checkEach(step, checks), ...checkTogether(step)].map((problem) => `.${problem}`);
}

function checkTogether({ weight, size: own, hold: time, gate }: Readonly<Record<string, unknown>>): string[] {
  const small = typeof own === "number" && typeof weight === "number" && own < weight;
  return [
    ...(small
      ? [
          `size: ${own} is less than weight, ${weight}: each instance would carry more than stable's do (write size: ${weight})`,
        ]
      : []),
    ...(isPromotion(time) && gate !== undefined
      ? ['hold: "until-promoted" leaves the gate nothing to decide (write a duration, or leave the gate out)']
      : []),
  ];
}

function checkWeight(value: unknown, before: unknown): string | undefined {
  if (!Number.isInteger(value) || (value as number) < 1 || (value as number) > 99)
    return `${quote(value)} is not a whole weight of 1 to 99 (the step to 100 is added; write 5)`;
  return typeof before === "number" && (value as number) <= before
    ? `${quote(value)} is not more than ${before} before it (steps must rise)`
    : undefined;
}

const size: Check = (value) =>
  typeof value === "number" && value >= 1 && value <= 100
    ? undefined
    : `${quote(value)} is not 1 to 100 percent of the candidate's full size (write 25)`;

const hold: Check = (value) => {
  if (isPromotion(value)) return promotion(value);
  const wrong = duration(value);
  return wrong?.replace(/\)$/, ', or "until-promoted")');
};

function weightOf(step: unknown): unknown {
  return isRecord(step) ? step["weight"] : step;
}

function described(path: string, problem: string | undefined): readonly string[] {
  return problem === undefined ? [] : [`${path}: ${problem}`];
}
