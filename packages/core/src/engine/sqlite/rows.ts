import type { Event, NewEvent } from "../../machine/events.ts";
import type { IssuedEffect, RunStatus, RunSummary } from "../../ports/engine.ts";
import { logEvent } from "../log-event.ts";

/** A row of the table of runs. */
export interface RunRow {
  readonly number: number;
  readonly run: string;
  readonly pipeline: string;
  readonly status: RunStatus;
  readonly started_at: number;
  readonly idempotency_key: string | null;
  readonly seq: number;
  readonly effects: string;
  readonly wake_at: number | null;
}

/** A row of the table of events, with the id of its run. */
export interface EventRow {
  readonly position: number;
  readonly run: string;
  readonly seq: number;
  readonly event: string;
}

/** No effect is outstanding; the index of runs with effects knows it by this text. */
export const NO_EFFECTS = "[]";

export function summaryOf({ run, pipeline, status, started_at, idempotency_key }: RunRow): RunSummary {
  return {
    run,
    pipeline,
    status,
    startedAt: started_at,
    ...(idempotency_key !== null && { idempotencyKey: idempotency_key }),
  };
}

export function effectsOf({ effects }: RunRow): readonly IssuedEffect[] {
  return effects === NO_EFFECTS ? [] : (JSON.parse(effects) as readonly IssuedEffect[]);
}

export function eventOf({ position, run, seq, event }: EventRow): Event {
  return logEvent(JSON.parse(event) as NewEvent, run, seq, position);
}
