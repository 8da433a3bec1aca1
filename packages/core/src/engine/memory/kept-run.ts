import type { Event } from "../../machine/events.ts";
import type { IssuedEffect, LoadedRun, NewRun, RunSummary, Write } from "../../ports/engine.ts";

/** A run as it is kept in memory. What is handed out is replaced, never changed in place. */
export interface KeptRun {
  summary: RunSummary;
  readonly events: Event[];
  effects: readonly IssuedEffect[];
  wakeAt: number | null;
  /** What it has to do with, for lists. */
  readonly clusters: Set<string>;
  readonly applications: Set<string>;
}

const NONE: readonly never[] = [];

export function keepRun(created: NewRun): KeptRun {
  return {
    summary: { ...created, status: "running" },
    events: [],
    effects: NONE,
    wakeAt: null,
    clusters: new Set(),
    applications: new Set(),
  };
}

/** What a write says that the run has to do with. */
export function noteConcerns({ clusters, applications }: KeptRun, concerns: Write["concerns"]): void {
  for (const cluster of concerns?.clusters ?? NONE) clusters.add(cluster);
  for (const application of concerns?.applications ?? NONE) applications.add(application);
}

/** The run with the events after `known`. */
export function loadRun({ summary, events, effects }: KeptRun, known: number): LoadedRun {
  const seq = events.length - 1;
  return { summary, seq, events: known >= seq ? NONE : events.slice(known + 1), effects };
}
