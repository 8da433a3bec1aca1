import { ConflictError } from "../../errors.ts";
import type { NewEvent } from "../../machine/events.ts";
import { planRetry } from "../../machine/run/retry.ts";
import type { RunState } from "../../machine/run/state.ts";
import type { Act, Saying } from "./act.ts";
import { findStage } from "../find-stage.ts";

/**
 * Has a stage carried out anew, and what comes after it; nothing, when it was retried before and goes on.
 *
 * @throws ConflictError when it cannot be retried; it says why
 */
export function retryRun(state: RunState, stage: string, act: Act, say: Saying): readonly NewEvent[] {
  findStage(state, stage);
  const retry = planRetry(state, stage);
  if ("refusal" in retry)
    throw new ConflictError(
      `run ${state.run} cannot be retried from stage ${JSON.stringify(stage)}: ${retry.refusal}`,
    );
  const { stages } = retry;
  return stages.length === 0 ? [] : [{ type: "run-retried", ...say(act), from: stage, stages }];
}
