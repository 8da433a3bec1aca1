import type { Call, Calls, Selection } from "../api/calls.ts";
import { ApiFailure, isAnswer, NoAnswer } from "../api/failure.ts";
import type { Resource } from "../api/resource.ts";
import type { KubernetesObject } from "../objects/objects.ts";
import { pause } from "../pause.ts";
import type { Shelf } from "./shelf.ts";

/** What is followed. */
export interface Followed<T extends KubernetesObject> {
  readonly resource: Resource;
  readonly selection: Selection;
  readonly shelf: Shelf<T>;
  readonly changed: () => void;
}

/** How a watch is kept up. */
export interface WatchRules {
  /** Silence, in milliseconds, after which a watch counts as broken. */
  readonly idleMs: number;
  /** Seconds after which the server ends a watch that is well. */
  readonly lastsSeconds: number;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;
/** So many failures in a row are told; whoever watches decides what to do. */
const FAILURES = 4;

/**
 * Keeps a shelf up to date until the signal aborts: a list, then a watch from there, resumed where it ended; a list again
 * when that version is too old. `listed` is called after the first list. Rejects when the server cannot be reached time
 * and again, or refuses.
 */
export async function follow<T extends KubernetesObject>(
  calls: Calls,
  { resource, selection, shelf, changed }: Followed<T>,
  { idleMs, lastsSeconds }: WatchRules,
  listed: () => void,
  signal: AbortSignal,
): Promise<void> {
  const call: Call = { signal, wrote: false };
  let fresh = false;
  for (let failures = 0; !signal.aborted;) {
    try {
      if (!fresh) await list();
      fresh = true;
      for await (const { type, object } of calls.watch(resource, selection, shelf.at ?? "0", {
        signal,
        idleMs,
        // Not all at once.
        lastsSeconds: Math.round(lastsSeconds * (1 + Math.random())),
      })) {
        failures = 0;
        if (type === "ERROR")
          throw new ApiFailure(object.code ?? 500, "", object.message ?? "the watch failed");
        if (shelf.apply(type, object as unknown as T)) changed();
      }
    } catch (error) {
      if (signal.aborted) return;
      if (isAnswer(error, 410)) fresh = false;
      else if (error instanceof ApiFailure && error.status < 500 && error.status !== 429) throw error;
      failures++;
      if (failures >= FAILURES) throw error instanceof Error ? unanswered(error) : error;
      await pause(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures) * (0.5 + Math.random()), signal);
    }
  }

  async function list(): Promise<void> {
    const { items, resourceVersion } = await calls.list<T>(resource, selection, call);
    if (shelf.replace(items, resourceVersion)) changed();
    listed();
  }
}

function unanswered(error: Error): Error {
  return error instanceof ApiFailure || error instanceof NoAnswer
    ? error
    : new NoAnswer(`the watch broke: ${error.message}`, false, error);
}
