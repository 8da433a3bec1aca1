import { hasPassed, plannedStage } from "./planned.ts";
import { isActive, isOver, type RunState } from "./state.ts";

/** What a retry from a stage would do: which stages stand at their beginning again, or why it cannot be done. */
export type RetryPlan = { readonly stages: readonly string[] } | { readonly refusal: string };

/**
 * A retry carries out anew: the stage, all that comes after it, whatever else of the ordinary course did not end well
 * enough for the run to go on, and all that clears up. Empty: it was retried already and goes on.
 */
export function planRetry(state: RunState, from: string): RetryPlan {
  const at = `stage ${JSON.stringify(from)}`;
  const stage = state.stages[from];
  if (!stage || plannedStage(state, from)?.role !== undefined)
    return { refusal: `${at} clears up after others: retry from a stage of the ordinary course` };
  const over = state.outcome !== undefined;
  if (!over && !isOver(stage) && stage.earlier) return { stages: [] };
  if (!over && stage.status !== "failed") return { refusal: `${at} is ${stage.status}, and its run goes on` };
  if (!over && (state.cancel || state.timedOut !== undefined))
    return { refusal: "the run is being stopped; wait until it is over" };
  const again = withFollowers(state, new Set([from, ...standing(state)]));
  const busy = [...again].find((name) => isActive(state.stages[name]!));
  if (busy !== undefined)
    return {
      refusal: `stage ${JSON.stringify(busy)} is ${state.stages[busy]!.status}; wait until it is over`,
    };
  const stages = state.plan.stages.map(({ name }) => name);
  // What was held by its windows may have to wait for more than them again.
  const stands = (name: string): boolean => {
    const { status, held, unbound } = state.stages[name]!;
    return status !== "pending" || held !== undefined || unbound === true;
  };
  return { stages: stages.filter((name) => again.has(name) && stands(name)) };
}

// What stands in the way of what comes after it, and what will have to clear up once more.
function standing(state: RunState): readonly string[] {
  return state.plan.stages
    .filter((planned) => {
      const stage = state.stages[planned.name]!;
      if (planned.role !== undefined) return stage.status !== "pending";
      return isOver(stage) && !hasPassed(planned, stage);
    })
    .map(({ name }) => name);
}

function withFollowers(state: RunState, again: Set<string>): ReadonlySet<string> {
  for (let size = -1; size !== again.size;) {
    size = again.size;
    for (const { name, after } of state.plan.stages)
      if (after.some((upstream) => again.has(upstream))) again.add(name);
  }
  return again;
}
