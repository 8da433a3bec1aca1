import type { Calendar } from "./calendar.ts";
import { checkConcurrency, type Concurrency } from "./concurrency.ts";
import type { Item } from "./items.ts";
import type { Json } from "./json.ts";
import { makePlan } from "./make-plan.ts";
import type { PipelineStage } from "./pipeline-stage.ts";
import { planMermaid } from "./plan-mermaid.ts";
import type { Plan, StageRole } from "./plan.ts";
import type { Schema } from "./schema.ts";
import { checkShape } from "./shape.ts";
import {
  type AnyOptions,
  calendarProblems,
  durationProblems,
  milliseconds,
  optionProblems,
  settingsOf,
} from "./stage-options.ts";
import type { StageType } from "./stage.ts";

type AnyStageType = StageType<unknown, unknown>;
type InputFunction = PipelineStage["input"];
type ListOptions = AnyOptions & { readonly max?: number; readonly atOnce?: number };

const ITEMS_MAX = 100;

/** What `expand` itself does: it finds a list. */
const LIST: AnyStageType = { type: "expand", kind: "expand", check: () => [] };

/** What concerns a pipeline as a whole. */
export interface PipelineSettings {
  readonly input?: Schema | undefined;
  readonly timeout?: unknown;
  readonly concurrency?: Concurrency<never> | undefined;
  readonly application?: string | undefined;
  readonly windows?: Calendar | undefined;
}

/** A pipeline as far as it has been written. The types of what its methods take and return are `Pipeline`'s. */
export interface PipelineDraft {
  readonly name: string;
  readonly stages: readonly PipelineStage[];
  readonly input?: Schema;
  readonly concurrency?: Concurrency<never>;
  readonly application?: string;
  readonly problems: readonly string[];
  plan(input?: Json): Plan;
  toMermaid(): string;
}

type Begun = Pick<PipelineStage, "name" | "type" | "input" | "each" | "made">;

/** A pipeline of these stages, which can be written on. */
export function draftPipeline(
  name: string,
  stages: readonly PipelineStage[],
  settings: PipelineSettings,
): PipelineDraft {
  const { input, timeout, concurrency, application } = settings;
  const timeoutMs = milliseconds(timeout);
  const add = (stage: Begun, options: AnyOptions = {}, role?: StageRole): PipelineDraft =>
    draftPipeline(name, [...stages, finishStage(stage, stages, options, settings, role)], settings);
  const draft = {
    name,
    stages,
    ...(input && { input }),
    ...(concurrency && { concurrency }),
    ...(application !== undefined && { application }),
    problems: [
      ...durationProblems("timeout", timeout),
      ...checkConcurrency(concurrency),
      ...calendarProblems(settings.windows),
      ...checkShape(name, stages),
    ],
    plan: planner(name, stages, timeoutMs, application),
    toMermaid: (): string => planMermaid(draft.plan()),
    stage: (stage: string, type: AnyStageType, make: InputFunction, options?: AnyOptions) =>
      add({ name: stage, type, input: make }, options),
    onFailure: (stage: string, type: AnyStageType, make: InputFunction, options?: AnyOptions) =>
      add({ name: stage, type, input: make }, options, "on-failure"),
    finally: (stage: string, type: AnyStageType, make: InputFunction, options?: AnyOptions) =>
      add({ name: stage, type, input: make }, options, "finally"),
    matrix(
      stage: string,
      items: NonNullable<PipelineStage["each"]>["items"],
      type: AnyStageType,
      make: InputFunction,
      options: ListOptions = {},
      role?: StageRole,
    ) {
      const { max = ITEMS_MAX, atOnce } = options;
      const each = { items, max, ...(atOnce !== undefined && { atOnce }) };
      return add({ name: stage, type, input: make, each }, options, role);
    },
    expand(
      stage: string,
      list: (inputs: never) => readonly Item[],
      type: AnyStageType,
      make: InputFunction,
      options: ListOptions = {},
    ) {
      const find = typeof list === "function" ? (inputs: never) => ({ items: list(inputs) }) : list;
      const { max = ITEMS_MAX } = options;
      const each = { items: [], max };
      return add({ name: stage, type: LIST, input: find, made: { type, input: make }, each }, options);
    },
    use: <Longer>(fragment: (pipeline: never) => Longer): Longer => fragment(draft as never),
  };
  return draft;
}

// Where no list is made of the input, all runs share one plan.
function planner(
  name: string,
  stages: readonly PipelineStage[],
  timeoutMs: number | undefined,
  application: string | undefined,
): PipelineDraft["plan"] {
  const isFixed = stages.every(({ each, made }) => !each || made || typeof each.items !== "function");
  const of = application === undefined ? {} : { application };
  let fixed: Plan | undefined;
  return (input = null) => {
    if (!isFixed) return { ...makePlan(name, stages, input, timeoutMs), ...of };
    fixed ??= { ...makePlan(name, stages, input, timeoutMs), ...of };
    return fixed;
  };
}

function finishStage(
  stage: Begun,
  before: readonly PipelineStage[],
  options: AnyOptions,
  { windows: common }: PipelineSettings,
  role: StageRole | undefined,
): PipelineStage {
  const { after, when, windows: own } = options;
  // A freeze holds up nothing that clears up.
  const windows = [role === undefined ? common : undefined, own].filter(isCalendar);
  const worker = stage.made?.type ?? stage.type;
  // By default a stage comes after the one written just before it, of its own kind of course.
  const previous = before.findLast(({ settings }) => settings.role === role);
  return {
    ...stage,
    after: Array.isArray(after) ? (after as string[]) : previous ? [previous.name] : [],
    ...(typeof when === "function" && { when }),
    ...(windows.length > 0 && { windows }),
    settings: settingsOf(options, worker, role),
    problems: optionProblems(options, worker, role, stage.each !== undefined),
  };
}

function isCalendar(windows: unknown): windows is Calendar {
  return windows !== undefined && calendarProblems(windows).length === 0;
}
