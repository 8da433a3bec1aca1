/**
 * The pure machines, for test kits and tools that draw or explore them.
 * @packageDocumentation
 */

// The rollout machine.
export { decideRollout, type RolloutDecision, type RolloutInput } from "./machine/rollout/decide.ts";
export { evolveRollout, initialRollout } from "./machine/rollout/evolve.ts";
export { planRollout, type RolloutAsk } from "./machine/rollout/plan.ts";
export type { Measurement } from "./machine/rollout/measure.ts";
export type { OpenCheck } from "./machine/rollout/open-check.ts";
export type { Guard } from "./machine/rollout/guard.ts";
export { RULES, type Rules } from "./machine/rollout/rules.ts";
export type { Sight } from "./machine/rollout/sight.ts";
export type { Fact, OpenBackground, OpenGate, RolloutState } from "./machine/rollout/state.ts";
export type { Stopwatch } from "./machine/rollout/stopwatch.ts";
export type { Spec, Tally } from "./machine/rollout/tally.ts";
export type { TurnRule } from "./machine/rollout/turn.ts";
export type { Step, StepRule } from "./machine/rollout/want.ts";
// What is read out of logs that are there.
export { type Deployment, deploymentsIn } from "./machine/history/deployments.ts";
export { durationsOf } from "./machine/history/durations.ts";
export { figuresOf, type Window } from "./machine/history/figures.ts";
export {
  type Span,
  type TimedAttempt,
  type TimedPhase,
  type TimedStage,
  type TimedWait,
  timeline,
  type Timeline,
} from "./machine/history/timeline.ts";
export { viewGroups } from "./machine/rollout/view.ts";
