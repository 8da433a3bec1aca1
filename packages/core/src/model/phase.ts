import type { Check } from "./check.ts";
import type { BackgroundCheck, Gate } from "./gate.ts";
import type { Json } from "./json.ts";

/** How a provider splits traffic: any weights; by counts of healthy instances of the enabled groups; or all to one. */
export type TrafficMode = "weighted" | "proportional" | "switch";

/**
 * The role of a group in a rollout: what served before, what is to serve, and a group of stable's release that was
 * started together with the candidate, to compare it with.
 */
export type Role = "stable" | "candidate" | "baseline";

/** 0–100 per role. What is not named gets nothing. */
export interface Shares {
  readonly stable?: number;
  readonly candidate?: number;
  readonly baseline?: number;
}

/** A percentage of the rollout's size, 0–100, or the group's end. */
export type WantedSize = number | "gone";

/**
 * What a phase wants of the world. What is not named is left alone. The frame turns it into commands in one fixed
 * order: grow, healthy, traffic, shrink, destroy.
 */
export interface Want {
  /**
   * In percent of stable's size when the rollout began, or of what it was scaled up to since. Scaled up again when it
   * is less. Once it was as small as wanted, but not 0, an autoscaler's surplus is left alone.
   */
  readonly stable?: WantedSize;
  /** In percent of the candidate's full size. */
  readonly candidate?: WantedSize;
  /**
   * In percent of the candidate's full size, so that the same number makes it as large. Runs the release of stable as
   * the provider reported it. A comparison only: it must be gone by the end of the last phase that can lead back, cannot
   * come back after that, and is removed on every way back. While it is ill its traffic is stable's, and the phase is
   * not met.
   */
  readonly baseline?: WantedSize;
  readonly traffic?: Shares;
  /**
   * Groups that are neither stable nor candidate and older than the candidate, newest first: the first `warm` are
   * left as they are, the next ones up to `keep` in all are scaled to 0, the rest is destroyed. Baselines that an
   * interrupted rollout left are destroyed and do not count.
   */
  readonly others?: { readonly warm: number; readonly keep: number };
}

/** One step of a rollout: a want, how long to hold it, what it waits for, and where a failure in it leads. */
export interface Phase {
  readonly name: string;
  readonly want: Want;
  /** Milliseconds that the want must stay met before the next phase. Starts over when it is not met. */
  readonly holdMs?: number;
  /** Asked, or measured, once the want is met and held. */
  readonly gate?: Gate;
  /** Milliseconds that the want may be unmet, in all; does not run while met or paused. */
  readonly deadlineMs: number;
  /** Where a failure or a cancel in this phase leads: the way back, or on (past the point of no return). */
  readonly after: "back" | "forward";
}

/** A group that a strategy finds. */
export interface SituatedGroup {
  readonly name: string;
  readonly desired: number;
  readonly healthy: number;
  readonly share: number;
  /** It is a baseline that an interrupted rollout left: nothing to keep or to come back to. */
  readonly baseline?: true;
}

/** All that a strategy may know when it makes its phases. */
export interface Situation {
  /** The group with most of the traffic (ties: the newest), never a baseline beside others; absent at a first deploy. */
  readonly stable?: SituatedGroup;
  /** Other groups, newest first. */
  readonly others: readonly SituatedGroup[];
  /** Full size of the candidate. */
  readonly size: number;
  readonly traffic: TrafficMode;
}

/**
 * How large the candidate becomes: `"match"` the stable group (and follow it when it is scaled up in mid-rollout;
 * 1 at a first deploy), a number of instances, or `{ match: true, atLeast: n }`.
 */
export type SizeRule = "match" | number | { readonly match: true; readonly atLeast: number };

/** What a strategy makes of a situation: JSON, frozen into the run's log. */
export interface Rollout {
  readonly phases: readonly Phase[];
  /** Percent of a group's instances that must be healthy for it to count as serving, 1–100. */
  readonly minHealthy: number;
  /**
   * Percent of the size that must go on serving, as far as our own commands decide that, 0–100. Default `minHealthy`.
   * Less of it lets a strategy take instances of stable away before others have taken their place.
   */
  readonly floor?: number;
  /** Checks that are measured beside the phases, all the way out. */
  readonly background?: readonly BackgroundCheck[];
  /** What becomes of the candidate on the way back. */
  readonly onRollback: "destroy" | "keep";
}

/**
 * A way to replace one version by the next: a pure function from the situation to phases.
 * `name`, `version` and `options` are recorded; `rollout` is code, found again by name after a crash.
 */
export interface Strategy {
  readonly name: string;
  /** Raised when the same options come to mean other phases. */
  readonly version: number;
  readonly options: Json;
  readonly size: SizeRule;
  /**
   * The code of the checks that its gates name, if it was given. Not recorded; a strategy that was made again from its
   * recorded options has none, and the checks are those of `createDelivery({ checks })`.
   */
  readonly checks?: readonly Check<never>[];
  /** Traffic modes that it can work with; others are refused before anything is changed. */
  readonly modes: readonly TrafficMode[];
  /** Makes the phases. Pure: the same situation makes the same ones. */
  rollout(situation: Situation): Rollout;
}
