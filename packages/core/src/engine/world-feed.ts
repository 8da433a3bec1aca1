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
  readonly #calls: ProviderCalls;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #changed: () => void;

  constructor(calls: ProviderCalls, clock: Clock, logger: Logger, changed: () => void) {
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
    const world = await this.#calls.observe(signal);
    this.#take(world);
    return this.#world ?? world;
  }

  /** Follows the cluster until the signal aborts. */
  async follow(signal: AbortSignal): Promise<void> {
    let pauseMs = POLL_MS;
    while (!signal.aborted) {
      try {
        if (this.#calls.provider.supports.watch) await this.#watch(signal);
        else pauseMs = (await this.#poll(signal)) ? POLL_MS : Math.min(POLL_MAX_MS, pauseMs * 2);
      } catch (error) {
        if (!signal.aborted)
          this.#logger.warn({ error, cluster: this.#calls.cluster }, "lost sight of a cluster");
      }
      await sleep(this.#clock, pauseMs, signal);
    }
  }

  async #watch(signal: AbortSignal): Promise<void> {
    for await (const world of this.#calls.provider.watch(this.#calls.cluster, { signal }))
      if (this.#take(world)) this.#changed();
  }

  async #poll(signal: AbortSignal): Promise<boolean> {
    const changed = this.#take(await this.#calls.observe(signal));
    if (changed) this.#changed();
    return changed;
  }

  #take(world: ClusterState): boolean {
    if (this.#world && world.revision <= this.#world.revision && !this.#world.stale) return false;
    this.#world = world;
    return true;
  }
}
