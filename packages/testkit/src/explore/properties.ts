// The properties, judged from the world and the log alone: no code of the machine.
import type { Phase, Rollout, Strategy } from "@gennaker/core";
import type { RolloutState } from "@gennaker/core/machine";
import type { MarkedRules } from "./marks.ts";
import type { Settings } from "./options.ts";
import type { World } from "./world.ts";

/** Every property that is watched, in a sentence. */
export const PROPERTIES = {
  S1: "no command moves traffic to a group with no healthy instance while another has some",
  S2: "no command lowers what serves below the floor, or below what served where that is less",
  S3: "nothing with traffic is scaled to zero or destroyed",
  S4: "one key makes one group, and no group is left over at the end",
  S5: "rolled back means: traffic and size as they were, and candidate and baseline gone",
  S6: "a sick, hopeless or vanished candidate is noticed at once while there is a stable to go back to",
  S7: "a phase with a gate is left only by its own verdict, by a promotion, or by a silence that means yes",
  S8: "at the cut-over the candidate is as large as a stable that was scaled up, or as what must go on serving of it",
  S9: "a phase is left only when its want is met, and was met without a break for as long as its hold",
  S10: "a deadline, a timeout or a promotion of itself counts only when its time has really passed, unpaused",
  S11: "nothing goes forward while the rollout is paused",
  S12: "after the point of no return a cancel changes nothing",
  S13: "nothing is retired or pruned before the cut-over has succeeded; stable gets smaller only where the phase says so",
  S14: "after a crash or a doubtful command nothing is said before a claim",
  S15: "a command that failed is not said again at once",
  S16: "the last healthy instances of the cluster are never taken away by us",
  S17: "a cancel or a failed command before the point of no return is followed by the way back at once",
  S18: "when stable vanishes before the cut-over, nothing goes on as if it were there",
  S19: "no command on the way out brings the number of instances above the peak that was allowed",
  S20: "a baseline runs the release of stable",
  S21: "where weights decide, an ill or vanished baseline's part of the traffic goes to a healthy stable at once",
  S22: "a check is measured on the way out only, unpaused, and a phase's only while its want is met",
  S23: "a check beside the phases that fails is followed by the way back at once, and the point of no return by a measurement of each",
  S24: "past the point of no return no hold is waited for while a newer run waits for the cluster",
  S25: "a group is never made larger than its full size, and ends at least as large: the candidate on success, stable on the way back",
  L1: "with faults stopped every history comes to an outcome, on any schedule",
  L2: "a rollout that ended leaves traffic on a healthy group, if one of its groups is healthy",
} as const;

/** Name of a property. */
export type Property = keyof typeof PROPERTIES;

/** What monitors judge by: what was planned, and the settings of the world. */
export interface Brief {
  readonly strategy: Strategy;
  readonly planned: RolloutState["planned"];
  readonly settings: Settings;
  /** The world before anything happened. */
  readonly home: World;
  /** The rules of the settings, with marks. */
  readonly marked: MarkedRules;
}

/** How long a phase's question may stay open. */
export function timeoutOf(phase: Phase | undefined): number {
  return (phase?.gate?.kind === "judgement" ? phase.gate.timeoutMs : undefined) ?? Infinity;
}

/** The key of the group that is only for comparison; a group without one is never it. */
export function baselineIn<Group extends { readonly key?: string | undefined }>(
  groups: readonly Group[],
  { planned }: Pick<Brief, "planned">,
): Group | undefined {
  return planned.baseline && groups.find(({ key }) => key === planned.baseline?.key);
}

/** Instances that must go on serving of so many. */
export function floorOf(size: number, { floor, minHealthy }: Rollout): number {
  return floor === undefined ? need(size, minHealthy) : Math.ceil((size * floor) / 100);
}

/** Instances that must be healthy of so many. */
export function need(size: number, percent: number): number {
  return size === 0 ? 0 : Math.max(1, Math.ceil((size * percent) / 100));
}
