import type { RecordedError } from "../machine/events.ts";
import type { Trigger, TriggeredStart } from "../ports/trigger.ts";
import { Bell } from "./bell.ts";

/** A start that was asked for by hand. */
export type AskedStart = Pick<TriggeredStart, "pipeline" | "input" | "dedupeId" | "actor">;

/** How a start that was asked for ended. */
export type StartEnd = { readonly run: string } | { readonly refused: RecordedError };

/** A trigger that is fired by hand. */
export interface MemoryTrigger extends Trigger {
  /** Asks for a start; resolves when it was acknowledged or refused. What is not yet is yielded again by each new iteration. */
  fire(start: AskedStart): Promise<StartEnd>;
}

/** Starts runs when it is told to, in memory: for tests, and for programs that have their own source of starts. */
export function memoryTrigger(name: string = "memory"): MemoryTrigger {
  const waiting = new Map<string, TriggeredStart>();
  const bell = new Bell();
  return {
    name,
    fire(start) {
      const { promise, resolve } = Promise.withResolvers<StartEnd>();
      const end = (how: StartEnd): void => {
        waiting.delete(start.dedupeId);
        resolve(how);
      };
      waiting.set(start.dedupeId, {
        ...start,
        acknowledge: (run) => end({ run }),
        refuse: (refused) => end({ refused }),
      });
      bell.ring();
      return promise;
    },
    async *starts({ signal }) {
      const yielded = new Set<TriggeredStart>();
      while (!signal.aborted) {
        const next = [...waiting.values()].find((start) => !yielded.has(start));
        if (!next) {
          await bell.wait(signal);
          continue;
        }
        yielded.add(next);
        yield next;
      }
    },
  };
}
