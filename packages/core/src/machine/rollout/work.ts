import type { NewEvent } from "../events.ts";

/** A name for the work of a rollout that is another one when its stage is retried by a person: `prod`, then `prod~2`. */
export function workOf({ stage, round }: Pick<NewEvent<"rollout-planned">, "stage" | "round">): string {
  return round === undefined ? stage : `${stage}~${round}`;
}
