import { ConfigurationError } from "../errors.ts";
import type { Calendar, Closed } from "../model/calendar.ts";
import { parseDuration } from "../model/duration.ts";
import { checkWindows } from "./check-windows.ts";
import { spansOf, type Spans } from "./span.ts";
import type { Window, WindowsOptions } from "./window.ts";

interface Laid {
  readonly spans: Spans;
  readonly reason: string | undefined;
}

// A chain of windows that close one after the other; what is closed for longer is called closed for ever.
const HOPS_MAX = 1000;

/**
 * Makes a calendar of windows in a time zone. Open is an instant in any window of `allow` (always, if there is none)
 * and in no window of `deny`.
 *
 * Clocks that change: a wall time that is left out is taken to be as much later, of one that comes twice the first one
 * counts; a window over that night is an hour shorter or longer. Occurrences of an `rrule` that are left out do not
 * happen, as RFC 5545 has it.
 *
 * @throws ConfigurationError with all problems
 * @example
 * const officeHours = windows({
 *   timeZone: "Europe/Lisbon",
 *   allow: [{ days: ["mon", "tue", "wed", "thu"], from: "09:00", to: "17:00" }],
 *   deny: [{ since: "2026-12-20", until: "2027-01-03", reason: "year-end freeze" }],
 * })
 */
export function windows(options: WindowsOptions): Calendar {
  const problems = checkWindows(options);
  if (problems.length > 0) throw new ConfigurationError("windows", problems);
  const { timeZone, allow = [], deny = [], jitter = 0 } = options;
  const lay = (window: Window): Laid => ({
    spans: spansOf(window, window.timeZone ?? timeZone),
    reason: window.reason,
  });
  const allowed = allow.map(lay);
  const denied = deny.map(lay);
  return { closed: (now) => closed(now, allowed, denied), jitterMs: parseDuration(jitter) };
}

function closed(now: number, allow: readonly Laid[], deny: readonly Laid[]): Closed | undefined {
  let reason: string | undefined;
  let instant = now;
  for (let hop = 0; hop < HOPS_MAX; hop += 1) {
    const block = blockAt(instant, allow, deny);
    if (!block) return reason === undefined ? undefined : { opensAt: instant, reason };
    reason ??= block.reason;
    if (block.until === undefined) return { reason };
    instant = block.until;
  }
  return { reason: reason ?? "closed" };
}

/** What keeps an instant closed, and until when at least. */
function blockAt(
  instant: number,
  allow: readonly Laid[],
  deny: readonly Laid[],
): { readonly until: number | undefined; readonly reason: string } | undefined {
  for (const { spans, reason = "closed by a window" } of deny) {
    const span = spans.at(instant);
    if (span) return { until: span.end, reason };
  }
  if (allow.length === 0 || allow.some(({ spans }) => spans.at(instant))) return undefined;
  const starts = allow.map(({ spans }) => spans.after(instant)?.start).filter((start) => start !== undefined);
  return {
    until: starts.length === 0 ? undefined : Math.min(...starts),
    reason: "outside of all windows",
  };
}
