// When checks are opened, measured and closed.
import type { Json } from "../../model/json.ts";
import type { NewEvent } from "../events.ts";
import { type OpenCheck, openChecks } from "./open-check.ts";
import type { Sight } from "./sight.ts";
import { isStill, type RolloutState, route } from "./state.ts";
import { elapsed, instantOf } from "./stopwatch.ts";
import { dueMs, explain } from "./tally.ts";

/** A measurement that is due: to be made once, and begun again only after a crash. */
export interface Measurement {
  readonly gate: string;
  readonly measurement: number;
  readonly check: string;
  readonly input?: Json;
  readonly timeoutMs: number;
  readonly openedAt: number;
}

const TIMEOUT_MS = 600_000;

/** Whether measurements may begin at all: never while the rollout stands still, and a gate's only while its want is met. */
export function mayMeasure({ state }: Sight, { background }: OpenCheck): boolean {
  return !isStill(state) && (background !== undefined || state.met);
}

/** The measurements that are due; those of a moment ago are among them until they are recorded. */
export function dueMeasurements(sight: Sight): readonly Measurement[] {
  const { state, rules, candidate, now } = sight;
  if (!candidate || state.outcome !== undefined) return [];
  return openChecks(state)
    .filter((open) => rules.mayMeasure(sight, open))
    .filter(({ check, spec, watch }) => elapsed(watch, now) >= dueMs(check.tally, spec))
    .map(({ check, spec }) => ({
      gate: check.judgement,
      measurement: check.tally.measured + 1,
      check: spec.check,
      ...(spec.input !== undefined && { input: spec.input }),
      timeoutMs: spec.timeoutMs ?? TIMEOUT_MS,
      openedAt: check.tally.openedAt,
    }));
}

/** When the next measurements become due. */
export function measuringInstants(state: RolloutState): readonly (number | undefined)[] {
  return openChecks(state).map(({ check, spec, watch }) => instantOf(watch, dueMs(check.tally, spec)));
}

/** Opens the next check in the background whose time has come. */
export function openBackground({
  state,
  candidate,
  phase,
  now,
}: Sight): NewEvent<"check-opened"> | undefined {
  if (phase?.after !== "back" || isStill(state) || state.promotedFully || !candidate) return undefined;
  const all = state.planned.rollout.background;
  if (!all) return undefined;
  const index = all.findIndex(
    ({ from }, at) => !state.background[at] && (from === "start" || candidate.share > 0),
  );
  const next = all[index];
  if (!next) return undefined;
  const { stage } = state.planned;
  return {
    type: "check-opened",
    at: now,
    stage,
    gate: `${stage}/background/${state.asked + 1}`,
    check: next.check,
    ...(next.input !== undefined && { input: next.input }),
    background: index,
  };
}

/** Says what a check came to, once its limits are exceeded or all is measured. */
export function closeCheck({ state, rules, now }: Sight): NewEvent<"check-closed"> | undefined {
  for (const open of openChecks(state)) {
    const verdict = rules.verdictOf(open.check.tally, open.spec);
    if (verdict) return closed(state, open, verdict, now);
  }
  return undefined;
}

/** Whether the next step is past the point of no return, or past the end. */
function isAtBrink(state: RolloutState): boolean {
  return state.direction === "forward" && route(state)[state.index + 1]?.after !== "back";
}

/** Whether every check in the background has been measured, before there is no way back any more. */
export function isMeasured({ state, phase }: Sight): boolean {
  const all = state.planned.rollout.background ?? [];
  const asks = all.length > 0 && !state.promotedFully && phase?.after === "back" && isAtBrink(state);
  if (!asks) return true;
  return all.every((_, index) => (state.background[index]?.tally.done ?? 0) > 0);
}

/** At the point of no return, checks in the background have passed. */
export function endBackground({ state, now }: Sight): NewEvent<"check-closed"> | undefined {
  if (!isAtBrink(state)) return undefined;
  const open = openChecks(state).find(({ background }) => background !== undefined);
  return open && closed(state, open, "pass", now);
}

function closed(
  state: RolloutState,
  { check, spec }: OpenCheck,
  verdict: NewEvent<"check-closed">["verdict"],
  at: number,
): NewEvent<"check-closed"> {
  const reason = explain(check.tally, spec, verdict);
  return { type: "check-closed", at, stage: state.planned.stage, gate: check.judgement, verdict, reason };
}
