import { ConflictError } from "../../errors.ts";
import type { NewEvent } from "../../machine/events.ts";
import type { RolloutState } from "../../machine/rollout/state.ts";
import type { RunState } from "../../machine/run/state.ts";
import type { Phase } from "../../model/phase.ts";
import type { Act, Saying } from "./act.ts";
import { findStage } from "../find-stage.ts";

/** @throws ConflictError when the stage has no rollout on its way forward */
export function promoteRollout(
  state: RunState,
  stage: string,
  { full = false, ...act }: Act & { readonly full?: boolean },
  say: Saying,
): readonly NewEvent[] {
  const { rollout } = findStage(state, stage);
  const phase = rollout && phaseForward(rollout);
  if (!phase)
    throw new ConflictError(
      `run ${state.run}: stage ${JSON.stringify(stage)} has no rollout on its way forward`,
    );
  if (!full) return [{ type: "rollout-phase-promoted", ...say(act), stage, phase: phase.name }];
  return rollout?.promotedFully ? [] : [{ type: "rollout-promoted-fully", ...say(act), stage }];
}

function phaseForward({ outcome, direction, planned, index }: RolloutState): Phase | undefined {
  return outcome === undefined && direction === "forward" ? planned.rollout.phases[index] : undefined;
}
