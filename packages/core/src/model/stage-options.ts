import type { Calendar } from "./calendar.ts";
import { parseDuration, type Duration } from "./duration.ts";
import type { StageInputs, StageSettings } from "./pipeline-stage.ts";
import type { FailurePolicy, Join, StageRole } from "./plan.ts";
import type { StageRetry, StageType } from "./stage.ts";
import { suggest } from "./suggest.ts";

/** Settings of one stage in a pipeline. */
export interface StageOptions<Upstream extends string, Inputs = StageInputs<never, never>> {
  /** Stages that must have passed before. Default: the stage named just before; `[]`: none. */
  readonly after?: readonly Upstream[];
  /**
   * What it waits for in those. `all` (default): every one has passed. `any`: all are over and at least one has passed.
   * `over`: all are over, whichever way.
   */
  readonly join?: Join;
  /**
   * What its failure means. `fail-run` (default): nothing new begins, the run fails. `fail-branch`: only what comes
   * after it is skipped, the run fails at the end. `continue`: what comes after it runs, the run fails at the end.
   * `ignore`: what comes after it runs, and the failure does not count.
   */
  readonly onFailure?: FailurePolicy;
  /** How often it is tried, and the delay before the second attempt; in place of its type's. Only for stages of code. */
  readonly retry?: { readonly attempts: number; readonly delay?: Duration };
  /**
   * How long it may run, all attempts together. Then it fails: code is told by its signal, a rollout takes its way back.
   * Paused time does not count, nor does time in the queue of a cluster. Default: for ever.
   */
  readonly timeout?: Duration;
  /**
   * When it may begin: `windows(…)` of `@gennaker/core/windows`. Those of the pipeline must be open as well. What has begun
   * is not stopped. Default: at any time.
   */
  readonly windows?: Calendar;
  /** Whether a person may skip it: `run.skip(stage)`. Default false. */
  readonly skippable?: boolean;
  /**
   * Whether it runs at all: asked once, when it would start, on what is recorded. `false`: it is passed by, and what
   * comes after it goes on. One that throws, or answers anything but true or false, fails the stage.
   */
  readonly when?: (inputs: Inputs) => boolean;
}

/** Options with which a stage that was passed surely has an output. */
export type SureOptions<Upstream extends string> = Omit<
  StageOptions<Upstream>,
  "onFailure" | "skippable" | "when"
> & {
  readonly onFailure?: "fail-run" | "fail-branch";
  readonly skippable?: false;
  readonly when?: undefined;
};

/** Settings of a stage that clears up after a failure. */
export interface ClearingOptions<
  Upstream extends string,
  Inputs = StageInputs<never, never>,
> extends StageOptions<string, Inputs> {
  /** The stages whose failure it is for; it runs as soon as they are over. Default: the run's, once all stages are over. */
  readonly clears?: readonly Upstream[];
  /** Whether it also runs when what it is for was cancelled. Default false. */
  readonly onCancel?: boolean;
  /**
   * Whether the failure counts as undone when it succeeds: then the run ends `rolled-back`. `true`: the failure that it
   * is for (that of a rollout only when `clears` names it); a list: that of these stages. Default false.
   */
  readonly undoes?: boolean | readonly Upstream[];
}

/** Options as anybody may write them. */
export type AnyOptions = { readonly [Name in keyof ClearingOptions<string>]?: unknown } & {
  readonly when?: (inputs: never) => boolean;
};

const COMMON = ["after", "join", "onFailure", "retry", "timeout", "skippable", "when", "windows"];
const CLEARING = ["clears", "onCancel", "undoes"];
const LISTED = ["max", "atOnce"];
const JOINS: readonly unknown[] = ["all", "any", "over"];
const POLICIES: readonly unknown[] = ["fail-run", "fail-branch", "continue", "ignore"];

/** What is frozen of a stage's options. What is wrong with them is left out, and told by `optionProblems`. */
export function settingsOf(
  options: AnyOptions,
  type: StageType<unknown, unknown>,
  role?: StageRole,
): StageSettings {
  const { join, onFailure, timeout, skippable, when, clears, onCancel, undoes } = options;
  const retry = retryOf(options) ?? type?.retry;
  const timeoutMs = milliseconds(timeout);
  return {
    ...(retry && { retry }),
    ...(join !== undefined && join !== "all" && { join: join as Join }),
    // What clears up goes on although one before it did not.
    ...(role && join === undefined && { join: "over" as const }),
    ...(onFailure !== undefined && onFailure !== "fail-run" && { onFailure: onFailure as FailurePolicy }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(skippable === true && { skippable: true as const }),
    ...(when !== undefined && { conditional: true as const }),
    ...(role && { role }),
    ...(Array.isArray(clears) && { clears: clears as string[] }),
    ...(onCancel === true && { onCancel: true as const }),
    ...(undoes === true && { undoes }),
    ...(Array.isArray(undoes) && { undoes: undoes as string[] }),
  };
}

/** What is wrong with a stage's options, one line each. */
export function optionProblems(
  options: AnyOptions,
  type: StageType<unknown, unknown>,
  role?: StageRole,
  isList = false,
): readonly string[] {
  const known = [...COMMON, ...(role === "on-failure" ? CLEARING : []), ...(isList ? LISTED : [])];
  const { join, onFailure, timeout, retry, when, after, windows } = options;
  return [
    ...Object.keys(options)
      .filter((name) => !known.includes(name))
      .map((name) => `${name}: is not an option of a stage${suggest(name, known)}`),
    ...oneOf("join", join, JOINS),
    ...oneOf("onFailure", onFailure, POLICIES),
    ...(role && onFailure === "fail-run"
      ? ['onFailure: "fail-run" is for stages of the ordinary course; the run has failed or is over already']
      : []),
    ...durationProblems("timeout", timeout),
    ...(retry === undefined ? [] : retryProblems(retry as NonNullable<StageOptions<string>["retry"]>, type)),
    ...(when === undefined || typeof when === "function" ? [] : ["when: must be a function"]),
    ...calendarProblems(windows),
    ...(after === undefined || Array.isArray(after) ? [] : ["after: must be a list of stages"]),
  ];
}

function retryProblems(
  { attempts, delay }: NonNullable<StageOptions<string>["retry"]>,
  type: StageType<unknown, unknown>,
): readonly string[] {
  return [
    ...(type?.kind === undefined || type.kind === "effect"
      ? []
      : [`retry: a ${type.type} has no code that could be tried again`]),
    ...(Number.isSafeInteger(attempts) && attempts >= 1
      ? []
      : [`retry.attempts: ${attempts} is not a whole number from 1 on`]),
    ...durationProblems("retry.delay", delay, 0),
  ];
}

function retryOf({ retry }: AnyOptions): StageRetry | undefined {
  if (retry === undefined) return undefined;
  const { attempts, delay } = retry as NonNullable<StageOptions<string>["retry"]>;
  const delayMs = milliseconds(delay);
  return { attempts, ...(delayMs !== undefined && { delayMs }) };
}

function oneOf(field: string, value: unknown, known: readonly unknown[]): readonly string[] {
  if (value === undefined || known.includes(value)) return [];
  return [`${field}: ${JSON.stringify(value)} is not one of ${known.join(", ")}`];
}

/** One line when there are windows that are no calendar. */
export function calendarProblems(windows: unknown): readonly string[] {
  const { closed } = (windows ?? {}) as Partial<Calendar>;
  return windows === undefined || typeof closed === "function"
    ? []
    : ["windows: is no calendar (make one with windows({ … }) of @gennaker/core/windows)"];
}

/** One line when a field is there and is not a duration, or shorter than so many milliseconds. */
export function durationProblems(field: string, value: unknown, leastMs = 1): readonly string[] {
  if (value === undefined) return [];
  try {
    return parseDuration(value as Duration) >= leastMs ? [] : [`${field}: must be longer than nothing`];
  } catch (error) {
    return [`${field}: ${(error as Error).message}`];
  }
}

/** A duration in milliseconds; undefined where there is none that is right. */
export function milliseconds(value: unknown): number | undefined {
  return value === undefined || durationProblems("", value, 0).length > 0
    ? undefined
    : parseDuration(value as Duration);
}
