import type { Json } from "../../model/json.ts";
import { itemStages } from "../../model/items.ts";
import type { PlannedStage } from "../../model/plan.ts";
import type { NewEvent } from "../events.ts";
import type { RunState, StageState } from "./state.ts";

/** What follows when an `expand` stage knows its list: the stages that are made of it. */
export function expand(planned: PlannedStage, { input }: StageState, at: number): readonly NewEvent[] {
  const { name } = planned;
  const { items } = input as { readonly items: readonly Json[] };
  return [
    { type: "plan-expanded", at, stage: name, stages: itemStages(planned, items) },
    { type: "stage-succeeded", at, stage: name, output: items },
  ];
}

/**
 * The state with the stages of a list in it. Whatever comes after the stage that found the list, comes after them as
 * well. When the list is another one than before a retry, what is no longer in it is passed by.
 */
export function growPlan(state: RunState, stage: string, added: readonly PlannedStage[]): RunState {
  const names = added.map(({ name }) => name);
  const known = state.plan.stages.filter(({ of }) => of === stage).map(({ name }) => name);
  const isNew = ({ name }: PlannedStage): boolean => !Object.hasOwn(state.stages, name);
  const plan = {
    ...state.plan,
    stages: state.plan.stages.flatMap((planned) => {
      const grown = comesAfter(planned, stage, names);
      return planned.name === stage ? [grown, ...added.filter(isNew)] : [grown];
    }),
  };
  const stages: Record<string, StageState> = { ...state.stages };
  for (const planned of added.filter(isNew)) stages[planned.name] = { status: "pending", attempt: 0 };
  for (const name of known)
    if (!names.includes(name) && stages[name]?.status === "pending")
      stages[name] = {
        ...stages[name],
        status: "skipped",
        bypassed: "list",
        reason: "no longer in the list",
      };
  return { ...state, plan, stages };
}

function comesAfter(planned: PlannedStage, stage: string, names: readonly string[]): PlannedStage {
  if (planned.of === stage) return planned;
  const extend = (list: readonly string[]): readonly string[] => [...new Set([...list, ...names])];
  const after = planned.after.includes(stage) ? extend(planned.after) : planned.after;
  const clears = planned.clears?.includes(stage) ? extend(planned.clears) : planned.clears;
  if (after === planned.after && clears === planned.clears) return planned;
  return { ...planned, after, ...(clears && { clears }) };
}
