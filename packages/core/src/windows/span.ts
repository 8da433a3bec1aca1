import { RRuleTemporal } from "rrule-temporal";
import { Temporal } from "temporal-polyfill";
import { parseDuration } from "../model/duration.ts";
import type { DateWindow, RecurringWindow, WeeklyWindow, Window, Weekday } from "./window.ts";

/** From one instant to another, the second one outside: milliseconds since 1970. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/** Where a window lies in time. */
export interface Spans {
  /** The span that an instant is in. Of several the one that ends last. */
  at(instant: number): Span | undefined;
  /** The first span that begins after an instant. */
  after(instant: number): Span | undefined;
}

const DAYS: readonly Weekday[] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const WEEK = 7;

/**
 * Lays a window into time.
 *
 * @throws RangeError when a date, a rule or a time zone is none
 */
export function spansOf(window: Window, timeZone: string): Spans {
  if ("rrule" in window) return recurring(window, timeZone);
  if ("since" in window) return once(window, timeZone);
  return weekly(window, timeZone);
}

function once({ since, until }: DateWindow, timeZone: string): Spans {
  const start = wall(since).toZonedDateTime(timeZone).epochMilliseconds;
  // A date alone is meant with its whole day.
  const last = until.includes("T") ? wall(until) : wall(until).add({ days: 1 });
  const end = last.toZonedDateTime(timeZone).epochMilliseconds;
  if (end <= start) throw new RangeError(`it ends (${until}) before it begins (${since})`);
  const span = { start, end };
  return {
    at: (instant) => (instant >= start && instant < end ? span : undefined),
    after: (instant) => (start > instant ? span : undefined),
  };
}

function wall(text: string): Temporal.PlainDateTime {
  return Temporal.PlainDateTime.from(text);
}

function weekly({ days = DAYS, from = "00:00", to = "24:00" }: WeeklyWindow, timeZone: string): Spans {
  const spanOn = (date: Temporal.PlainDate): Span | undefined => {
    const day = DAYS[date.dayOfWeek - 1];
    if (!day || !days.includes(day)) return undefined;
    const start = onClock(date, from, timeZone);
    const end = onClock(minutes(to) > minutes(from) ? date : date.add({ days: 1 }), to, timeZone);
    // Clocks that are set forward can leave nothing of it.
    return end > start ? { start, end } : undefined;
  };
  const dateOf = (instant: number): Temporal.PlainDate =>
    Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(timeZone).toPlainDate();
  return {
    at: (instant) =>
      latest(
        [-1, 0]
          .map((shift) => spanOn(dateOf(instant).add({ days: shift })))
          .filter((span) => span !== undefined && instant >= span.start && instant < span.end),
      ),
    after(instant) {
      const today = dateOf(instant);
      // One day more than a week: today's may be over.
      for (let shift = 0; shift <= WEEK; shift += 1) {
        const span = spanOn(today.add({ days: shift }));
        if (span && span.start > instant) return span;
      }
      return undefined;
    },
  };
}

function onClock(date: Temporal.PlainDate, time: string, timeZone: string): number {
  const next = minutes(time) === 24 * 60;
  const plainTime = next
    ? new Temporal.PlainTime()
    : new Temporal.PlainTime(Math.floor(minutes(time) / 60), minutes(time) % 60);
  // A time that a change of clocks leaves out is taken to be as much later; of one that comes twice, the first.
  return (next ? date.add({ days: 1 }) : date).toZonedDateTime({ timeZone, plainTime }).epochMilliseconds;
}

/** Minutes since midnight. */
export function minutes(time: string): number {
  const [hour = 0, minute = 0] = time.split(":").map(Number);
  return hour * 60 + minute;
}

function recurring({ rrule, start, lasts }: RecurringWindow, timeZone: string): Spans {
  const dtstart = wall(start).toZonedDateTime(timeZone);
  const rule = new RRuleTemporal({ rruleString: rrule, dtstart, temporal: Temporal });
  const ms = parseDuration(lasts);
  const spanAt = (begin: Temporal.ZonedDateTime | null): Span | undefined =>
    begin ? { start: begin.epochMilliseconds, end: begin.epochMilliseconds + ms } : undefined;
  return {
    at(instant) {
      const span = spanAt(rule.previous(new Date(instant), true));
      return span && instant < span.end ? span : undefined;
    },
    after: (instant) => spanAt(rule.next(new Date(instant))),
  };
}

function latest(spans: readonly (Span | undefined)[]): Span | undefined {
  return spans.reduce((last, span) => (span && (!last || span.end > last.end) ? span : last), undefined);
}
