// What time does.
import type { Move } from "./moves.ts";
import type { Node } from "./node.ts";
import { wait } from "./witness.ts";

const HOUR = 3_600_000;

/** So much time passes. */
export function pass(node: Node, ms: number, label: string): Move {
  return { label, node: { ...node, now: node.now + ms, witness: wait(node.witness, ms) } };
}

/** A long time passes in which nobody does anything, although somebody could. */
export function silence(node: Node): readonly Move[] {
  const { paused, undecided, gate } = node.state;
  const waits = node.driver === "down" || node.wire || paused || undecided || gate?.verdict === undefined;
  return waits ? [{ ...pass(node, HOUR, "an hour passes"), fault: "long silence" }] : [];
}
