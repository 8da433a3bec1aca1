import type { Effect, IssuedEffect, Write } from "../ports/engine.ts";

const NONE: readonly never[] = [];

/** Which effects of a run are outstanding after a write, and which of them were handed out by it. */
export function outstandingAfter(
  before: readonly IssuedEffect[],
  run: string,
  { issue = NONE, settle = NONE }: Pick<Write, "issue" | "settle">,
  newLease: () => string,
): { readonly outstanding: readonly IssuedEffect[]; readonly issued: readonly IssuedEffect[] } {
  if (issue.length === 0 && settle.length === 0) return { outstanding: before, issued: NONE };
  const issued = issue.map((effect: Effect) => ({
    run,
    id: effect.id,
    attempt: effect.attempt,
    lease: newLease(),
  }));
  const stays = ({ id }: IssuedEffect): boolean =>
    !settle.includes(id) && !issued.some((effect) => effect.id === id);
  return { outstanding: [...before.filter(stays), ...issued], issued };
}

/** The same effects, handed out anew. */
export function reissued(effects: readonly IssuedEffect[], newLease: () => string): readonly IssuedEffect[] {
  return effects.map((effect) => ({ ...effect, lease: newLease() }));
}
