import type { Gate } from "../../model/gate.ts";
import { type OpenGate, phaseOf, type RolloutState } from "./state.ts";
import type { Stopwatch } from "./stopwatch.ts";
import type { Spec, Tally } from "./tally.ts";

/** A check that is open, with how it is measured and the clock that runs meanwhile. */
export interface OpenCheck {
  readonly check: OpenGate & { readonly tally: Tally };
  readonly spec: Spec;
  readonly watch: Stopwatch;
  /** Its number in the background; undefined: the gate of the phase. */
  readonly background: number | undefined;
}

const NONE: readonly OpenCheck[] = [];

/** All checks that are open and have no verdict yet: the phase's first. */
export function openChecks(state: RolloutState): readonly OpenCheck[] {
  const some = state.gate?.tally !== undefined || state.background.length > 0;
  if (!some || state.direction === "back") return NONE;
  return [...gateCheck(state), ...backgroundChecks(state)].filter(({ check }) => check.verdict === undefined);
}

function gateCheck(state: RolloutState): readonly OpenCheck[] {
  const { gate, promoted } = state;
  const spec = checkOf(phaseOf(state)?.gate);
  if (!gate?.tally || !spec || promoted) return [];
  return [{ check: { ...gate, tally: gate.tally }, spec, watch: state.open, background: undefined }];
}

function checkOf(gate: Gate | undefined): Spec | undefined {
  return gate?.kind === "check" ? { times: 1, ...gate } : undefined;
}

function backgroundChecks({ background, planned }: RolloutState): readonly OpenCheck[] {
  return background.flatMap((check, index) => {
    const spec = planned.rollout.background?.[index];
    return check && spec ? [{ check, spec, watch: check.open, background: index }] : [];
  });
}

/** The open check that a measurement belongs to; undefined: it comes too late, or a second time. */
export function openCheckOf(
  state: RolloutState,
  gate: string,
  isOwn: (check: OpenGate, gate: string, measurement: number) => boolean,
  measurement: number,
): OpenCheck | undefined {
  return openChecks(state).find(({ check }) => isOwn(check, gate, measurement));
}
