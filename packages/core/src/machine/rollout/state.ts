import type { Phase } from "../../model/phase.ts";
import type { Event, EventType, NewEvent, Outcome, RolloutCommand, Verdict } from "../events.ts";
import type { Stopwatch } from "./stopwatch.ts";
import type { Tally } from "./tally.ts";

/** A fact, in the log or about to be. */
export type Fact<T extends EventType = EventType> = Event<T> | NewEvent<T>;

/** The question, or the check, that a phase waits for. */
export interface OpenGate {
  /** Identifies it: an answer or a measurement of another one does not count. */
  readonly judgement: string;
  readonly verdict: Verdict | "expired" | undefined;
  /** Why the verdict is what it is, where a check said so. */
  readonly reason?: string;
  /** What a check has measured so far. */
  readonly tally?: Tally;
}

/** A check that is measured beside the phases. */
export interface OpenBackground extends OpenGate {
  readonly tally: Tally;
  /** How long it has been open. */
  readonly open: Stopwatch;
}

/** A rollout, folded from its run's log. Nothing here was observed, except what an event says. */
export interface RolloutState {
  readonly planned: Fact<"rollout-planned">;
  /** The phases that lead back to how things were. */
  readonly wayBack: readonly Phase[];
  /** Full size of the candidate; grows with a stable that is scaled up. */
  readonly size: number;
  /** Instances that stable has had while it was in charge; so many it gets on the way back. */
  readonly stableSize: number;
  /** False: claim the cluster and observe before the next decision. */
  readonly claimed: boolean;
  readonly epoch: number;
  /** Commands said so far. */
  readonly said: number;
  /** Said, and not known how it ended. */
  readonly inFlight: { readonly command: string; readonly body: RolloutCommand } | undefined;
  /** Name of the candidate's group, once it was seen. */
  readonly candidate: string | undefined;
  /** Name of the baseline's group, while it is there. */
  readonly baseline: string | undefined;
  /** The baseline's group was seen once: it is not made again. */
  readonly baselineMade: boolean;
  /** So many healthy instances of the baseline a phase has already counted on. */
  readonly baselineProved: number;
  /** So many healthy instances of the candidate a phase has already counted on. */
  readonly proved: number;
  /** Traffic by group name, as last reported. */
  readonly shares: Readonly<Record<string, number>>;
  readonly direction: "forward" | "back";
  /** Of the phase within its direction; -1 before the first. */
  readonly index: number;
  /** The phase's want is met. */
  readonly met: boolean;
  /** The phase's want was met before: what is unmet now is drift. */
  readonly metOnce: boolean;
  readonly promoted: boolean;
  /** Somebody skipped everything up to the end, but health. */
  readonly promotedFully: boolean;
  readonly gate: OpenGate | undefined;
  /** Questions asked and checks opened so far. */
  readonly asked: number;
  /** Checks beside the phases, in the order of the plan; undefined: not open. */
  readonly background: readonly (OpenBackground | undefined)[];
  /** Where the candidate can be reached before it has traffic. */
  readonly preview: { readonly group: string; readonly address: string } | undefined;
  /** How long the want was unmet; the deadline looks at it. */
  readonly unmet: Stopwatch;
  /** How long the want has been met without a break. */
  readonly held: Stopwatch;
  /** How long the question has been open. */
  readonly open: Stopwatch;
  /** A person paused the run. */
  readonly paused: boolean;
  /** An inconclusive verdict stopped the rollout. */
  readonly undecided: boolean;
  /** A newer run waits for the cluster. */
  readonly superseded: boolean;
  readonly cancel: { readonly mode: "graceful" | "forced"; readonly reason: string } | undefined;
  /** Why the last command failed; undefined after one that was acknowledged. */
  readonly failure: string | undefined;
  /** Commands in a row that were not acknowledged. */
  readonly misses: number;
  /** Nothing is said before this instant. */
  readonly retryAt: number;
  readonly turned: { readonly reason: string; readonly cancelled: boolean } | undefined;
  readonly outcome: Outcome | undefined;
  readonly reason: string | undefined;
  /** It ended, and goes on healing what is not right. */
  readonly watching: boolean;
}

/** Whether nothing can happen any more. */
export function isOver({ outcome, watching }: RolloutState): boolean {
  return outcome !== undefined && !watching;
}

/** Whether clocks and advance stand still. */
export function isStill({ paused, undecided }: RolloutState): boolean {
  return paused || undecided;
}

/** The phases of the direction in which the rollout goes. */
export function route({ planned, wayBack, direction }: RolloutState): readonly Phase[] {
  return direction === "forward" ? planned.rollout.phases : wayBack;
}

/** The phase that it is in; a rollout that watches wants the whole way back at once. */
export function phaseOf(state: RolloutState): Phase | undefined {
  const phases = route(state);
  return state.watching && state.direction === "back" ? phases.at(-1) : phases[state.index];
}
