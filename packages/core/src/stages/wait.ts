import type { Duration } from "../model/duration.ts";
import { parseDuration } from "../model/duration.ts";
import type { StageType } from "../model/stage.ts";

/** What a `wait` stage is asked to do. */
export type WaitInput =
  /** How long, from the stage's start. Paused time does not count. */
  | { readonly for: Duration; readonly until?: undefined }
  /**
   * Until an instant: milliseconds since 1970, or ISO 8601 with its zone (`"2026-12-01T09:00Z"`). One that has passed is
   * over at once. It comes while the run is paused as well; the run then goes on when it is resumed.
   */
  | { readonly until: number | string; readonly for?: undefined };

/** When a `wait` was over. */
export interface WaitOutput {
  readonly until: number;
}

/** Sleeps. Costs nothing while it does: the instant stands in the log, and survives a crash. */
export const wait: StageType<WaitInput, WaitOutput> = {
  type: "wait",
  kind: "wait",
  check: (input) => (input.until === undefined ? checkDuration("for", input.for) : checkInstant(input.until)),
};

/** Milliseconds since 1970 of an instant, as a `wait` takes it. */
export function instantOf(until: number | string): number {
  return typeof until === "number" ? until : Date.parse(until);
}

// Without its zone a text means another instant on another machine.
function checkInstant(until: number | string): readonly string[] {
  const zoned = typeof until === "number" || /(?:Z|[+-]\d{2}:?\d{2})$/.test(until);
  return zoned && Number.isFinite(instantOf(until))
    ? []
    : [`until: ${JSON.stringify(until)} is not an instant (write "2026-12-01T09:00Z", with its zone)`];
}

/** One line when a field is not a duration. */
export function checkDuration(field: string, value: Duration): readonly string[] {
  try {
    parseDuration(value);
    return [];
  } catch (error) {
    return [`${field}: ${(error as Error).message}`];
  }
}
