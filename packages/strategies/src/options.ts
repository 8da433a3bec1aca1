import { ConfigurationError, type Duration, parseDuration, type SizeRule } from "@gennaker/core";
import type { AnalysisOptions, Gates } from "./gates.ts";

/** Options that every strategy with a candidate takes. */
export interface CandidateOptions extends AnalysisOptions {
  /** How large the candidate becomes; `"match"`: as large as stable. Default `"match"`. */
  readonly size?: SizeRule;
  /** Percent of a group's instances that must be healthy for it to serve, 1–100. Default 100. */
  readonly minHealthy?: number;
  /** How long the candidate must serve well before stable is retired. Default `"0s"`. */
  readonly soak?: Duration;
  /** Asked or measured before the cut-over, when the candidate is healthy. Default: nothing. */
  readonly gate?: Gates;
  /** Asked or measured after the soak, while everything still leads back. Default: nothing. */
  readonly postPromotion?: Gates;
  /** How long any phase may take to get what it wants. Default `"10m"`. */
  readonly deadline?: Duration;
  /** What becomes of the candidate on the way back: removed, or kept without instances. Default `"destroy"`. */
  readonly onRollback?: "destroy" | "keep";
}

/** Answers what is wrong with the value of one option, with what to write instead. */
export type Check = (value: unknown) => string | undefined;

/** A value as messages show it. */
export const quote = (value: unknown): string => JSON.stringify(value) ?? String(value);

/** A length of time. */
export const duration: Check = (value) => {
  try {
    parseDuration(value as Duration);
    return undefined;
  } catch {
    return `${quote(value)} is not a duration (write "90s", "10m" or "2h")`;
  }
};

/** A length of time above 0. */
export const positiveDuration: Check = (value) =>
  duration(value) ??
  (parseDuration(value as Duration) > 0 ? undefined : `${quote(value)} leaves no time (write "10m")`);

/** A whole number, 0 or more. */
export const count: Check = (value) =>
  Number.isInteger(value) && (value as number) >= 0
    ? undefined
    : `${quote(value)} is not a whole number, 0 or more (write 2)`;

/** Yes or no. */
export const flag: Check = (value) =>
  typeof value === "boolean" ? undefined : `${quote(value)} is not yes or no (write true or false)`;

/** A percentage of instances. */
export const percent: Check = (value) =>
  typeof value === "number" && value >= 1 && value <= 100
    ? undefined
    : `${quote(value)} is not 1 to 100 (write 100 for all instances)`;

/** How large a candidate becomes. */
export const size: Check = (value) => {
  const least = isRecord(value) && value["match"] === true ? value["atLeast"] : value;
  return value === "match" || (Number.isInteger(least) && (least as number) >= 1)
    ? undefined
    : `${quote(value)} is not a size (write "match", 3 or { match: true, atLeast: 3 })`;
};

/** What becomes of a candidate that failed. */
export const onRollback: Check = (value) =>
  value === "destroy" || value === "keep"
    ? undefined
    : `${quote(value)} is unknown (write "destroy" or "keep")`;

/**
 * Looks at all options at once; `more` looks at what they say together.
 *
 * @throws ConfigurationError with every problem
 */
export function checkOptions<Options extends object>(
  strategy: string,
  options: Options,
  checks: Readonly<Record<string, Check>>,
  more: (options: Options) => readonly string[] = () => [],
): void {
  if (!isRecord(options))
    throw new ConfigurationError(strategy, [`${quote(options)} is not a list of options`]);
  const problems = [...checkEach(options, checks), ...more(options)];
  if (problems.length > 0) throw new ConfigurationError(strategy, problems);
}

/** What is wrong with each field by itself; a field that nobody checks is unknown. */
export function checkEach(
  fields: Readonly<Record<string, unknown>>,
  checks: Readonly<Record<string, Check>>,
): readonly string[] {
  const known = Object.keys(checks);
  return Object.entries(fields).flatMap(([name, value]) => {
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
    if (!check) return [`${name}: is not an option (there are ${known.join(", ")})`];
    const problem = value === undefined ? undefined : check(value);
    return problem === undefined ? [] : [`${name}: ${problem}`];
  });
}

/** Whether a value is a plain list of fields. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
