import { cancelOf, whyCancelled } from "../machine/run/cancel.ts";
import { plannedStage } from "../machine/run/planned.ts";
import { isOver, type RunState, type StageState } from "../machine/run/state.ts";
import type { PlannedStage } from "../model/plan.ts";
import type { Attempt } from "./attempt.ts";
import { sleep } from "./sleep.ts";
import { Cancelled } from "./cancelled.ts";
import { record, type Surroundings } from "./surroundings.ts";

/** Where a stage stands whose attempt may begin. */
export interface Beginning {
  readonly state: RunState;
  readonly stage: StageState;
}

/**
 * Waits until an attempt may begin: not while its run is paused, not before its next try is due. Undefined: it need not
 * begin at all, because its stage is over, or was interrupted in a run that is cancelled.
 */
export async function begin(attempt: Attempt, using: Surroundings): Promise<Beginning | undefined> {
  const { effect, bell } = attempt;
  const { journal, clock } = using;
  for (;;) {
    const state = journal.peek(effect.run) ?? (await journal.state(effect.run));
    const stage = state?.stages[effect.id];
    if (!state || !stage || (isOver(stage) && !stage.rollout?.watching)) return undefined;
    if (stage.rollout) return { state, stage };
    const planned = plannedStage(state, effect.id);
    const cancel = planned && isCode(planned) ? cancelOf(state, planned, stage) : undefined;
    if (cancel && stage.status === "running") {
      const why = whyCancelled(cancel);
      await record(using, effect, [{ type: "stage-cancelled", at: clock.now(), stage: effect.id, ...why }]);
      return undefined;
    }
    if (attempt.stopped && !(attempt.stopped instanceof Cancelled)) throw attempt.stopped;
    const early = (stage.retryAt ?? 0) - clock.now();
    if (state.pausedAt !== undefined) await bell.wait(attempt.signal);
    else if (early > 0) await sleep(clock, early, attempt.signal);
    else return { state, stage };
  }
}

/** Whether a stage that is cancelled comes to its end without its code: the user's own, an operation, or a run below. */
export function needsNoCode(state: RunState, stage: string): boolean {
  const kind = plannedStage(state, stage)?.kind;
  return kind === "effect" || kind === "operation" || kind === "pipeline";
}

function isCode({ kind }: PlannedStage): boolean {
  return kind === "effect" || kind === "operation";
}
