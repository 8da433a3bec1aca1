import type { Calendar } from "./calendar.ts";
import type { Item } from "./items.ts";
import type { PlannedStage } from "./plan.ts";
import type { StageType } from "./stage.ts";

/** How a stage went, as later stages can see it. */
export interface StageResult {
  readonly status: "pending" | "queued" | "running" | "succeeded" | "failed" | "cancelled" | "skipped";
  readonly reason?: string;
  readonly error?: { readonly code: string; readonly message: string };
}

/** What a stage's input function sees. */
export interface StageInputs<Input, Outputs> {
  /** The run's input, validated. */
  readonly input: Input;
  /** Outputs of the stages named before this one, by name; those that this stage does not come after may not be there yet. */
  readonly outputs: Outputs;
  /** How the stages of the run stand, by name: for what clears up, and for conditions. */
  readonly stages: { readonly [stage: string]: StageResult };
  readonly run: { readonly id: string; readonly startedAt: number; readonly actor?: string };
}

/** What the input function of a stage sees that is made for each item of a list. */
export interface ItemInputs<Input, Outputs, Each> extends StageInputs<Input, Outputs> {
  /** The item that this stage is made for. */
  readonly item: Each;
}

/** What of a stage's settings is frozen in the plan. */
export type StageSettings = Omit<PlannedStage, "name" | "type" | "kind" | "after">;

/** A stage as it stands in a pipeline. */
export interface PipelineStage {
  readonly name: string;
  readonly type: StageType<unknown, unknown>;
  readonly after: readonly string[];
  /** Makes the stage's input, when it starts. */
  readonly input: (inputs: never) => unknown;
  /** Whether it runs at all; asked once, when it would start. */
  readonly when?: (inputs: never) => boolean;
  readonly settings: StageSettings;
  /** It begins only while all of these are open. Absent: at any time. */
  readonly windows?: readonly Calendar[];
  /** What is wrong with its options, one line each. */
  readonly problems: readonly string[];
  /** For a matrix: the list, or how to find it in the run's input. */
  readonly each?: {
    /** The list, or how to find it. */
    readonly items: readonly Item[] | ((input: never) => readonly Item[]);
    readonly max: number;
    readonly atOnce?: number;
  };
  /** For `expand`: the stage that is made of each item. */
  readonly made?: Pick<PipelineStage, "type" | "input">;
}

/** What a type of stage takes. */
export type InputOf<Type> = Type extends StageType<infer Input, infer _> ? Input : never;

/** The same data, read only all the way down: what an input function may return. */
export type Recorded<T> = T extends readonly (infer Each)[]
  ? readonly Recorded<Each>[]
  : T extends (...parameters: never[]) => unknown
    ? T
    : T extends object
      ? { readonly [Field in keyof T]: Recorded<T[Field]> }
      : T;

/** What a type of stage returns. */
export type OutputOf<Type> = Type extends StageType<infer _, infer Output> ? Output : never;
