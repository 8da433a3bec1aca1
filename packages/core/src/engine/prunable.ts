import type { Event } from "../machine/events.ts";
import type { IssuedEffect, RunStatus } from "../ports/engine.ts";

const FINISHED: ReadonlySet<RunStatus> = new Set(["succeeded", "rolled-back", "cancelled", "failed"]);

/** Whether a status is an end. */
export function isFinished(status: RunStatus): boolean {
  return FINISHED.has(status);
}

/** Whether a run may be removed: it is over, nobody works for it any more, and all of it was read. */
export function isPrunable(
  status: RunStatus,
  effects: readonly IssuedEffect[],
  newest: Pick<Event, "offset"> | undefined,
  upTo: number,
): boolean {
  return isFinished(status) && effects.length === 0 && (newest?.offset ?? 0) <= upTo;
}
