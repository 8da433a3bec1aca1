import { formatDuration } from "../../model/duration.ts";
import type { CheckGate, Measures } from "../../model/gate.ts";
import type { NewEvent, Verdict } from "../events.ts";

/** What a check has measured so far. */
export interface Tally {
  readonly openedAt: number;
  /** Measurements, the ones with an error included. */
  readonly measured: number;
  /** Those without an error. */
  readonly done: number;
  readonly failures: number;
  readonly inconclusives: number;
  /** Errors in a row. */
  readonly errors: number;
  /** The next one is due when the check has been open for so long. */
  readonly nextMs: number | undefined;
  /** What the last measurement that did not pass said. */
  readonly reason?: string;
}

const ERROR_LIMIT = 4;
const ERROR_PAUSE_MS = 5000;
const ERROR_PAUSE_MAX_MS = 300_000;

/** How a check is measured; one in the background has no `times`. */
export type Spec = Measures & Pick<CheckGate, "times">;

/** Nothing is measured yet; the first measurement is due after the check's delay. */
export function openedAt(at: number): Tally {
  return { openedAt: at, measured: 0, done: 0, failures: 0, inconclusives: 0, errors: 0, nextMs: undefined };
}

/** One more measurement, which ended when the check had been open for so long. */
export function count(
  tally: Tally,
  { verdict, reason, error }: Pick<NewEvent<"check-measured">, "verdict" | "reason" | "error">,
  openMs: number,
  { everyMs = 0 }: Spec,
): Tally {
  const why = reason ?? error?.message;
  const measured = tally.measured + 1;
  const told = verdict === "pass" || why === undefined ? {} : { reason: why };
  if (verdict === "error") {
    const errors = tally.errors + 1;
    return { ...tally, measured, errors, nextMs: openMs + pauseAfter(errors), ...told };
  }
  return {
    ...tally,
    measured,
    done: tally.done + 1,
    failures: tally.failures + (verdict === "fail" ? 1 : 0),
    inconclusives: tally.inconclusives + (verdict === "inconclusive" ? 1 : 0),
    errors: 0,
    nextMs: openMs + everyMs,
    ...told,
  };
}

// 5 s, 10 s, 20 s … 5 min.
function pauseAfter(errors: number): number {
  return Math.min(ERROR_PAUSE_MAX_MS, ERROR_PAUSE_MS * 2 ** (errors - 1));
}

/** When the next measurement is due, on the clock that runs while the check is open. */
export function dueMs({ nextMs }: Tally, { delayMs = 0 }: Spec): number {
  return nextMs ?? delayMs;
}

/** What a check's measurements come to; undefined: it is measured again. */
export function verdictOf(tally: Tally, spec: Spec): Verdict | undefined {
  const {
    failureLimit = 0,
    inconclusiveLimit = 0,
    errorLimit = ERROR_LIMIT,
    onError = "inconclusive",
  } = spec;
  if (tally.failures > failureLimit) return "fail";
  if (tally.errors > errorLimit) return onError;
  if (tally.inconclusives > inconclusiveLimit) return "inconclusive";
  return spec.times !== undefined && tally.done >= spec.times ? "pass" : undefined;
}

/** Why, for people: `"error-rate failed: 7.2 % of requests failed (3 of 5 measurements)"`. */
export function explain(
  { measured, done, failures, errors, reason }: Tally,
  spec: Spec,
  verdict: Verdict,
): string {
  const why = reason === undefined ? "" : `: ${reason}`;
  if (verdict === "pass")
    return `${spec.check} passed (${done} ${done === 1 ? "measurement" : "measurements"})`;
  const { errorLimit = ERROR_LIMIT } = spec;
  if (errors > errorLimit) return `${spec.check} could not be measured${why} (${errors} errors in a row)`;
  const what = verdict === "fail" ? "failed" : "was inconclusive";
  const some = verdict === "fail" && measured > 1 ? ` (${failures} of ${done} measurements failed)` : "";
  return `${spec.check} ${what}${why}${some}`;
}

/** How often, for people: `"5 ×, every 1m"`. */
export function rhythm({ everyMs, times }: Spec): string {
  const often = times === undefined || times === 1 ? [] : [`${times} ×`];
  const every = everyMs === undefined || times === 1 ? [] : [`every ${formatDuration(everyMs)}`];
  return [...often, ...every].join(" ");
}
