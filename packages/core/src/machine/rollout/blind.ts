import { formatDuration } from "../../model/duration.ts";
import type { NewEvent } from "../events.ts";
import { isStill, phaseOf, route, type RolloutState } from "./state.ts";
import { RULES, type Rules } from "./rules.ts";

/** That a cluster may not be looked at: asking again does not help. */
export interface Blindness {
  readonly now: number;
  /** Since when nothing was seen. */
  readonly since: number;
  /** What the provider said. */
  readonly why: string;
}

/**
 * What to record when the cluster may not be looked at: nothing until the phase's deadline, measured from its want or from
 * the last look. Then it has failed. What it changed is left as it is, since nobody knows how that is; it goes on watching,
 * and takes the way back once it sees again.
 */
export function decideBlind(
  state: RolloutState,
  { now, since, why }: Blindness,
  rules: Pick<Rules, "isLate"> = RULES,
): readonly NewEvent[] {
  const phase = phaseOf(state) ?? route(state)[0];
  const waits = state.direction === "forward" && isStill(state);
  if (!phase || waits || state.outcome !== undefined) return [];
  const { deadlineMs } = phase;
  if (now - since < deadlineMs && !rules.isLate({ state, phase, now })) return [];
  const base = { stage: state.planned.stage, at: now };
  const reason = `${phase.name} was not done within ${formatDuration(deadlineMs)}: the cluster may not be looked at (${why})`;
  // Nothing was said: there is nothing to watch or to take back.
  const watching = state.said > 0;
  const returns = watching && state.direction === "forward" && phase.after === "back";
  return [
    ...(returns ? [{ type: "rollout-turned-back" as const, ...base, reason, cancelled: false }] : []),
    { type: "rollout-finished", ...base, outcome: "failed", reason, watching },
  ];
}
