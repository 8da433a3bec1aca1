import type { NewEvent, Outcome } from "../events.ts";
import { askGate, expireGate, pauseUndecided, promoteOverdue } from "./gate.ts";
import { closeCheck, endBackground, openBackground } from "./measure.ts";
import { sharesIn } from "./roles.ts";
import { mayAct } from "./rules.ts";
import { isLost, type Sight } from "./sight.ts";
import { route } from "./state.ts";
import { cancelled, lateness, missingStable, shortfall } from "./turn.ts";
import { need } from "./size.ts";
import { wantedBaseline } from "./baseline.ts";
import { type Step, wantedCandidate } from "./want.ts";

/** What to record next, judging by the world alone; undefined when all is recorded. One at a time, in this order. */
export function nextFact(sight: Sight, step: Step | undefined): NewEvent | undefined {
  const stopped = stopNow(sight);
  if (stopped || !mayAct(sight)) return stopped;
  const noted = noteWorld(sight);
  if (noted) return noted;
  if (sight.state.watching) return heal(sight, step);
  return (
    closeCheck(sight) ??
    turnBack(sight) ??
    giveUp(sight, step) ??
    begin(sight) ??
    raiseSize(sight) ??
    noteMet(sight, step) ??
    late(sight, step) ??
    openBackground(sight) ??
    advance(sight)
  );
}

const stageOf = ({ state, now }: Sight): { stage: string; at: number } => ({
  stage: state.planned.stage,
  at: now,
});

function finish(sight: Sight, outcome: Outcome, reason: string | undefined, watching = false): NewEvent {
  return { type: "rollout-finished", ...stageOf(sight), outcome, ...(reason && { reason }), watching };
}

function stopNow(sight: Sight): NewEvent | undefined {
  const { cancel } = sight.state;
  return cancel?.mode === "forced" ? finish(sight, "cancelled", cancel.reason) : undefined;
}

function noteWorld(sight: Sight): NewEvent | undefined {
  const { state, candidate, world } = sight;
  if (candidate && state.candidate !== candidate.name)
    return { type: "rollout-candidate-found", ...stageOf(sight), group: candidate.name };
  const compared = noteBaseline(sight);
  if (compared) return compared;
  const shares = sharesIn(world);
  const names = Object.keys(shares);
  const same =
    names.length === Object.keys(state.shares).length &&
    names.every((name) => shares[name] === state.shares[name]);
  return same ? undefined : { type: "traffic-shifted", ...stageOf(sight), shares };
}

function noteBaseline(sight: Sight): NewEvent | undefined {
  const { state, baseline } = sight;
  if (baseline?.name === state.baseline) return undefined;
  if (baseline) return { type: "rollout-baseline-found", ...stageOf(sight), group: baseline.name };
  return state.baseline === undefined
    ? undefined
    : { type: "rollout-baseline-gone", ...stageOf(sight), group: state.baseline };
}

function turnBack(sight: Sight): NewEvent | undefined {
  if (sight.state.direction === "back") return undefined;
  for (const rule of sight.rules.turn) {
    const reason = rule(sight);
    if (reason !== undefined) return turned(sight, reason);
  }
  return undefined;
}

function turned(sight: Sight, reason: string): NewEvent {
  return { type: "rollout-turned-back", ...stageOf(sight), reason, cancelled: cancelled(sight) === reason };
}

// Without the group to go back to, there is no way back to walk.
function giveUp(sight: Sight, step: Step | undefined): NewEvent | undefined {
  return isLost(sight)
    ? finish(sight, "failed", missingStable(sight), !sight.rules.isRight(sight, step))
    : undefined;
}

function begin(sight: Sight): NewEvent | undefined {
  return sight.state.index < 0 ? startPhase(sight, 0) : undefined;
}

function startPhase(sight: Sight, index: number): NewEvent | undefined {
  const { direction } = sight.state;
  const phase = route(sight.state)[index];
  return phase && { type: "rollout-phase-started", ...stageOf(sight), phase: phase.name, index, direction };
}

function raiseSize(sight: Sight): NewEvent | undefined {
  const sizes = sight.rules.raise(sight);
  return sizes && { type: "rollout-size-raised", ...stageOf(sight), ...sizes };
}

function noteMet(sight: Sight, step: Step | undefined): NewEvent | undefined {
  const { state, phase } = sight;
  if (!phase || (state.met === !step && !isMore(sight))) return undefined;
  return step
    ? { type: "rollout-phase-lost", ...stageOf(sight), phase: phase.name, reason: shortfall(sight, step) }
    : { type: "rollout-phase-reached", ...stageOf(sight), phase: phase.name };
}

// Met already, and now with more instances than have been counted on: stable was scaled up meanwhile.
function isMore(sight: Sight): boolean {
  const { state } = sight;
  const counted = (wanted: number): number => need(wanted, state.planned.rollout.minHealthy);
  const more =
    counted(wantedCandidate(sight)) > state.proved || counted(wantedBaseline(sight)) > state.baselineProved;
  return state.met && state.direction === "forward" && more;
}

function late(sight: Sight, step: Step | undefined): NewEvent | undefined {
  const { state, phase } = sight;
  if (!sight.rules.isLate(sight)) return undefined;
  const reason = lateness(sight, step);
  if (state.direction === "forward" && phase?.after === "back") return turned(sight, reason);
  return finish(sight, "failed", reason, !sight.rules.isRight(sight, step));
}

function advance(sight: Sight): NewEvent | undefined {
  const { state, phase, now } = sight;
  if (!phase) return undefined;
  if (state.direction === "back")
    return state.met ? (startPhase(sight, state.index + 1) ?? arrive(sight)) : undefined;
  const undecided = pauseUndecided(sight);
  if (undecided) return undecided;
  if (!sight.rules.mayAdvance(sight)) return undefined;
  const expired = expireGate(sight);
  if (expired || !state.met) return expired;
  const skipped = state.promoted || sight.rules.isHurried(sight);
  if (!skipped && !sight.rules.isHeld(state, phase.holdMs ?? 0, now)) return undefined;
  if (!sight.rules.isPassed(sight)) return promoteOverdue(sight) ?? askGate(sight);
  if (!sight.rules.isMeasured(sight)) return undefined;
  return endBackground(sight) ?? startPhase(sight, state.index + 1) ?? arrive(sight);
}

function arrive(sight: Sight): NewEvent {
  const { turned: back } = sight.state;
  if (!back) return finish(sight, "succeeded", undefined);
  // Others have taken over; as it was it is not.
  if (sight.state.planned.before && !sight.stable) return finish(sight, "failed", missingStable(sight));
  return finish(sight, back.cancelled ? "cancelled" : "rolled-back", back.reason);
}

function heal(sight: Sight, step: Step | undefined): NewEvent | undefined {
  return sight.rules.isRight(sight, step) ? { type: "rollout-healed", ...stageOf(sight) } : undefined;
}
