import type { PlannedStage } from "../../model/plan.ts";
import { isAdmitted } from "./admission.ts";
import { cancelOfRun } from "./cancel.ts";
import type { Course } from "./course.ts";
import { hasPassed, isShielded, plannedStage, policyOf } from "./planned.ts";
import { isOver, type RunState } from "./state.ts";

/** What is to become of a stage that has not begun: it waits, it may begin, or (with the reason) it never will. */
export type Admission = "waits" | "ready" | { readonly skip: string };

/** Decides about a stage that has not begun. */
export function admissionOf(state: RunState, planned: PlannedStage, course: Course): Admission {
  // What never began has nothing to clear up.
  if (state.cancel && !isAdmitted(state)) return { skip: state.cancel.reason };
  if (planned.role === undefined) return course.halted ? { skip: haltReason(state) } : joined(state, planned);
  if (!isShielded(state, planned)) return { skip: state.cancel?.reason ?? "" };
  if (planned.role === "finally") return course.clearedUp ? joined(state, planned) : "waits";
  return clearing(state, planned, course);
}

/** Why nothing ordinary begins any more. */
function haltReason(state: RunState): string {
  if (state.cancel) return state.cancel.reason;
  if (state.timedOut !== undefined) return state.timedOut;
  const blame = state.plan.stages.find((planned) => {
    const status = state.stages[planned.name]?.status;
    return planned.role === undefined && status === "failed" && policyOf(planned) === "fail-run";
  });
  return blame ? didNotSucceed(blame.name) : (cancelOfRun(state)?.reason ?? "");
}

function didNotSucceed(stage: string): string {
  return `stage ${JSON.stringify(stage)} did not succeed`;
}

// Ready when all that it comes after is over, well enough for its join.
function joined(state: RunState, { after, join = "all" }: PlannedStage): Admission {
  let passed = 0;
  let stopped: string | undefined;
  let open = false;
  for (const name of after) {
    const stage = state.stages[name];
    if (!stage) continue;
    if (stage.status === "succeeded") passed += 1;
    else if (!isOver(stage)) open = true;
    else if (passes(state, name)) passed += 1;
    else stopped ??= name;
  }
  if (stopped !== undefined && join === "all") return { skip: didNotSucceed(stopped) };
  if (open) return "waits";
  return stopped !== undefined && join === "any" && passed === 0 ? { skip: didNotSucceed(stopped) } : "ready";
}

function passes(state: RunState, name: string): boolean {
  const planned = plannedStage(state, name);
  const stage = state.stages[name];
  return planned !== undefined && stage !== undefined && hasPassed(planned, stage);
}

// What clears up after named stages need not wait for the others.
function clearing(state: RunState, planned: PlannedStage, course: Course): Admission {
  const { clears, onCancel } = planned;
  if (clears === undefined) {
    if (!course.ordinaryOver) return "waits";
    const cancelled = onCancel === true && (state.cancel !== undefined || course.superseded);
    return course.failed || cancelled ? joined(state, planned) : { skip: "nothing failed" };
  }
  const stages = clears.flatMap((name) => state.stages[name] ?? []);
  if (!stages.every(isOver)) return "waits";
  const wanted = stages.some(({ status }) => status === "failed" || (onCancel && status === "cancelled"));
  return wanted ? joined(state, planned) : { skip: `${clears.join(", ")}: nothing failed` };
}
