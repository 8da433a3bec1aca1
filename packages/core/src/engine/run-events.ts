import type { Event } from "../machine/events.ts";
import { checkFrom, follow } from "./event-stream.ts";
import { unknownRun } from "./journal.ts";
import type { RunAccess } from "./run-access.ts";

const PAGE = 500;

/** Events of one run: history first, then live, until the run is over. */
export function runEvents(
  id: string,
  { ready, journal, engine, hub }: RunAccess,
  { from = 0, signal }: { readonly from?: number; readonly signal?: AbortSignal } = {},
): AsyncIterable<Event> {
  // A run that was removed has no end to wait for.
  const read = async (seq: number, limit: number): Promise<readonly Event[]> => {
    const page = await engine.read(id, seq, limit);
    if (page.length === 0 && !(await journal.state(id))) throw unknownRun(id);
    return page;
  };
  return follow(read, hub, {
    topic: `run ${id}`,
    from: checkFrom(from),
    ready,
    position: (event) => event.seq,
    last: (event) => event.type === "run-finished" && endsWith(event, engine),
    ...(signal && { signal }),
  });
}

// A run that was retried goes on after its end.
async function endsWith({ run, seq }: Event, engine: RunAccess["engine"]): Promise<boolean> {
  for (let from = seq + 1; ; from += PAGE) {
    const page = await engine.read(run, from, PAGE);
    if (page.some(({ type }) => type === "run-retried")) return false;
    if (page.length < PAGE) return true;
  }
}
