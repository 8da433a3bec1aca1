import type { Event } from "../machine/events.ts";
import type { Engine } from "../ports/engine.ts";

const PAGE = 1000;

/** All events of a run; empty when there is none. */
export async function readRun(engine: Pick<Engine, "read">, run: string): Promise<readonly Event[]> {
  const events: Event[] = [];
  for (;;) {
    const page = await engine.read(run, events.length, PAGE);
    events.push(...page);
    if (page.length < PAGE) return events;
  }
}
