import type { PlannedStage } from "../../model/plan.ts";
import type { NewEvent, Outcome } from "../events.ts";
import { cancelOfRun } from "./cancel.ts";
import { leftBehind } from "./left.ts";
import { counts } from "./planned.ts";
import { isOver, type RunState, type StageState } from "./state.ts";

/** The end of a run, once all of its stages are over. */
export function finish(state: RunState, at: number): readonly NewEvent[] {
  const { stages } = state;
  for (const name in stages) if (!isOver(stages[name]!)) return [];
  const outcome = outcomeOf(state);
  const reason = outcome === "succeeded" ? undefined : reasonOf(state);
  const left = state.plan.stages.flatMap((planned) => leftBehind(planned, stages[planned.name]));
  const supersededBy = outcome === "cancelled" ? cancelOfRun(state)?.supersededBy : undefined;
  return [
    {
      type: "run-finished",
      at,
      outcome,
      ...(reason !== undefined && { reason }),
      ...(left.length > 0 && { left }),
      ...(supersededBy && { supersededBy }),
    },
  ];
}

/**
 * The one rule of how a run ends; the table is in docs/guide/pipelines.md. `failed`, if something failed and was not
 * undone; else `rolled-back`, if something failed; else `cancelled`, if something was stopped; else `succeeded`.
 */
function outcomeOf(state: RunState): Outcome {
  let failed = false;
  let undone = true;
  let stopped = false;
  for (const planned of state.plan.stages) {
    const stage = state.stages[planned.name];
    if (!stage) continue;
    if (counts(planned, stage)) {
      failed = true;
      undone &&= isUndone(state, planned, stage);
    } else if (stage.status === "cancelled" || isLeftOut(planned, stage)) stopped = true;
  }
  if (failed) return undone ? "rolled-back" : "failed";
  if (state.timedOut !== undefined) return "failed";
  return stopped ? "cancelled" : "succeeded";
}

// What would have cleared up, and need not, was not stopped by anybody.
function isLeftOut({ role }: PlannedStage, { status, bypassed }: StageState): boolean {
  return status === "skipped" && bypassed === undefined && role !== "on-failure";
}

// A rollout that could not undo itself is undone only by what was made for it.
function isUndone(state: RunState, planned: PlannedStage, { rolledBack }: StageState): boolean {
  if (rolledBack === true) return true;
  if (planned.role !== undefined) return false;
  return state.plan.stages.some(
    (other) => state.stages[other.name]?.status === "succeeded" && undoesFailureOf(other, planned),
  );
}

function undoesFailureOf({ undoes, clears }: PlannedStage, { name, kind }: PlannedStage): boolean {
  if (undoes === undefined) return false;
  if (undoes !== true) return undoes.includes(name);
  return clears === undefined ? kind !== "rollout" : clears.includes(name);
}

function reasonOf(state: RunState): string | undefined {
  for (const planned of state.plan.stages) {
    const stage = state.stages[planned.name];
    if (stage && counts(planned, stage)) return `${planned.name}: ${stage.error?.message ?? ""}`;
  }
  return state.timedOut ?? cancelOfRun(state)?.reason;
}
