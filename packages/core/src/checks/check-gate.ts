import type { CheckUse } from "../model/check.ts";
import { parseDuration, type Duration } from "../model/duration.ts";
import type { BackgroundCheck, CheckGate, Measures } from "../model/gate.ts";
import { copyJson } from "../model/json.ts";
import { checkBeside, checkMeasures } from "../machine/rollout/check-measures.ts";
import { checkDuration } from "../stages/wait.ts";

/**
 * The gate of a phase that a use of a check stands for: data, for strategies of your own. The code goes into the
 * strategy's `checks`.
 *
 * @example
 * const gate = checkGate({ check: errorRate, input: { most: 1 }, every: "1m", times: 5 })
 */
export function checkGate(use: CheckUse): CheckGate {
  return { kind: "check", ...measures(use), ...(use.times !== undefined && { times: use.times }) };
}

/** The check beside all phases that a use of a check stands for: measured every minute, if it does not say how often. */
export function backgroundCheck(use: CheckUse, from?: BackgroundCheck["from"]): BackgroundCheck {
  const { everyMs = 60_000, ...rest } = measures(use);
  return { ...rest, everyMs, ...(from && { from }) };
}

function measures(use: CheckUse): Measures {
  const { check, input, failureLimit, inconclusiveLimit, errorLimit, onError } = use;
  return {
    check: typeof check === "string" ? check : check.name,
    ...defined({ input, failureLimit, inconclusiveLimit, errorLimit, onError }),
    ...defined({ delayMs: ms(use.delay), everyMs: ms(use.every), timeoutMs: ms(use.timeout) }),
  };
}

function ms(duration: Duration | undefined): number | undefined {
  return duration === undefined ? undefined : parseDuration(duration);
}

function defined<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

const KNOWN = new Set([
  "check",
  "input",
  "delay",
  "every",
  "times",
  "failureLimit",
  "inconclusiveLimit",
  "errorLimit",
  "onError",
  "timeout",
]);

/**
 * Everything that is wrong with a use of a check, with what to write instead; `"background"`: one that is measured beside
 * the phases.
 */
export function checkUseProblems(use: CheckUse, as: "gate" | "background" = "gate"): readonly string[] {
  const problems = shapeProblems(use);
  if (problems.length > 0) return problems;
  if (as === "gate") return checkMeasures(checkGate(use));
  return [
    ...(use.times === undefined
      ? []
      : ["times: what is measured beside the phases is measured to the end (leave it out)"]),
    ...checkBeside(backgroundCheck(use)),
  ];
}

function shapeProblems(use: CheckUse): readonly string[] {
  const { check, input, delay, every, timeout } = use;
  const named =
    typeof check === "string"
      ? check !== ""
      : typeof check?.name === "string" && typeof check.run === "function";
  return [
    ...Object.keys(use)
      .filter((field) => !KNOWN.has(field))
      .map((field) => `${field}: is not an option (there are ${[...KNOWN].join(", ")})`),
    ...(named ? [] : ["check: is needed (write the check that defineCheck made, or its name)"]),
    ...(input === undefined ? [] : copyJson(input, "input").problems),
    ...(delay === undefined ? [] : checkDuration("delay", delay)),
    ...(every === undefined ? [] : checkDuration("every", every)),
    ...(timeout === undefined ? [] : checkDuration("timeout", timeout)),
  ];
}
