import type { IssuedEffect, RunStatus, RunSummary } from "../../ports/engine.ts";

/** A run as the log has it. Never changed in place: a transaction may be undone. */
export interface StoredRun {
  /** What stands for the run in the table of events. */
  readonly number: number;
  readonly summary: RunSummary;
  /** Of the newest event. */
  readonly seq: number;
  readonly effects: readonly IssuedEffect[];
  readonly wakeAt: number | null;
}

/** A row of the table of runs, with the sequence number of its newest event. */
export interface RunRow {
  readonly number: number;
  readonly run: string;
  readonly pipeline: string;
  readonly status: RunStatus;
  readonly started_at: number;
  readonly idempotency_key: string | null;
  readonly actor: string | null;
  readonly application: string | null;
  readonly effects: string;
  readonly wake_at: number | null;
  readonly seq: number;
}

/** No effect is outstanding; the index of runs with effects knows it by this text. */
export const NO_EFFECTS = "[]";

export function storedRun(row: RunRow): StoredRun {
  const { number, run, pipeline, status, seq, effects, started_at, wake_at } = row;
  const { idempotency_key, actor, application } = row;
  const more = {
    ...(idempotency_key !== null && { idempotencyKey: idempotency_key }),
    ...(actor !== null && { actor }),
    ...(application !== null && { application }),
  };
  return {
    number,
    summary: { run, pipeline, status, startedAt: started_at, ...more },
    seq,
    effects: effects === NO_EFFECTS ? [] : (JSON.parse(effects) as readonly IssuedEffect[]),
    wakeAt: wake_at,
  };
}
