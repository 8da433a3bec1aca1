import type { PermitRequest } from "../../ports/engine.ts";
import type { RunAdmission } from "../events.ts";
import type { RunState } from "./state.ts";

/** Who holds the place of a run among those of its pipeline: no stage is called so. */
export const RUN_HOLDER = "";

/** Whether a run may begin its stages: it has its place, or needs none. */
export function isAdmitted({ admission, admitted }: RunState): boolean {
  return admission === undefined || admitted === true;
}

/** Whether it is not yet recorded where a run stands: it was started a moment ago, or its process died then. */
export function awaitsAdmission(state: RunState): boolean {
  return !isAdmitted(state) && state.outcome === undefined && state.position === undefined;
}

/** The place that a run asks for. */
export function permitOfRun({ permit, limit, policy }: RunAdmission): PermitRequest {
  return { key: permit, limit, holder: RUN_HOLDER, ...(policy === "reject" && { onlyIfFree: true }) };
}
