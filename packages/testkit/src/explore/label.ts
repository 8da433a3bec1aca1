import type { Move } from "./moves.ts";

/** Moves by names that tell them apart: the second of a name is `name (2)`. */
export function labelled(moves: readonly Move[]): readonly { readonly label: string; readonly move: Move }[] {
  const seen = new Map<string, number>();
  return moves.map((move) => {
    const count = (seen.get(move.label) ?? 0) + 1;
    seen.set(move.label, count);
    return { label: count > 1 ? `${move.label} (${count})` : move.label, move };
  });
}
