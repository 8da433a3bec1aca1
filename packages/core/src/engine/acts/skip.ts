import { ConfigurationError, ConflictError } from "../../errors.ts";
import type { NewEvent } from "../../machine/events.ts";
import { plannedStage } from "../../machine/run/planned.ts";
import { isOver, type RunState, type StageState } from "../../machine/run/state.ts";
import type { Act, Saying } from "./act.ts";
import { findStage } from "../find-stage.ts";

/**
 * Passes a stage by; nothing, when it was passed by before.
 *
 * @throws ConfigurationError when its pipeline does not say that it may be
 * @throws ConflictError when it is over, or has begun to change something
 */
export function skipStage(state: RunState, name: string, act: Act, say: Saying): readonly NewEvent[] {
  const stage = findStage(state, name);
  if (!plannedStage(state, name)?.skippable)
    throw new ConfigurationError(`run ${state.run}`, [
      `stage ${JSON.stringify(name)} may not be skipped: its pipeline does not say { skippable: true }`,
    ]);
  if (stage.bypassed) return [];
  checkUntouched(state, name, stage);
  const { reason = `skipped by ${act.actor ?? "an unnamed actor"}`, ...said } = say(act);
  return [{ type: "stage-bypassed", ...said, stage: name, by: "operator", reason }];
}

// Only what has changed nothing yet, or is no matter of ours, can be passed by.
function checkUntouched({ run, outcome }: RunState, name: string, stage: StageState): void {
  const at = `run ${run}: stage ${JSON.stringify(name)}`;
  if (isOver(stage) || outcome !== undefined)
    throw new ConflictError(`${at} is ${stage.status}: there is nothing to skip`);
  if (stage.rollout)
    throw new ConflictError(
      `${at} has begun to change ${stage.rollout.planned.cluster.name}: cancel the run instead`,
    );
  if (stage.child !== undefined)
    throw new ConflictError(`${at} waits for run ${stage.child}: cancel that run instead`);
}
