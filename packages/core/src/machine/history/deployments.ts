import { applicationOf, clusterId } from "../../model/cluster.ts";
import type { Event, Outcome } from "../events.ts";

/** One rollout of a finished or running run, as reports see it: references, and instants in milliseconds since 1970. */
export interface Deployment {
  readonly run: string;
  readonly stage: string;
  readonly cluster: string;
  readonly application: string;
  /** It brought an older group back. */
  readonly undo: boolean;
  readonly startedAt: number;
  readonly finishedAt?: number;
  readonly outcome?: Outcome;
  /** When it began to take its way back. */
  readonly turnedBackAt?: number;
  /** When a failed one could put things right after all. */
  readonly healedAt?: number;
  /** When what it brought was committed, if the run's input says so. */
  readonly committedAt?: number;
}

const UNDO = "undo";

/** The rollouts of one run, from its events in order. */
export function deploymentsIn(events: readonly Event[], committedAt?: number): readonly Deployment[] {
  const found = new Map<string, Deployment>();
  for (const event of events) {
    if (event.type === "rollout-planned") found.set(event.stage, begun(event, committedAt));
    const before = "stage" in event ? found.get(event.stage) : undefined;
    if (before) found.set(before.stage, evolve(before, event));
  }
  return [...found.values()];
}

function begun(
  { run, stage, cluster, strategy, at }: Event<"rollout-planned">,
  committedAt: number | undefined,
): Deployment {
  return {
    run,
    stage,
    cluster: clusterId(cluster),
    application: applicationOf(cluster),
    undo: strategy === UNDO,
    startedAt: at,
    ...(committedAt !== undefined && { committedAt }),
  };
}

function evolve(deployment: Deployment, event: Event): Deployment {
  if (event.type === "rollout-turned-back")
    return { ...deployment, turnedBackAt: deployment.turnedBackAt ?? event.at };
  if (event.type === "rollout-finished")
    return { ...deployment, finishedAt: event.at, outcome: event.outcome };
  return event.type === "rollout-healed" ? { ...deployment, healedAt: event.at } : deployment;
}
