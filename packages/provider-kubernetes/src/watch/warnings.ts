import type { Calls } from "../api/calls.ts";
import { EVENTS } from "../api/resource.ts";
import type { PodEvent } from "../objects/objects.ts";
import { pause } from "../pause.ts";
import type { ClusterView } from "./cluster-view.ts";
import type { WatchRules } from "./feed.ts";

const SELECTION = { fields: "involvedObject.kind=Pod,type=Warning" };
/** So many are kept; only the newest of a pod is told. */
const KEPT = 200;
const PAUSE_MS = 1000;

/**
 * Follows warnings about the pods of a cluster from now on: a reason more for people, nothing that anything depends upon.
 * Where events may not be read, or are kept elsewhere, there are none.
 */
export async function followWarnings(
  calls: Calls,
  cluster: string,
  view: ClusterView,
  { idleMs, lastsSeconds }: WatchRules,
  signal: AbortSignal,
): Promise<void> {
  let kept: readonly PodEvent[] = [];
  let at = view.pods.at ?? "0";
  while (!signal.aborted) {
    for await (const { type, object } of calls.watch(EVENTS, SELECTION, at, {
      signal,
      idleMs,
      lastsSeconds,
    })) {
      if (type === "ERROR") return;
      at = object.metadata.resourceVersion ?? at;
      const event = object as PodEvent;
      if (type === "DELETED" || !event.involvedObject?.name?.startsWith(`${cluster}-`)) continue;
      kept = [...kept, event].slice(-KEPT);
      view.warned(kept);
    }
    await pause(PAUSE_MS, signal);
  }
}
