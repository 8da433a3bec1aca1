// What events may change in what a rollout believes. Each is a rule that exploration can take away.
import type { OpenGate, RolloutState } from "./state.ts";
import { elapsed, run, ZERO } from "./stopwatch.ts";
import { isOver, isStill } from "./state.ts";

/** After a claim nothing counts that was seen before it: the hold starts over, what was under way has ended. */
export function forget(state: RolloutState): RolloutState {
  return { ...state, inFlight: undefined, met: false, held: ZERO };
}

/** Whether an answer is meant for the question that is open. */
export function isOwnVerdict(state: RolloutState, judgement: string): boolean {
  return state.gate?.judgement === judgement && state.gate.verdict === undefined;
}

/** Whether a measurement is the one that is waited for: of this very gate, and not counted yet. */
export function isOwnMeasurement(
  { judgement, verdict, tally }: OpenGate,
  gate: string,
  number: number,
): boolean {
  return judgement === gate && verdict === undefined && tally?.measured === number - 1;
}

/** Hold runs while met, deadline while not, the question while it is open; none of them while the rollout stands still. */
export function tick(state: RolloutState, at: number): RolloutState {
  const moves = !isStill(state) && state.index >= 0 && !isOver(state);
  const unmet = run(state.unmet, moves && !state.met, at);
  const held = run(state.held, moves && state.met, at);
  const open = run(state.open, moves && state.gate !== undefined && state.gate.verdict === undefined, at);
  const background = tickBackground(state.background, moves, at);
  const same = unmet === state.unmet && held === state.held && open === state.open;
  return same && background === state.background ? state : { ...state, unmet, held, open, background };
}

function tickBackground(
  checks: RolloutState["background"],
  moves: boolean,
  at: number,
): RolloutState["background"] {
  if (checks.length === 0) return checks;
  const next = checks.map((check) => {
    if (!check) return check;
    const open = run(check.open, moves && check.verdict === undefined, at);
    return open === check.open ? check : { ...check, open };
  });
  return next.every((check, index) => check === checks[index]) ? checks : next;
}

/** Whether the want has been met for long enough. */
export function isHeld({ held }: RolloutState, holdMs: number, now: number): boolean {
  return elapsed(held, now) >= holdMs;
}

/** A command that may or may not have landed: claim, so that it no longer can, and look. */
export function doubt(state: RolloutState): RolloutState {
  return { ...state, claimed: false };
}

/** How long to be silent after so many commands in a row that did not land: 1 s, doubling, to 30 s. */
export function pauseAfter(misses: number): number {
  return misses <= 0 ? 0 : Math.min(30_000, 1000 * 2 ** Math.min(5, misses - 1));
}
