import type { ClusterState } from "../model/cluster.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { ProviderCalls } from "./provider-calls.ts";
import { sleep } from "./sleep.ts";

const POLL_MS = 250;
const POLL_MAX_MS = 5000;

/**
 * Keeps the newest state of a cluster at hand: from the provider's watch where it has one, else by asking, ever less
 * often while nothing changes. States that are older than one already seen are dropped.
 */
export class WorldFeed {
  #world: ClusterState | undefined;
  /** While a fresh look is taken: the newest that the watch told meanwhile, and it may be from before. */
  #meanwhile: { seen: ClusterState | undefined } | undefined;
  readonly #calls: ProviderCalls;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #changed: () => void;
  readonly #clean: (message: string) => string;

  /** `clean` takes out of what a provider says of a group's trouble what must not be recorded. */
  constructor(
    calls: ProviderCalls,
    clock: Clock,
    logger: Logger,
    changed: () => void,
    clean: (message: string) => string,
  ) {
    this.#clean = clean;
    this.#calls = calls;
    this.#clock = clock;
    this.#logger = logger;
    this.#changed = changed;
  }

  /** The newest state; undefined when it must be observed first. */
  get world(): ClusterState | undefined {
    return this.#world;
  }

  /** After a command or a claim, only a fresh look counts. */
  async refresh(signal: AbortSignal): Promise<ClusterState> {
    this.#world = undefined;
    const meanwhile = { seen: undefined as ClusterState | undefined };
    this.#meanwhile = meanwhile;
    try {
      this.#world = this.#cleaned(await this.#calls.observe(signal));
    } finally {
      this.#meanwhile = undefined;
    }
    if (meanwhile.seen) this.#take(meanwhile.seen);
    return this.#world;
  }

  /** Follows the cluster until the signal aborts. */
  async follow(signal: AbortSignal): Promise<void> {
    let pauseMs = POLL_MS;
    const { watch } = this.#calls.provider.supports;
    while (!signal.aborted) {
      let changed = false;
      try {
        changed = await (watch ? this.#watch(signal) : this.#poll(signal));
      } catch (error) {
        if (!signal.aborted) this.#lose(error);
      }
      pauseMs = changed ? POLL_MS : Math.min(POLL_MAX_MS, pauseMs * 2);
      await sleep(this.#clock, pauseMs, signal);
    }
  }

  // What was seen last may be long ago by now: whoever decides is to look anew, or to hear why that is impossible.
  #lose(error: unknown): void {
    this.#logger.warn({ error, cluster: this.#calls.cluster }, "lost sight of a cluster");
    if (this.#meanwhile) return;
    this.#world = undefined;
    this.#changed();
  }

  // A watch is to end when the signal aborts; one that does not is left behind.
  async #watch(signal: AbortSignal): Promise<boolean> {
    const stopped = Promise.withResolvers<boolean>();
    const stop = (): void => stopped.resolve(false);
    signal.addEventListener("abort", stop, { once: true });
    try {
      return await Promise.race([this.#watchOn(signal), stopped.promise]);
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  async #watchOn(signal: AbortSignal): Promise<boolean> {
    let changed = false;
    for await (const world of this.#calls.provider.watch(this.#calls.cluster, { signal })) {
      if (signal.aborted) break;
      if (!this.#take(world)) continue;
      changed = true;
      this.#changed();
    }
    return changed;
  }

  async #poll(signal: AbortSignal): Promise<boolean> {
    const changed = this.#take(await this.#calls.observe(signal));
    if (changed) this.#changed();
    return changed;
  }

  #take(world: ClusterState): boolean {
    const meanwhile = this.#meanwhile;
    if (meanwhile) {
      if (!meanwhile.seen || world.revision > meanwhile.seen.revision) meanwhile.seen = world;
      return false;
    }
    if (this.#world && world.revision <= this.#world.revision && !this.#world.stale) return false;
    this.#world = this.#cleaned(world);
    return true;
  }

  #cleaned(world: ClusterState): ClusterState {
    if (!world.groups.some(({ problem }) => problem)) return world;
    const groups = world.groups.map((group) =>
      group.problem
        ? { ...group, problem: { ...group.problem, message: this.#clean(group.problem.message) } }
        : group,
    );
    return { ...world, groups };
  }
}
