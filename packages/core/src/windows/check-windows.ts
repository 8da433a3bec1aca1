import { parseDuration } from "../model/duration.ts";
import { suggest } from "../model/suggest.ts";
import { minutes, spansOf } from "./span.ts";
import type { RecurringWindow, WeeklyWindow, Window, WindowsOptions } from "./window.ts";

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const FIELDS = {
  weekly: ["days", "from", "to", "reason", "timeZone"],
  recurring: ["rrule", "start", "lasts", "reason", "timeZone"],
  once: ["since", "until", "reason", "timeZone"],
};

/** Everything that is wrong with windows, one line each. */
export function checkWindows(options: WindowsOptions): readonly string[] {
  const { timeZone, allow = [], deny = [], jitter = 0 } = options;
  const zone = checkZone("timeZone", timeZone);
  const known = unknownFields(options, ["timeZone", "allow", "deny", "jitter"]);
  return [
    ...known,
    ...zone,
    ...attempt("jitter", () => parseDuration(jitter)),
    ...checkList("allow", allow, zone.length === 0 ? timeZone : "UTC"),
    ...checkList("deny", deny, zone.length === 0 ? timeZone : "UTC"),
  ];
}

function checkList(field: string, list: readonly Window[], timeZone: string): readonly string[] {
  if (!Array.isArray(list)) return [`${field}: must be a list of windows`];
  return list.flatMap((window: Window, index) =>
    checkWindow(window, timeZone).map((problem) => `${field}[${index}]${problem}`),
  );
}

function checkWindow(window: Window, timeZone: string): readonly string[] {
  if (typeof window !== "object" || window === null) return [": is not a window"];
  const zone = window.timeZone === undefined ? [] : checkZone(".timeZone", window.timeZone);
  const kind = "rrule" in window ? "recurring" : "since" in window || "until" in window ? "once" : "weekly";
  const problems = [...unknownFields(window, FIELDS[kind]).map((problem) => `.${problem}`), ...zone];
  if (kind === "weekly") problems.push(...checkWeekly(window));
  if (kind === "recurring") problems.push(...checkRecurring(window as RecurringWindow));
  if (problems.length > 0) return problems;
  return attempt("", () => spansOf(window, window.timeZone ?? timeZone).after(0));
}

function checkWeekly({ days = [], from = "00:00", to = "24:00" }: WeeklyWindow): readonly string[] {
  const times = [...checkTime(".from", from, 24 * 60 - 1), ...checkTime(".to", to, 24 * 60)];
  const unknown = Array.isArray(days)
    ? days
        .filter((day) => !DAYS.includes(day))
        .map((day) => `.days: ${JSON.stringify(day)} is not a day${suggest(String(day), DAYS)}`)
    : [".days: must be a list of days"];
  const same =
    times.length === 0 && minutes(from) === minutes(to)
      ? [`.to: is the same as from, ${from} (leave both out for the whole day)`]
      : [];
  return [...unknown, ...times, ...same];
}

function checkRecurring({ start, lasts }: RecurringWindow): readonly string[] {
  const missing = typeof start === "string" ? [] : ['.start: is missing (write "2026-01-03T08:00")'];
  const long = attempt(".lasts", () => {
    if (parseDuration(lasts) === 0) throw new RangeError("must be longer than nothing");
  });
  return [...missing, ...long];
}

function checkTime(field: string, time: unknown, most: number): readonly string[] {
  const good = typeof time === "string" && /^\d{1,2}:[0-5]\d$/.test(time) && minutes(time) <= most;
  return good ? [] : [`${field}: ${JSON.stringify(time)} is not a time of day (write "09:00")`];
}

function checkZone(field: string, zone: unknown): readonly string[] {
  if (typeof zone !== "string" || zone === "")
    return [`${field}: is missing; say whose clock it is (write "Europe/Lisbon")`];
  if (attempt(field, () => Intl.DateTimeFormat("en", { timeZone: zone })).length === 0) return [];
  const near = suggest(zone, Intl.supportedValuesOf("timeZone"));
  return [`${field}: ${JSON.stringify(zone)} is not an IANA time zone${near || ' (write "Europe/Lisbon")'}`];
}

function unknownFields(value: object, known: readonly string[]): readonly string[] {
  return Object.keys(value)
    .filter((field) => !known.includes(field))
    .map((field) => `${field}: is not known here${suggest(field, known)}`);
}

function attempt(field: string, act: () => unknown): readonly string[] {
  try {
    act();
    return [];
  } catch (error) {
    return [`${field}: ${error instanceof Error ? error.message : String(error)}`];
  }
}
