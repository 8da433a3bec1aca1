import { conditionOf, refusal } from "./condition.ts";
import { isConsent, isPassed } from "./gate.ts";
import { type Guard, guardLast, guardShrink, guardTraffic } from "./guard.ts";
import { home } from "./home.ts";
import * as memory from "./memory.ts";
import { isMeasured, mayMeasure } from "./measure.ts";
import type { Sight } from "./sight.ts";
import { follows } from "./size.ts";
import { isStill } from "./state.ts";
import { isRight } from "./right.ts";
import { verdictOf } from "./tally.ts";
import { isLate, TURN, type TurnRule } from "./turn.ts";
import { ORDER, type StepRule } from "./want.ts";

/** The rules of the frame, one value each, so that exploration can take any one away and see what breaks. */
export interface Rules {
  /** One order inside every want. */
  readonly order: readonly StepRule[];
  /** What no command may do. */
  readonly guards: readonly Guard[];
  /** Why a rollout turns back. */
  readonly turn: readonly TurnRule[];
  /** Whether a phase's deadline has passed. */
  readonly isLate: typeof isLate;
  /** What must hold in the world when a command lands. */
  readonly conditionOf: typeof conditionOf;
  /** What a refused command means. */
  readonly refusal: typeof refusal;
  /** Where traffic belongs on the way back. */
  readonly home: typeof home;
  /** Whether a rollout that failed leaves nothing to mend. */
  readonly isRight: typeof isRight;
  /** Nothing is decided without a claim. */
  readonly isClaimed: typeof isClaimed;
  /** Nothing is decided while a command is under way. */
  readonly isSettled: typeof isSettled;
  /** Nothing is decided on an old view of the world. */
  readonly isFresh: typeof isFresh;
  /** Whether a phase may be left. */
  readonly mayAdvance: typeof mayAdvance;
  /** Whether a command may be said. */
  readonly mayStep: typeof mayStep;
  /** Sizes when stable was scaled up. */
  readonly raise: typeof raise;
  /** Whether a phase's gate lets it go on. */
  readonly isPassed: typeof isPassed;
  /** What a claim makes void. */
  readonly forget: typeof memory.forget;
  /** What a command of unknown end means. */
  readonly doubt: typeof memory.doubt;
  /** Which clocks run. */
  readonly tick: typeof memory.tick;
  /** Whether a want was met for long enough. */
  readonly isHeld: typeof memory.isHeld;
  /** Whether a hold is not waited for, since somebody waits for the cluster. */
  readonly isHurried: typeof isHurried;
  /** Whether an answer is meant for the open question. */
  readonly isOwnVerdict: typeof memory.isOwnVerdict;
  /** Whether silence is a yes. */
  readonly isConsent: typeof isConsent;
  /** Whether a phase was well for so long that it is promoted without anybody's doing. */
  readonly isOverdue: typeof memory.isHeld;
  /** Whether a measurement may begin. */
  readonly mayMeasure: typeof mayMeasure;
  /** Whether a measurement is the one that is waited for. */
  readonly isOwnMeasurement: typeof memory.isOwnMeasurement;
  /** What a check's measurements come to. */
  readonly verdictOf: typeof verdictOf;
  /** Whether every check in the background was measured before the point of no return. */
  readonly isMeasured: typeof isMeasured;
  /** How long to be silent after misses in a row. */
  readonly pauseAfter: typeof memory.pauseAfter;
}

/** Nothing is decided without a claim. */
function isClaimed({ state }: Sight): boolean {
  return state.claimed;
}

/** Nothing is decided while a command is under way: one at a time. */
function isSettled({ state }: Sight): boolean {
  return state.inFlight === undefined;
}

/** Nothing is decided on an old view of the world. */
function isFresh({ world }: Sight): boolean {
  return world.stale !== true;
}

/** Whether anything may be decided at all. */
export function mayAct(sight: Sight): boolean {
  const { rules } = sight;
  return rules.isClaimed(sight) && rules.isSettled(sight) && rules.isFresh(sight);
}

/** No phase is left while the rollout stands still. The way back does not stand still. */
function mayAdvance({ state }: Sight): boolean {
  return state.direction === "back" || !isStill(state);
}

/** While the rollout stands still on its way out, only drift is repaired: what was done before is done again. */
function mayStep({ state }: Sight): boolean {
  return state.direction === "back" || !isStill(state) || state.metOnce;
}

/** Past the point of no return a hold only keeps stable warm for an undo; who waits for the cluster need not wait for that. */
function isHurried({ state, phase }: Sight): boolean {
  return state.superseded && phase?.after === "forward";
}

/** Sizes when stable, still in charge, was scaled up: never down again. */
function raise({ state, stable }: Sight): { readonly stable: number; readonly size: number } | undefined {
  if (!stable || stable.share === 0 || state.direction === "back") return undefined;
  if (stable.desired <= state.stableSize) return undefined;
  const size = follows(state.planned.sizeRule) ? Math.max(state.size, stable.desired) : state.size;
  return { stable: stable.desired, size };
}

/** The rules as they hold. */
export const RULES: Rules = {
  order: ORDER,
  guards: [guardTraffic, guardShrink, guardLast],
  turn: TURN,
  isLate,
  conditionOf,
  refusal,
  home,
  isRight,
  isClaimed,
  isSettled,
  isFresh,
  mayAdvance,
  mayStep,
  raise,
  isPassed,
  forget: memory.forget,
  doubt: memory.doubt,
  tick: memory.tick,
  isHeld: memory.isHeld,
  isHurried,
  isOwnVerdict: memory.isOwnVerdict,
  isConsent,
  isOverdue: memory.isHeld,
  mayMeasure,
  isOwnMeasurement: memory.isOwnMeasurement,
  verdictOf,
  isMeasured,
  pauseAfter: memory.pauseAfter,
};
