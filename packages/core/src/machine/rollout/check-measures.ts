import type { BackgroundCheck, Measures } from "../../model/gate.ts";
import type { Rollout } from "../../model/phase.ts";
import type { Spec } from "./tally.ts";

/** What is wrong with how a check is measured, with what to write instead. */
export function checkMeasures(spec: Spec): readonly string[] {
  const { times = 1, everyMs } = spec;
  return [
    ...checkCommon(spec),
    ...(whole(times, 1) ? [] : [`times: ${times} is not a whole number from 1 on`]),
    ...(times > 1 && everyMs === undefined
      ? [`every: is needed where there are ${times} measurements (write every: "1m")`]
      : []),
    ...(spec.failureLimit !== undefined && spec.failureLimit >= times
      ? [`failureLimit: ${spec.failureLimit} lets all of ${times} fail (write less, or more times)`]
      : []),
    ...(spec.inconclusiveLimit !== undefined && spec.inconclusiveLimit >= times
      ? [
          `inconclusiveLimit: ${spec.inconclusiveLimit} lets all of ${times} be inconclusive (write less, or more times)`,
        ]
      : []),
  ];
}

/** What is wrong with the checks beside the phases. */
export function checkBackground({ background = [], phases }: Rollout): readonly string[] {
  const last = phases.findLast(({ after }) => after === "back");
  const sees = (last?.want.traffic?.candidate ?? 0) > 0;
  const keys = background.map(({ check, input }) => `${check} ${JSON.stringify(input)}`);
  return background.flatMap((check, index) => {
    const problems = [
      ...checkBeside(check),
      ...(last ? [] : ["nothing can lead back from any phase, so it would decide nothing"]),
      ...(last && check.from !== "start" && !sees
        ? ['the candidate has no traffic before the point of no return (write from: "start")']
        : []),
      ...(keys.indexOf(keys[index] ?? "") < index ? ["is there twice with the same input"] : []),
    ];
    return problems.map((problem) => `background ${JSON.stringify(check.check)}: ${problem}`);
  });
}

/** What is wrong with how one check beside the phases is measured. */
export function checkBeside(check: BackgroundCheck): readonly string[] {
  const { everyMs, from } = check;
  return [
    ...checkCommon(check),
    ...(everyMs > 0 ? [] : [`every: ${everyMs} ms would measure without a break (write every: "1m")`]),
    ...(from === undefined || from === "traffic" || from === "start"
      ? []
      : [`from: ${JSON.stringify(from)} is unknown (write "traffic" or "start")`]),
  ];
}

function checkCommon(measures: Measures): readonly string[] {
  const { check, delayMs = 0, everyMs = 1, timeoutMs = 1, onError } = measures;
  const limits = (["failureLimit", "inconclusiveLimit", "errorLimit"] as const).filter(
    (name) => measures[name] !== undefined && !whole(measures[name], 0),
  );
  return [
    ...(typeof check === "string" && check !== "" ? [] : ["check: the name of a check is needed"]),
    ...limits.map((name) => `${name}: ${measures[name]} is not a whole number, 0 or more`),
    ...(time(delayMs) ? [] : [`delay: ${delayMs} ms is not 0 or more`]),
    ...(time(everyMs) ? [] : [`every: ${everyMs} ms is not 0 or more`]),
    ...(time(timeoutMs) && timeoutMs > 0 ? [] : [`timeout: ${timeoutMs} ms is no time to measure anything`]),
    ...(onError === undefined || onError === "inconclusive" || onError === "fail"
      ? []
      : [`onError: ${JSON.stringify(onError)} is unknown (write "inconclusive" or "fail")`]),
  ];
}

function whole(value: number | undefined, least: number): boolean {
  return Number.isSafeInteger(value) && (value ?? 0) >= least;
}

function time(ms: number): boolean {
  return Number.isFinite(ms) && ms >= 0;
}
