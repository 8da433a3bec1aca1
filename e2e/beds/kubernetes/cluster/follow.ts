import { setTimeout as sleep } from "node:timers/promises";
import { type KubeConfig, type KubernetesObject, Watch } from "@kubernetes/client-node";

const TRY_AGAIN_MS = 200;
const SILENCE_MS = 600_000;

/** The objects of one kind as they are now, by uid. */
export type Objects<T> = ReadonlyMap<string, T>;

/** What follows a kind of objects until it is closed. */
export interface Following {
  /** Resolves when the first complete picture was told. */
  readonly synced: Promise<void>;
  close(): void;
}

/**
 * Follows the objects at a path and tells the complete picture after every change. When the stream ends, whatever the
 * reason, it begins again with everything that there is then: nothing that was missed stays missed.
 */
export function follow<T extends KubernetesObject>(
  config: KubeConfig,
  path: string,
  tell: (objects: Objects<T>) => void,
  query: Readonly<Record<string, string>> = {},
): Following {
  const stop = new AbortController();
  const synced = Promise.withResolvers<void>();
  const told = (objects: Objects<T>): void => {
    if (stop.signal.aborted) return;
    tell(objects);
    synced.resolve();
  };
  void (async () => {
    while (!stop.signal.aborted) {
      await onePicture<T>(config, path, query, told, stop.signal);
      await sleep(TRY_AGAIN_MS);
    }
  })();
  return { synced: synced.promise, close: () => stop.abort() };
}

// The initial state comes as events, and ends with a marked bookmark: no separate list, and no resource version to lose.
function onePicture<T extends KubernetesObject>(
  config: KubeConfig,
  path: string,
  query: Readonly<Record<string, string>>,
  tell: (objects: Objects<T>) => void,
  stop: AbortSignal,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const objects = new Map<string, T>();
  let complete = false;
  const heard = (phase: string, object: T): void => {
    const uid = object.metadata?.uid ?? "";
    if (phase === "BOOKMARK")
      complete ||= object.metadata?.annotations?.["k8s.io/initial-events-end"] === "true";
    else if (phase === "DELETED") objects.delete(uid);
    else if (phase !== "ERROR") objects.set(uid, object);
    // The client swallows what is thrown in here.
    if (complete && phase !== "ERROR") queueMicrotask(() => tell(objects));
  };
  const watch = new Watch(config);
  Object.assign(watch, { requestTimeoutMs: SILENCE_MS });
  const parameters = {
    ...query,
    sendInitialEvents: "true",
    resourceVersionMatch: "NotOlderThan",
    allowWatchBookmarks: "true",
  };
  void open(watch, path, parameters, { heard, ended: resolve, stop });
  return promise;
}

interface Ears<T> {
  readonly heard: (phase: string, object: T) => void;
  readonly ended: () => void;
  readonly stop: AbortSignal;
}

async function open<T>(
  watch: Watch,
  path: string,
  parameters: Record<string, string>,
  { heard, ended, stop }: Ears<T>,
): Promise<void> {
  try {
    const controller = await watch.watch(path, parameters, heard, ended);
    if (stop.aborted) controller.abort();
    stop.addEventListener("abort", () => controller.abort(), { once: true });
  } catch {
    ended();
  }
}
