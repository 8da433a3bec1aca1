import { ConfigurationError } from "../errors.ts";
import type { CheckResult } from "../model/check.ts";
import { copyJson } from "../model/json.ts";

const VERDICTS: readonly unknown[] = ["pass", "fail", "inconclusive"];

/**
 * What a check's function answered, as data.
 *
 * @throws ConfigurationError with all that is wrong with the answer
 */
export function answerOf(check: string, answer: CheckResult): CheckResult {
  const { verdict, reason, data } = (answer ?? {}) as Partial<CheckResult>;
  const { json, problems } = copyJson(data, "data");
  const wrong = [
    ...(VERDICTS.includes(verdict)
      ? []
      : [`verdict: ${JSON.stringify(verdict)} is not one of ${VERDICTS.join(", ")}`]),
    ...(reason === undefined || typeof reason === "string" ? [] : ["reason: is not text"]),
    ...problems,
  ];
  if (wrong.length > 0 || verdict === undefined)
    throw new ConfigurationError(`the answer of check ${check}`, wrong);
  return {
    verdict,
    ...(reason !== undefined && { reason }),
    ...(data !== undefined && { data: json }),
  };
}
