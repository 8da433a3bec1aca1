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
  const found: Deployment[] = [];
  // A stage that is retried rolls out once more: each of its rounds counts.
  const newest = new Map<string, number>();
  for (const event of events) {
    if (event.type === "rollout-planned") newest.set(event.stage, found.push(begun(event, committedAt)) - 1);
    const at = "stage" in event ? newest.get(event.stage) : undefined;
    const before = at === undefined ? undefined : found[at];
    if (at !== undefined && before) found[at] = evolve(before, event);
  }
  return found;
}

function begun(
  { run, stage, cluster, strategy, revives, at }: Event<"rollout-planned">,
  committedAt: number | undefined,
): Deployment {
  return {
    run,
    stage,
    cluster: clusterId(cluster),
    application: applicationOf(cluster),
    undo: strategy === UNDO || revives !== undefined,
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
