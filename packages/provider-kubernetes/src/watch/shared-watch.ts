import type { ClusterState } from "@gennaker/core/ports";
import type { Call, Calls, Listed } from "../api/calls.ts";
import { PODS, REPLICA_SETS, type Resource } from "../api/resource.ts";
import type { Ground } from "../ground.ts";
import type { KubernetesObject, Pod, ReplicaSet } from "../objects/objects.ts";
import { ofCluster } from "../observe/look.ts";
import type { ClusterView } from "./cluster-view.ts";
import { pause } from "../pause.ts";
import { followWarnings } from "./warnings.ts";
import { follow, type Followed, type WatchRules } from "./feed.ts";

/** One watch of a cluster for all who follow it: open while there is somebody. */
export class SharedWatch {
  readonly #calls: Calls;
  readonly #cluster: string;
  readonly #view: ClusterView;
  readonly #followed: readonly Followed<KubernetesObject>[];
  readonly #rules: WatchRules;
  #open: Opened | undefined;
  #followers = 0;

  constructor({ calls, cluster }: Ground, view: ClusterView, rules: WatchRules) {
    this.#calls = calls;
    this.#cluster = cluster;
    this.#view = view;
    this.#rules = rules;
    this.#followed = followedOf(cluster, view);
  }

  /** Whether somebody follows the cluster, and everything was listed. */
  get isLive(): boolean {
    return this.#open?.isLive ?? false;
  }

  /**
   * The state, if somebody follows the cluster and everything that was written is in it, or comes within moments. Else a
   * look is needed. A watch that is being opened lists everything anyway: that is waited for.
   */
  async stateIfFresh(signal: AbortSignal | undefined): Promise<ClusterState | undefined> {
    // Why it cannot be opened, the look tells.
    await this.#open?.ready.catch(() => undefined);
    if (signal?.aborted) return undefined;
    const late = new AbortController();
    const stop = (): void => late.abort();
    const timer = setTimeout(stop, CATCH_UP_MS);
    signal?.addEventListener("abort", stop, { once: true });
    try {
      while (this.#open?.isLive && this.#view.isFresh !== undefined && !late.signal.aborted) {
        if (this.#view.isFresh) return this.#view.state();
        await this.#view.nextChange(late.signal);
      }
      return undefined;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
    }
  }

  /** The cluster as it is, and then after each change, until the signal aborts. */
  async *states(signal: AbortSignal): AsyncGenerator<ClusterState> {
    if (signal.aborted) return;
    this.#followers++;
    const open = (this.#open ??= this.#start());
    try {
      await unlessAborted(open.ready, signal);
      let toldAt = -Infinity;
      for (let seen = -1; !signal.aborted;) {
        // Hundreds of pods change at once: what changes within moments is told as one change.
        const early = toldAt + TOLD_EVERY_MS - performance.now();
        if (early > 0) await pause(early, signal);
        open.refuseBroken();
        const state = this.#view.state();
        if (state.revision > seen) {
          seen = state.revision;
          toldAt = performance.now();
          yield state;
        } else await this.#view.nextChange(signal);
      }
    } finally {
      this.#followers--;
      // A broken one must not be joined by whoever comes next.
      if (this.#followers === 0 || open.broken) {
        open.stop();
        if (this.#open === open) this.#open = undefined;
      }
    }
  }

  #start(): Opened {
    // Everything is listed from now on.
    this.#view.trust();
    const stopper = new AbortController();
    const ready = this.#followed.map(() => Promise.withResolvers<void>());
    const broken: { error?: unknown; is: boolean } = { is: false };
    this.#followed.forEach((followed, index) => {
      const listed = (): void => ready[index]?.resolve();
      follow(this.#calls, followed, this.#rules, listed, stopper.signal).then(listed, (error: unknown) => {
        Object.assign(broken, { is: true, error });
        ready[index]?.reject(error);
        stopper.abort(error);
        this.#view.touch();
      });
    });
    let listed = false;
    const all = Promise.all(ready.map(({ promise }) => promise));
    // Told by `refuseBroken` too; nobody may be waiting.
    all
      .then(() => {
        listed = true;
        return followWarnings(this.#calls, this.#cluster, this.#view, this.#rules, stopper.signal);
      })
      .catch(() => undefined);
    return {
      ready: all,
      get isLive() {
        return listed && !broken.is;
      },
      stop: () => stopper.abort(new Error("nobody watches any more")),
      refuseBroken: () => {
        if (broken.is) throw broken.error;
      },
      get broken() {
        return broken.is;
      },
    };
  }
}

interface Opened {
  readonly ready: Promise<unknown>;
  readonly stop: () => void;
  readonly refuseBroken: () => void;
  readonly broken: boolean;
  /** Everything was listed, and is followed. */
  readonly isLive: boolean;
}

const TOLD_EVERY_MS = 10;
/** A watch is usually behind by some milliseconds; one that is further behind may hang. */
const CATCH_UP_MS = 250;

/** Looks at everything of a cluster once, and puts it where the watch puts it. */
export async function lookOnce(
  { calls, cluster }: Ground,
  view: ClusterView,
  call: Call,
): Promise<ClusterState> {
  const look = async ({ resource, selection, shelf }: Followed<KubernetesObject>): Promise<void> => {
    const { items, resourceVersion }: Listed<KubernetesObject> = await calls.list(resource, selection, call);
    shelf.replace(items, resourceVersion);
  };
  // What is written while it looks may be missing in it.
  view.trust();
  await Promise.all(followedOf(cluster, view).map(look));
  view.touch();
  return view.state();
}

function followedOf(cluster: string, view: ClusterView): readonly Followed<KubernetesObject>[] {
  const changed = (): void => view.touch();
  const one = <T extends KubernetesObject>(
    resource: Resource,
    selection: Followed<T>["selection"],
    shelf: Followed<T>["shelf"],
  ): Followed<KubernetesObject> => ({ resource, selection, shelf, changed });
  return [
    one<ReplicaSet>(REPLICA_SETS, ofCluster(cluster), view.sets),
    one<Pod>(PODS, ofCluster(cluster), view.pods),
    ...[...view.routes].map(([route, shelf]) =>
      one(route.resource, { fields: `metadata.name=${route.name}` }, shelf),
    ),
  ];
}

async function unlessAborted(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const stopped = Promise.withResolvers<void>();
  const stop = (): void => stopped.resolve();
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  try {
    await Promise.race([work, stopped.promise]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
