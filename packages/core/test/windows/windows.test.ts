import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type WallTime, windows, type WindowsOptions } from "../../src/windows.ts";

const at = (text: string): number => Date.parse(text);
const iso = (instant: number | undefined): string | undefined =>
  instant === undefined ? undefined : new Date(instant).toISOString();

/** When it opens, as text; "open" when it is. */
function opens(options: WindowsOptions, now: string): string | undefined {
  const closed = windows(options).closed(at(now));
  return closed ? iso(closed.opensAt) : "open";
}

const office: WindowsOptions = {
  timeZone: "Europe/Lisbon",
  allow: [{ days: ["mon", "tue", "wed", "thu"], from: "09:00", to: "17:00" }],
};

describe("weekly windows", () => {
  it("are open from their first minute on, and closed at their last", () => {
    expect(opens(office, "2026-11-26T08:59:59.999Z")).toBe("2026-11-26T09:00:00.000Z");
    expect(opens(office, "2026-11-26T09:00:00Z")).toBe("open");
    expect(opens(office, "2026-11-26T16:59:59.999Z")).toBe("open");
    // Thursday evening: the next one is on Monday.
    expect(opens(office, "2026-11-26T17:00:00Z")).toBe("2026-11-30T09:00:00.000Z");
  });

  it("follow the clock on the wall when it changes", () => {
    expect(opens(office, "2026-03-26T17:30:00Z")).toBe("2026-03-30T08:00:00.000Z");
    expect(opens(office, "2026-10-22T17:30:00Z")).toBe("2026-10-26T09:00:00.000Z");
  });

  it("last over midnight when they end earlier than they begin", () => {
    const night: WindowsOptions = {
      timeZone: "America/New_York",
      allow: [{ days: ["fri"], from: "22:00", to: "06:00" }],
    };
    expect(opens(night, "2026-11-28T10:59:00Z")).toBe("open");
    expect(opens(night, "2026-11-28T11:00:00Z")).toBe("2026-12-05T03:00:00.000Z");
    expect(opens(night, "2026-11-27T12:00:00Z")).toBe("2026-11-28T03:00:00.000Z");
  });

  it("are an hour shorter in the night in which clocks are set forward, and an hour longer in the other one", () => {
    const night: WindowsOptions = { timeZone: "Europe/Berlin", allow: [{ from: "22:00", to: "06:00" }] };
    // 22:00 CET to 06:00 CEST are 7 hours.
    expect(opens(night, "2026-03-29T03:59:00Z")).toBe("open");
    expect(opens(night, "2026-03-29T04:00:00Z")).toBe("2026-03-29T20:00:00.000Z");
    // 22:00 CEST to 06:00 CET are 9 hours.
    expect(opens(night, "2026-10-25T04:59:00Z")).toBe("open");
    expect(opens(night, "2026-10-25T05:00:00Z")).toBe("2026-10-25T21:00:00.000Z");
  });

  it("begin an hour later on the wall when clocks leave their beginning out", () => {
    const early: WindowsOptions = { timeZone: "Europe/Berlin", allow: [{ from: "02:30", to: "05:00" }] };
    // 02:30 does not exist on 29 March: 03:30 CEST.
    expect(opens(early, "2026-03-29T00:00:00Z")).toBe("2026-03-29T01:30:00.000Z");
  });

  it("begin at the first of two equal times", () => {
    const early: WindowsOptions = { timeZone: "Europe/Berlin", allow: [{ from: "02:30", to: "05:00" }] };
    expect(opens(early, "2026-10-25T00:00:00Z")).toBe("2026-10-25T00:30:00.000Z");
  });
});

describe("recurrences", () => {
  it("open as RFC 5545 says", () => {
    const firstSaturdays: WindowsOptions = {
      timeZone: "Europe/Lisbon",
      allow: [{ rrule: "FREQ=MONTHLY;BYDAY=1SA", start: "2026-01-03T08:00", lasts: "4h" }],
    };
    expect(opens(firstSaturdays, "2026-11-26T12:00:00Z")).toBe("2026-12-05T08:00:00.000Z");
    expect(opens(firstSaturdays, "2026-12-05T11:59:00Z")).toBe("open");
    expect(opens(firstSaturdays, "2026-12-05T12:00:00Z")).toBe("2027-01-02T08:00:00.000Z");
  });

  it("leave out what a change of clocks leaves out", () => {
    const daily: WindowsOptions = {
      timeZone: "Europe/Berlin",
      allow: [{ rrule: "FREQ=DAILY", start: "2026-01-01T02:30", lasts: "10m" }],
    };
    expect(opens(daily, "2026-03-28T12:00:00Z")).toBe("2026-03-30T00:30:00.000Z");
  });

  it("never open again once their last one is over", () => {
    const thrice: WindowsOptions = {
      timeZone: "UTC",
      allow: [{ rrule: "FREQ=DAILY;COUNT=3", start: "2026-01-01T00:00", lasts: "1h" }],
    };
    expect(opens(thrice, "2026-01-02T12:00:00Z")).toBe("2026-01-03T00:00:00.000Z");
    expect(windows(thrice).closed(at("2026-01-04T00:00:00Z"))).toEqual({
      reason: "outside of all windows",
    });
  });
});

describe("several windows", () => {
  it("are open in any that allows, and closed in any that denies", () => {
    const both: WindowsOptions = {
      timeZone: "UTC",
      allow: [
        { from: "08:00", to: "12:00" },
        { from: "11:00", to: "14:00" },
      ],
      deny: [{ from: "09:00", to: "10:00", reason: "stand-up" }],
    };
    expect(opens(both, "2026-11-26T08:30:00Z")).toBe("open");
    expect(windows(both).closed(at("2026-11-26T09:30:00Z"))).toEqual({
      opensAt: at("2026-11-26T10:00:00Z"),
      reason: "stand-up",
    });
    expect(opens(both, "2026-11-26T13:00:00Z")).toBe("open");
    expect(opens(both, "2026-11-26T14:00:00Z")).toBe("2026-11-27T08:00:00.000Z");
  });

  it("stay closed through a freeze, to the end of its last day, whatever is allowed", () => {
    const frozen: WindowsOptions = {
      ...office,
      deny: [{ since: "2026-12-20", until: "2027-01-03", reason: "year-end freeze" }],
    };
    expect(windows(frozen).closed(at("2026-12-23T10:00:00Z"))).toEqual({
      opensAt: at("2027-01-04T09:00:00Z"),
      reason: "year-end freeze",
    });
  });

  it("may each be in a time zone of their own", () => {
    const abroad: WindowsOptions = {
      timeZone: "UTC",
      deny: [
        { since: "2026-07-04", until: "2026-07-04", timeZone: "America/Los_Angeles", reason: "holiday" },
      ],
    };
    expect(opens(abroad, "2026-07-04T06:59:00Z")).toBe("open");
    expect(opens(abroad, "2026-07-04T07:00:00Z")).toBe("2026-07-05T07:00:00.000Z");
  });

  it("say that they never open, rather than look for ever", () => {
    const never: WindowsOptions = { timeZone: "UTC", deny: [{ reason: "no deploys here" }] };
    expect(windows(never).closed(at("2026-11-26T00:00:00Z"))).toEqual({ reason: "no deploys here" });
  });
});

const clock = fc
  .integer({ min: 0, max: 24 * 60 - 1 })
  .map((minute) => `${Math.floor(minute / 60)}:${String(minute % 60).padStart(2, "0")}` as WallTime);
const days = fc.subarray(["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const, { minLength: 1 });
const window = fc.record({ days, from: clock, to: clock }).filter(({ from, to }) => from !== to);
const options = fc.record({
  timeZone: fc.constantFrom(
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
  ),
  allow: fc.array(window, { maxLength: 3 }),
  deny: fc.array(window, { maxLength: 2 }),
});
const instant = fc.integer({ min: at("2026-01-01"), max: at("2027-12-31") });

it("is open at the instant at which it says that it opens, and was closed just before", () => {
  fc.assert(
    fc.property(options, instant, (given, now) => {
      const calendar = windows(given);
      const closed = calendar.closed(now);
      if (closed?.opensAt === undefined) return;
      expect(closed.opensAt).toBeGreaterThan(now);
      expect(calendar.closed(closed.opensAt)).toBeUndefined();
      expect(calendar.closed(closed.opensAt - 1)).toBeDefined();
    }),
    { numRuns: 100 },
  );
});

it("names everything that is wrong at once", () => {
  const wrong = {
    timeZone: "Europe/Lisbn",
    allow: [
      { days: ["mo"], from: "9", to: "25:00" },
      { from: "09:00", to: "09:00" },
      { rrule: "FREQ=DALY", start: "2026-01-01T00:00", lasts: "1h" },
      { rrule: "FREQ=DAILY", start: "2026-01-01T00:00", lasts: "1 hour" },
    ],
    deny: [{ since: "2026-12-20", until: "2026-12-01" }, { fromm: "09:00" }],
    jitter: "soon",
  };
  let message = "";
  try {
    windows(wrong as unknown as WindowsOptions);
  } catch (error) {
    message = (error as Error).message;
  }
  expect(
    message
      .split("\n")
      .slice(1)
      .map((line) => line.trim()),
  ).toEqual([
    'timeZone: "Europe/Lisbn" is not an IANA time zone (did you mean "Europe/Lisbon"?)',
    'jitter: "soon" is not a duration (write "90s", "10m" or "2h")',
    'allow[0].days: "mo" is not a day (did you mean "mon"?)',
    'allow[0].from: "9" is not a time of day (write "09:00")',
    'allow[0].to: "25:00" is not a time of day (write "09:00")',
    "allow[1].to: is the same as from, 09:00 (leave both out for the whole day)",
    "allow[2]: Invalid FREQ value: DALY",
    'allow[3].lasts: "1 hour" is not a duration (write "90s", "10m" or "2h")',
    "deny[0]: it ends (2026-12-01) before it begins (2026-12-20)",
    'deny[1].fromm: is not known here (did you mean "from"?)',
  ]);
});
