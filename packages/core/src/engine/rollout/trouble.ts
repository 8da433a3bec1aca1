import { DeliveryError, ProviderError } from "../../errors.ts";
import { decideBlind } from "../../machine/rollout/blind.ts";
import { sleep } from "../sleep.ts";
import type { RolloutDrive } from "./drive.ts";
import type { RolloutLog } from "./log.ts";

/** How long to wait for a provider that does not know for now. */
export const TROUBLE_MS = 500;
const TROUBLE_MAX_MS = 15_000;

/** A provider that cannot be reached: it is said, and tried again ever later. */
export class ProviderTrouble {
  readonly #drive: RolloutDrive;
  readonly #log: RolloutLog;
  #pauseMs = TROUBLE_MS;
  /** Since when it may not look. */
  #blindSince: number | undefined;

  constructor(drive: RolloutDrive, log: RolloutLog) {
    this.#drive = drive;
    this.#log = log;
  }

  /** It was reached. */
  passed(): void {
    this.#pauseMs = TROUBLE_MS;
    this.#blindSince = undefined;
  }

  /** May end the rollout. */
  async record(error: unknown): Promise<void> {
    await this.#report(error);
    await this.#endIfBlind(error);
  }

  async pause(signal: AbortSignal): Promise<void> {
    await sleep(this.#drive.clock, this.#pauseMs, signal);
    this.#pauseMs = Math.min(TROUBLE_MAX_MS, this.#pauseMs * 2);
  }

  async #report(error: unknown): Promise<void> {
    const { logger, redactor, clock, effect, journal } = this.#drive;
    const { message } = redactor.error(error);
    logger.warn({ run: effect.run, stage: effect.id, error: message }, "a rollout cannot reach its provider");
    await journal.insist(effect.run, {
      fence: effect,
      incoming: (state) =>
        state.stages[effect.id]?.progress?.message === message
          ? []
          : [{ type: "stage-progressed", at: clock.now(), stage: effect.id, message }],
    });
  }

  // What is not answered may be answered the next time; what is denied stays so until somebody grants it.
  async #endIfBlind(error: unknown): Promise<void> {
    const { clock, redactor } = this.#drive;
    const now = clock.now();
    const denied = error instanceof ProviderError && error.kind === "denied";
    if (!denied) return void (this.#blindSince = undefined);
    const since = (this.#blindSince ??= now);
    const { message: why } = redactor.error(error);
    await this.#log.advance((current) => decideBlind(current, { now, since, why }));
  }
}

/** What may pass by itself: the provider, not our own log. */
export function isTrouble(error: unknown): boolean {
  return (
    error instanceof ProviderError ||
    (DeliveryError.is(error) && (error.code === "GENNAKER_PROVIDER" || error.code === "GENNAKER_TIMEOUT"))
  );
}
