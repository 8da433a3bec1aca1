import type { FailurePolicy, PlannedStage } from "../../model/plan.ts";
import type { RunState, StageState } from "./state.ts";

/** A stage of a run's plan, by name. */
export function plannedStage({ plan }: RunState, name: string): PlannedStage | undefined {
  for (const planned of plan.stages) if (planned.name === name) return planned;
  return undefined;
}

/** What the failure of a stage means for its run. */
export function policyOf({ onFailure, role }: PlannedStage): FailurePolicy {
  return onFailure ?? (role === undefined ? "fail-run" : "continue");
}

/** Whether a graceful cancel leaves a stage alone: what clears up is part of the way back. */
export function isShielded({ cancel }: RunState, { role }: PlannedStage): boolean {
  return role !== undefined && cancel?.mode !== "forced";
}

/** Whether a stage is over in a way that lets what comes after it go on. */
export function hasPassed(planned: PlannedStage, { status, bypassed }: StageState): boolean {
  if (status === "succeeded") return true;
  if (status === "skipped") return bypassed !== undefined;
  if (status !== "failed") return false;
  const policy = policyOf(planned);
  return policy === "continue" || policy === "ignore";
}

/** Whether a stage's failure counts for how the run ends. The end of the run's own time counts always. */
export function counts(planned: PlannedStage, { status, error }: StageState): boolean {
  return status === "failed" && (policyOf(planned) !== "ignore" || error?.code === RUN_TIMEOUT);
}

/** The code of the error of a stage that was stopped because the time of its run was over. */
export const RUN_TIMEOUT = "run-timeout";
