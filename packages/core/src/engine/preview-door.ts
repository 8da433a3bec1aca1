import { rolesIn } from "../machine/rollout/roles.ts";
import type { RolloutState } from "../machine/rollout/state.ts";
import type { ClusterState } from "../model/cluster.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { ProviderCalls } from "./provider-calls.ts";

const AGAIN_MS = 30_000;

/** Where the candidate of one rollout can be reached before it has traffic. */
export class PreviewDoor {
  readonly #calls: ProviderCalls;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #opened: string | undefined;
  #retryAt = 0;

  constructor(calls: ProviderCalls, clock: Clock, logger: Logger) {
    this.#calls = calls;
    this.#clock = clock;
    this.#logger = logger;
  }

  /**
   * Opens it once in each life of the driver, when the candidate is healthy; answers what is new. A door that cannot be
   * opened holds nothing up: it is tried again later.
   */
  async open(
    rollout: RolloutState,
    world: ClusterState | undefined,
    signal: AbortSignal,
  ): Promise<{ readonly group: string; readonly address: string } | undefined> {
    const candidate = world && rolesIn(world, rollout).candidate;
    if (!this.#calls.provider.supports.preview || !candidate || candidate.healthy === 0) return undefined;
    const away = rollout.direction === "back" || rollout.outcome !== undefined;
    if (away || this.#opened === candidate.name || this.#clock.now() < this.#retryAt) return undefined;
    const address = await this.#ask(candidate.name, signal);
    if (address === undefined) return undefined;
    this.#opened = candidate.name;
    const { preview } = rollout;
    const known = preview?.group === candidate.name && preview.address === address;
    return known ? undefined : { group: candidate.name, address };
  }

  async #ask(group: string, signal: AbortSignal): Promise<string | undefined> {
    try {
      return await this.#calls.preview(group, signal);
    } catch (error) {
      signal.throwIfAborted();
      this.#retryAt = this.#clock.now() + AGAIN_MS;
      this.#logger.warn({ group, error }, "no door to a group could be opened; it is tried again");
      return undefined;
    }
  }
}
