import type { Event, NewEvent } from "../machine/events.ts";

/** An event as it is in the log: where it stands in its run and among all runs. */
export function logEvent(event: NewEvent, run: string, seq: number, offset: number): Event {
  return { ...event, id: `${run}/${seq}`, run, seq, offset };
}
