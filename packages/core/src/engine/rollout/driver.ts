import { decideRollout, type RolloutDecision } from "../../machine/rollout/decide.ts";
import { roundOf } from "../../machine/run/state.ts";
import { PreviewDoor } from "../preview-door.ts";
import { WorldFeed } from "../world-feed.ts";
import { cameLate, commandSettled, sayCommand, standDown } from "./command.ts";
import type { RolloutDrive } from "./drive.ts";
import { RolloutLog } from "./log.ts";
import { ObservedGroups } from "./observed.ts";
import { alreadyDone, planDrive } from "./plan.ts";
import { isTrouble, ProviderTrouble, TROUBLE_MS } from "./trouble.ts";

/**
 * Carries one rollout out: claim, observe, then decide and say one command, and observe again. All that must survive
 * a crash is in the log; all that is seen of the world is seen anew.
 */
export class RolloutDriver {
  readonly #drive: RolloutDrive;
  readonly #log: RolloutLog;
  readonly #feed: WorldFeed;
  readonly #door: PreviewDoor;
  readonly #observed: ObservedGroups;
  readonly #trouble: ProviderTrouble;
  #claimed = false;

  constructor(drive: RolloutDrive) {
    this.#drive = drive;
    const { calls, clock, logger, bell, redactor, effect } = drive;
    const ring = (): void => bell.ring();
    this.#log = new RolloutLog(drive);
    this.#feed = new WorldFeed(calls, clock, logger, ring, (message) => redactor.text(message));
    this.#door = new PreviewDoor(calls, clock, logger);
    this.#observed = new ObservedGroups(effect.id);
    this.#trouble = new ProviderTrouble(drive, this.#log);
  }

  /** Resolves when the rollout is over, or nobody's any more. Rejects only with the signal's reason or a lost fence. */
  async run(): Promise<void> {
    const stop = new AbortController();
    const signal = AbortSignal.any([this.#drive.signal, stop.signal]);
    let following: Promise<void> | undefined;
    try {
      const { watch } = this.#drive.calls.provider.supports;
      // A watch takes a while to open: meanwhile there is enough to do. One that only asks would ask twice.
      if (watch) following = this.#feed.follow(signal);
      if (!this.#log.rollout) await this.#plan(signal);
      if (this.#log.isOver) return;
      following ??= this.#feed.follow(signal);
      await this.#loop(signal);
    } finally {
      stop.abort();
      this.#drive.measurements.stop();
      await following;
    }
  }

  async #plan(signal: AbortSignal): Promise<void> {
    const planned = await planDrive(this.#drive, roundOf(this.#log.stage!), signal);
    await this.#log.advance(() => [
      "serving" in planned ? alreadyDone(planned.serving, this.#drive) : planned.event,
    ]);
  }

  async #loop(signal: AbortSignal): Promise<void> {
    while (!this.#log.isOver) {
      signal.throwIfAborted();
      try {
        await this.#turn(signal);
        this.#trouble.passed();
      } catch (error) {
        if (!isTrouble(error)) throw error;
        await this.#trouble.record(error);
        if (this.#log.isOver) return;
        await this.#trouble.pause(signal);
      }
    }
  }

  async #turn(signal: AbortSignal): Promise<void> {
    // The log may say that the rollout has claimed its cluster; that was another driver, before a crash.
    if (!this.#claimed || !this.#log.rollout?.claimed) await this.#claim(signal);
    if (!this.#feed.world) await this.#feed.refresh(signal);
    await this.#openDoor(signal);
    const decision = await this.#decide();
    if (!decision || this.#log.isOver) return;
    await this.#drive.measurements.attend(decision.measure ?? [], this.#feed.world);
    if (decision.command) await this.#say(decision.command, signal);
    else await this.#rest(decision.wakeAt, signal);
  }

  async #claim(signal: AbortSignal): Promise<void> {
    const { calls, clock, effect } = this.#drive;
    const epoch = await calls.claim(effect.run, signal);
    await this.#log.advance(() => [{ type: "rollout-claimed", at: clock.now(), stage: effect.id, epoch }]);
    this.#claimed = true;
    await this.#feed.refresh(signal);
  }

  /** Decides inside the transaction, on the state as it is there; nothing is written when nothing follows. */
  async #decide(): Promise<RolloutDecision | undefined> {
    const { world } = this.#feed;
    const { rollout } = this.#log;
    if (!world || !rollout) return undefined;
    const now = this.#drive.clock.now();
    const first = decideRollout(rollout, { world, now });
    if (first.events.length === 0 && !this.#observed.isDue(rollout, world, now)) return first;
    let decision: RolloutDecision = first;
    await this.#log.advance((current) => {
      decision = decideRollout(current, { world, now });
      const isLast = decision.events.some(({ type }) => type === "rollout-finished");
      return [...this.#observed.take(current, this.#feed.world, now, isLast), ...decision.events];
    });
    return decision;
  }

  // Before the phase that asks or measures: whoever answers is to know where to look.
  async #openDoor(signal: AbortSignal): Promise<void> {
    const { clock, effect } = this.#drive;
    const { rollout } = this.#log;
    const found = rollout && (await this.#door.open(rollout, this.#feed.world, signal));
    if (found)
      await this.#log.advance(() => [
        { type: "rollout-preview-available", at: clock.now(), stage: effect.id, ...found },
      ]);
  }

  async #say(command: NonNullable<RolloutDecision["command"]>, signal: AbortSignal): Promise<void> {
    const end = await sayCommand(command, this.#log.rollout, this.#feed.world, this.#drive, signal);
    if (end.result === "fenced" && !(await cameLate(end, this.#log.rollout, this.#drive)))
      return standDown(command.id, end, this.#drive);
    // Nothing landed; claim anew.
    if (end.result === "fenced") this.#claimed = false;
    const result = end.result === "fenced" ? "refused" : end.result;
    await this.#log.advance(() => [commandSettled(command.id, result, end.error, this.#drive)]);
    if (this.#claimed && this.#log.rollout?.claimed) await this.#feed.refresh(signal);
  }

  async #rest(wakeAt: number | undefined, signal: AbortSignal): Promise<void> {
    const { clock, bell } = this.#drive;
    const { rollout } = this.#log;
    const until = Math.min(
      wakeAt ?? Infinity,
      (rollout && this.#observed.dueAt(rollout, this.#feed.world)) ?? Infinity,
      this.#feed.world?.stale ? clock.now() + TROUBLE_MS : Infinity,
    );
    const callOff = until === Infinity ? undefined : clock.after(until - clock.now(), () => bell.ring());
    try {
      await bell.wait(signal);
    } finally {
      callOff?.();
    }
    if (this.#feed.world?.stale) await this.#feed.refresh(signal);
  }
}
