import type { Duration } from "../model/duration.ts";
import { parseDuration } from "../model/duration.ts";
import type { StageType } from "../model/stage.ts";

/** What a `wait` stage is asked to do. */
export interface WaitInput {
  /** How long, from the stage's start. Paused time does not count. */
  readonly for: Duration;
}

/** When a `wait` was over. */
export interface WaitOutput {
  readonly until: number;
}

/** Sleeps. Costs nothing while it does: the instant stands in the log, and survives a crash. */
export const wait: StageType<WaitInput, WaitOutput> = {
  type: "wait",
  kind: "wait",
  check: (input) => checkDuration("for", input.for),
};

/** One line when a field is not a duration. */
export function checkDuration(field: string, value: Duration): readonly string[] {
  try {
    parseDuration(value);
    return [];
  } catch (error) {
    return [`${field}: ${(error as Error).message}`];
  }
}
