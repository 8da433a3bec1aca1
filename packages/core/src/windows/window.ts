import type { Duration } from "../model/duration.ts";

/** A day of the week. */
export type Weekday = "mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun";

/** A time on the clock on the wall: `"09:00"`, up to `"24:00"`. */
export type WallTime = `${number}:${number}`;

interface Described {
  /** Why: shown while it keeps something closed. */
  readonly reason?: string;
  /** Its own IANA time zone. Default: that of the windows it is among. */
  readonly timeZone?: string;
}

/** Every week on some days, from one time to another on the wall clock. */
export interface WeeklyWindow extends Described {
  /** Default: all days. The day is that of `from`. */
  readonly days?: readonly Weekday[];
  /** Default `"00:00"`. */
  readonly from?: WallTime;
  /** Exclusive; not later than `from`: on the day after. Default `"24:00"`. */
  readonly to?: WallTime;
}

/** As an RFC 5545 recurrence says: first Saturdays, every second Tuesday … */
export interface RecurringWindow extends Described {
  /** `"FREQ=MONTHLY;BYDAY=1SA"` (RFC 5545, 3.3.10). */
  readonly rrule: string;
  /** The first one, on the wall clock: `"2026-01-03T08:00"`. Occurrences that a change of clocks leaves out do not happen. */
  readonly start: string;
  /** How long each lasts: time that passes, not on the wall clock. */
  readonly lasts: Duration;
}

/** Once, from one date or time to another. */
export interface DateWindow extends Described {
  /** `"2026-12-20"` or `"2026-12-20T18:00"`, on the wall clock. */
  readonly since: string;
  /** Exclusive if it is a time; a date is meant with its whole day. */
  readonly until: string;
}

/** One window of time. Instants in `[start, end)` are inside. */
export type Window = WeeklyWindow | RecurringWindow | DateWindow;

/** What `windows` takes. */
export interface WindowsOptions {
  /** IANA name: `"Europe/Lisbon"`. There is no default: whose clock it is must be said. */
  readonly timeZone: string;
  /** Open in any of them. Default: always. */
  readonly allow?: readonly Window[];
  /** Closed in any of them, whatever is allowed. A freeze is one of these. */
  readonly deny?: readonly Window[];
  /** Spreads beginnings that had to wait over so much of the time after the opening. Default `"0s"`. */
  readonly jitter?: Duration;
}
