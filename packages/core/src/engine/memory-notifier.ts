import type { Thread } from "../machine/thread/thread.ts";
import { threadText } from "../machine/thread/text.ts";
import type { Notifier, StartRefusal } from "../ports/notifier.ts";

/** A notifier that keeps what it was told. */
export interface MemoryNotifier extends Notifier {
  /** Events that were told, by id and type, in the order in which they came; each once. */
  readonly told: readonly { readonly id: string; readonly run: string; readonly type: string }[];
  /** Starts that were refused. */
  readonly refusals: readonly StartRefusal[];
  /** The one message of a run, as it stands now; undefined before the run was told of. */
  message(run: string): string | undefined;
  /** What the message of a run was made of. */
  thread(run: string): Thread | undefined;
}

/** Shows a message for each run, edited in place, in memory: for tests, and to see what a bot would show. */
export function memoryNotifier(name: string = "memory"): MemoryNotifier {
  const told: { id: string; run: string; type: string }[] = [];
  const ids = new Set<string>();
  const refusals = new Map<string, StartRefusal>();
  const threads = new Map<string, { readonly seq: number; readonly thread: Thread }>();
  return {
    name,
    told,
    get refusals() {
      return [...refusals.values()];
    },
    message: (run) => {
      const shown = threads.get(run);
      return shown && threadText(shown.thread);
    },
    thread: (run) => threads.get(run)?.thread,
    notify({ id, run, type, seq }, { thread, signal }) {
      signal.throwIfAborted();
      if (ids.has(id)) return;
      ids.add(id);
      told.push({ id, run, type });
      // What comes late must not take the message back.
      if ((threads.get(run)?.seq ?? -1) < seq) threads.set(run, { seq, thread });
    },
    refused(refusal, { dedupeId }) {
      refusals.set(dedupeId, refusal);
    },
  };
}
