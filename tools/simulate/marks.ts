import type { Event, PlannedStage } from "@gennaker/core/ports";
import type { SimulatedPipeline, SimulatedRun } from "@gennaker/testkit";

/** What came to pass in a simulation: `stage-held`, `undo succeeded`, `run-cancel-requested (superseded)` … */
export function marksOf(told: SimulatedPipeline): readonly string[] {
  return [...new Set([told, ...told.beside, ...told.below].flatMap(marksOfRun))].toSorted();
}

function marksOfRun({ events }: SimulatedRun): readonly string[] {
  const plan = events.flatMap((event): readonly PlannedStage[] => {
    if (event.type === "run-started") return event.plan.stages;
    return event.type === "plan-expanded" ? event.stages : [];
  });
  return events.flatMap((event) => [markOf(event), ...endOf(event, plan)]);
}

function markOf(event: Event): string {
  const superseded = "supersededBy" in event && event.supersededBy !== undefined;
  return superseded ? `${event.type} (superseded)` : event.type;
}

function endOf(event: Event, plan: readonly PlannedStage[]): readonly string[] {
  const end = /^stage-(succeeded|failed)$/.exec(event.type)?.[1];
  if (end === undefined || !("stage" in event)) return [];
  return plan.filter(({ name }) => name === event.stage).map(({ type }) => `${type} ${end}`);
}
