import type { Outcome } from "../events.ts";
import { type Spread, spreadOf } from "./spread.ts";
import type { Span, Timeline } from "./timeline.ts";

/** How long the runs of a pipeline took; milliseconds. Of those that are over. */
export interface PipelineDurations {
  readonly pipeline: string;
  readonly outcomes: { readonly [outcome in Outcome]: number };
  readonly duration: Spread;
  readonly stages: readonly StageDurations[];
}

/** How long a stage took, in the runs in which it began; milliseconds. */
export interface StageDurations {
  readonly stage: string;
  readonly duration: Spread;
  /** For how long of it it only waited: for its turn, people, instants, its next try. */
  readonly waited: Spread;
  /** Attempts beyond the first. */
  readonly retries: number;
}

/** Durations of the runs that are over, by pipeline, in the order of the names. */
export function durationsOf(runs: readonly Timeline[]): readonly PipelineDurations[] {
  const over = runs.filter(({ outcome }) => outcome !== undefined);
  const pipelines = [...new Set(over.map(({ pipeline }) => pipeline))].toSorted();
  return pipelines.flatMap((pipeline) => {
    const own = over.filter((run) => run.pipeline === pipeline);
    const duration = spreadOf(own.map(length));
    return duration
      ? [{ pipeline, outcomes: countOutcomes(own), duration, stages: stageDurations(own) }]
      : [];
  });
}

function countOutcomes(runs: readonly Timeline[]): PipelineDurations["outcomes"] {
  const of = (outcome: Outcome): number => runs.filter((run) => run.outcome === outcome).length;
  return {
    succeeded: of("succeeded"),
    "rolled-back": of("rolled-back"),
    cancelled: of("cancelled"),
    failed: of("failed"),
  };
}

function stageDurations(runs: readonly Timeline[]): readonly StageDurations[] {
  const stages = runs.flatMap((run) => run.stages);
  return [...new Set(stages.map(({ name }) => name))].flatMap((name) => {
    const own = stages.filter((stage) => stage.name === name);
    const duration = spreadOf(own.map(length));
    const waited = spreadOf(own.map(({ waits }) => waits.reduce((sum, wait) => sum + length(wait), 0)));
    const retries = own.reduce((sum, { attempts }) => sum + attempts.length - 1, 0);
    return duration && waited ? [{ stage: name, duration, waited, retries }] : [];
  });
}

function length({ from, to }: Span): number {
  return Math.max(0, to - from);
}
