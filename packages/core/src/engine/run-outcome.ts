import { ConflictError } from "../errors.ts";
import type { Outcome } from "../machine/events.ts";
import { unknownRun } from "./journal.ts";
import type { RunAccess } from "./run-access.ts";

/** How a run ends; waits for it. */
export async function runOutcome(
  id: string,
  { ready, journal, hub }: RunAccess,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<Outcome> {
  await ready();
  const topic = `end of ${id}` as const;
  const bell = hub.listen(topic);
  try {
    for (;;) {
      signal?.throwIfAborted();
      const state = await journal.state(id);
      if (!state) throw unknownRun(id);
      if (state.outcome !== undefined) return state.outcome;
      signal?.throwIfAborted();
      if (hub.closed) throw closedBefore(id);
      await hub.wait(bell, signal);
    }
  } finally {
    hub.leave(topic, bell);
  }
}

function closedBefore(id: string): ConflictError {
  return new ConflictError(
    `run ${id}: the delivery was closed before the run was over; it goes on when its log is opened again`,
  );
}
