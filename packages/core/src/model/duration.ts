/** A length of time: a number of milliseconds or a text such as `"10m"`, `"1.5h"`, `"250ms"`. */
export type Duration = number | `${number}${"ms" | "s" | "m" | "h" | "d"}`;

const LONGEST_MS = 100_000 * 365 * 86_400_000;
const UNIT = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/**
 * Whole milliseconds in a duration.
 *
 * @throws RangeError when it is negative, not a duration, or longer than anybody can wait (100,000 years)
 * @example parseDuration("10m") // 600_000
 */
export function parseDuration(value: Duration): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(typeof value === "number" ? `${value}ms` : value);
  if (!match) throw new RangeError(`${JSON.stringify(value)} is not a duration (write "90s", "10m" or "2h")`);
  const ms = Math.round(Number(match[1]) * UNIT[match[2] as keyof typeof UNIT]);
  if (ms > LONGEST_MS) throw new RangeError(`${JSON.stringify(value)} is longer than 100,000 years`);
  return ms;
}

/** A duration for people: `"850 ms"`, `"1.9 s"`, `"10 m"`, `"2 m 05 s"`, `"3 h 10 m"`, `"2 d"`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${Number((ms / 1000).toFixed(1))} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return both(seconds, 60, "m", 1, "s");
  if (seconds < 86_400) return both(seconds, 3600, "h", 60, "m");
  return both(seconds, 86_400, "d", 3600, "h");
}

// The larger unit, and the smaller one where something is left for it.
function both(seconds: number, large: number, largeUnit: string, small: number, smallUnit: string): string {
  const rest = Math.floor((seconds % large) / small);
  const most = `${Math.floor(seconds / large)} ${largeUnit}`;
  return rest === 0 ? most : `${most} ${String(rest).padStart(2, "0")} ${smallUnit}`;
}
