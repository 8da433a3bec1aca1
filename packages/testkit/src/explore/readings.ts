// What the monitors make of measurements: a second reading of what limits mean.
import type { BackgroundCheck, CheckGate, Gate, Measures, Phase, Rollout } from "@gennaker/core";
import type { NewEvent, Verdict } from "@gennaker/core/ports";
import type { Witness } from "./witness.ts";

type Answer = NewEvent<"check-measured">["verdict"];

const LETTERS: Readonly<Record<string, string>> = { pass: "p", fail: "f", inconclusive: "i", error: "e" };

/** What was measured, as one text: a letter for each; passes in a row of a check without an end count as one. */
export function noted(results: string, verdict: Answer, endless: boolean): string {
  const letter = LETTERS[verdict] ?? "";
  return endless && letter === "p" && results.endsWith("p") ? results : results + letter;
}

/** What measurements come to, by another way of counting than the machine's. */
function reading(
  spec: Measures & Pick<CheckGate, "times">,
  results: string,
  endless = false,
): Verdict | undefined {
  const { failureLimit = 0, inconclusiveLimit = 0, errorLimit = 4, onError = "inconclusive" } = spec;
  const times = endless ? Infinity : (spec.times ?? 1);
  const all = (letter: string): number => results.split(letter).length - 1;
  if (all("f") > failureLimit) return "fail";
  if ((/e*$/.exec(results)?.[0].length ?? 0) > errorLimit) return onError;
  if (all("i") > inconclusiveLimit) return "inconclusive";
  return results.replaceAll("e", "").length >= times ? "pass" : undefined;
}

/** The verdict on a phase's gate, as far as the monitors know. */
export function verdictOn(gate: Gate | undefined, witness: Witness): Verdict | undefined {
  return gate?.kind === "check" ? reading(gate, witness.results) : witness.verdict;
}

/** The verdicts on what is measured beside the phases. */
export function besides({ background = [] }: Rollout, { beside }: Witness): readonly (Verdict | undefined)[] {
  return background.map((spec, index) => reading(spec, beside[index] ?? "", true));
}

/** Whether each of the checks beside the phases was measured. */
export function allMeasured({ background = [] }: Rollout, { beside }: Witness): boolean {
  return background.every((_, index) => /[pfi]/.test(beside[index] ?? ""));
}

/** How long anything of a rollout's gates and checks can take, without what takes for ever. */
export function gateTimes({ gate }: Pick<Phase, "gate">): readonly number[] {
  if (gate?.kind === "check") return rhythmOf(gate);
  return gate?.kind === "promotion" ? [gate.afterMs ?? 0] : [];
}

/** The times of a check. */
export function rhythmOf({ delayMs = 0, everyMs = 0 }: Measures | BackgroundCheck): readonly number[] {
  return [delayMs, everyMs];
}
