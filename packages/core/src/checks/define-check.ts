import { ConfigurationError } from "../errors.ts";
import type { Check } from "../model/check.ts";
import type { Json } from "../model/json.ts";

/**
 * Makes a check out of a plain function. It is measured at least once: after a crash in mid-measurement it runs again.
 * What it throws is an error of the measurement, which is repeated, and no failure of the release.
 *
 * @throws ConfigurationError with all problems of the definition
 * @example
 * const errorRate = defineCheck({
 *   name: "error-rate",
 *   run: async ({ candidate, input, signal }: CheckContext<{ most: number }>) => {
 *     const rate = await metrics.errorRate(candidate.name, { signal });
 *     return { verdict: rate <= input.most ? "pass" : "fail", reason: `${rate} % of requests failed`, data: { rate } };
 *   },
 * })
 */
export function defineCheck<Input = Json>({ name, run }: Check<Input>): Check<Input> {
  const problems = [
    ...(typeof name === "string" && name !== "" ? [] : ["name: is missing; logs name the check by it"]),
    ...(typeof run === "function" ? [] : ["run: is missing; give the function that judges the candidate"]),
  ];
  if (problems.length > 0) throw new ConfigurationError("defineCheck", problems);
  return { name, run };
}
