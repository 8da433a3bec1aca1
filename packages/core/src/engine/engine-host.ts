import type { Event } from "../machine/events.ts";
import type { EngineHost } from "../ports/engine.ts";
import { isOfRun } from "./admissions.ts";
import type { DeliveryParts } from "./delivery-parts.ts";

/** What an engine calls back, and whom it reaches: first what decides, then who only listens. */
export function engineHost({
  clock,
  logger,
  journal,
  effects,
  admissions,
  hub,
  listeners,
  switches,
}: DeliveryParts): EngineHost {
  const wake = async (run: string): Promise<void> => {
    if (!(await admissions.due(run))) await journal.insist(run, {});
  };
  return {
    clock,
    logger,
    dispatch: (effect) => effects.dispatch(effect),
    granted(permit) {
      if (!isOfRun(permit)) return effects.granted(permit);
      const { run } = permit;
      admissions
        .granted(run)
        .catch((error: unknown) => logger.error({ run, error }, "a run could not be admitted"));
    },
    due(run) {
      wake(run).catch((error: unknown) => logger.error({ run, error }, "a timer could not be handled"));
    },
    committed(events) {
      journal.committed(events);
      for (const [run, isOver] of runsOf(events)) {
        effects.wake(run);
        hub.notify(run, isOver);
      }
      for (const event of events) {
        switches.notice(event);
        listeners.tell(event);
      }
    },
  };
}

// Nearly always one: a commit is of one run.
function runsOf(events: readonly Event[]): ReadonlyMap<string, boolean> {
  const runs = new Map<string, boolean>();
  for (const { run, type } of events) runs.set(run, type === "run-finished" || runs.get(run) === true);
  return runs;
}
