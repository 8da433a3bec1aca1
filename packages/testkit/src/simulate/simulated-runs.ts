import type { Event } from "@gennaker/core/ports";
import type { SimulatedRun } from "./pipeline-simulation.ts";
import type { SimulationState } from "./simulation-state.ts";

/** The runs of a simulation, in the order in which they were asked for. */
export function simulatedRuns({
  events,
  runs,
}: Pick<SimulationState, "events" | "runs">): readonly SimulatedRun[] {
  const begun = [...Map.groupBy(events, ({ run }) => run)].map(([run, ownEvents]) => runOf(run, ownEvents));
  return runs.map(
    ({ key, pipeline }) =>
      begun.find(({ events: [first] }) => first?.type === "run-started" && first.idempotencyKey === key) ?? {
        run: key,
        pipeline: pipeline.name,
        outcome: undefined,
        reason: undefined,
        events: [],
      },
  );
}

/** The runs that stages of other runs started, in order. */
export function runsBelow({ events }: Pick<SimulationState, "events">): readonly SimulatedRun[] {
  return [...Map.groupBy(events, ({ run }) => run)]
    .filter(([, [first]]) => first?.type === "run-started" && first.parent !== undefined)
    .map(([run, ownEvents]) => runOf(run, ownEvents));
}

/** What is to be said of runs that never came to an end. */
export function unfinished(runs: readonly SimulatedRun[]): readonly string[] {
  return runs.flatMap(({ run, outcome, events }) =>
    outcome === undefined
      ? [`${run} is not over; its last event is ${events.at(-1)?.type}${parked(events)}`]
      : [],
  );
}

function runOf(run: string, events: readonly Event[]): SimulatedRun {
  const started = events.find((event) => event.type === "run-started");
  const last = events.findLast(({ type }) => type === "run-finished" || type === "run-retried");
  const finished = last?.type === "run-finished" ? last : undefined;
  return {
    run,
    pipeline: started?.plan.pipeline ?? "",
    outcome: finished?.outcome,
    reason: finished?.reason,
    events,
  };
}

function parked(events: readonly Event[]): string {
  const last = events.findLast((event) => event.type === "run-parked");
  return last ? ` (parked: ${last.reason})` : "";
}
