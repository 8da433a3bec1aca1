import type { Measuring } from "./checks.ts";
import type { Node } from "./node.ts";
import type { Property } from "./properties.ts";

/** Judges what a turn begins to measure; `after`: with what the turn has seen. */
export function judgeMeasuring(
  due: readonly Measuring[],
  { state, witness }: Node,
  { measuring }: Node,
): readonly Property[] {
  const begun = due.filter((one) => !measuring.some(({ gate }) => gate === one.gate));
  const still = witness.paused || witness.undecided || witness.direction === "back";
  return begun.some(({ gate }) => still || (gate === state.gate?.judgement && !witness.met)) ? ["S22"] : [];
}
