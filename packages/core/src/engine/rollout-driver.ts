import {
  ConfigurationError,
  DeliveryError,
  InvariantError,
  ProviderError,
  UnsupportedError,
} from "../errors.ts";
import type { NewEvent, RolloutCommand } from "../machine/events.ts";
import { decideBlind } from "../machine/rollout/blind.ts";
import { decideRollout, type RolloutDecision } from "../machine/rollout/decide.ts";
import { planRollout } from "../machine/rollout/plan.ts";
import { servingGroup } from "../machine/rollout/roles.ts";
import type { RolloutState } from "../machine/rollout/state.ts";
import { viewGroups } from "../machine/rollout/view.ts";
import { roundOf, type RunState } from "../machine/run/state.ts";
import { clusterId, type ClusterState } from "../model/cluster.ts";
import type { Json } from "../model/json.ts";
import type { Strategy } from "../model/phase.ts";
import type { Clock } from "../ports/clock.ts";
import type { IssuedEffect } from "../ports/engine.ts";
import type { Logger } from "../ports/logger.ts";
import { asRecorded } from "./as-recorded.ts";
import type { Bell } from "./bell.ts";
import type { CheckCode } from "./check-code.ts";
import type { Journal } from "./journal.ts";
import { type CommandEnd, type ProviderCalls, stableRelease } from "./provider-calls.ts";
import type { Measurements } from "./measurements.ts";
import { PreviewDoor } from "./preview-door.ts";
import type { Redactor } from "./redact.ts";
import type { Secrets } from "./secrets.ts";
import { sleep } from "./sleep.ts";
import { UNDO } from "./undo-strategy.ts";
import { servesAlready } from "./undo.ts";
import { WorldFeed } from "./world-feed.ts";

/** What a driver works with. */
export interface RolloutDrive {
  readonly effect: IssuedEffect;
  readonly calls: ProviderCalls;
  readonly release: Json;
  /** An existing group to bring back. */
  readonly group: string | undefined;
  /** Only while this group serves. */
  readonly replaces: string | undefined;
  /** Needed until the rollout is planned. */
  readonly strategy: () => Promise<Strategy>;
  readonly checks: CheckCode;
  readonly measurements: Measurements;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly bell: Bell;
  readonly redactor: Redactor;
  readonly secrets: Secrets;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

// What is seen changes in bursts; progress shows it at most this often.
const VIEW_EVERY_MS = 200;
const TROUBLE_MS = 500;
const TROUBLE_MAX_MS = 15_000;

/**
 * Carries one rollout out: claim, observe, then decide and say one command, and observe again. All that must survive
 * a crash is in the log; all that is seen of the world is seen anew.
 */
export class RolloutDriver {
  readonly #drive: RolloutDrive;
  readonly #feed: WorldFeed;
  readonly #door: PreviewDoor;
  #claimed = false;
  /** Since when it may not look. */
  #blindSince: number | undefined;
  #viewed = "";
  #nextViewAt = 0;

  constructor(drive: RolloutDrive) {
    this.#drive = drive;
    const { calls, clock, logger, bell, redactor } = drive;
    const ring = (): void => bell.ring();
    this.#feed = new WorldFeed(calls, clock, logger, ring, (message) => redactor.text(message));
    this.#door = new PreviewDoor(calls, clock, logger);
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
      if (!this.#rollout()) await this.#plan(signal);
      if (this.#isOver()) return;
      following ??= this.#feed.follow(signal);
      await this.#loop(signal);
    } finally {
      stop.abort();
      this.#drive.measurements.stop();
      await following;
    }
  }

  async #plan(signal: AbortSignal): Promise<void> {
    const { calls, release, group, replaces, clock, effect, strategy } = this.#drive;
    const wanted = await strategy();
    const { traffic } = calls.provider.supports;
    if (!wanted.modes.includes(traffic))
      throw new UnsupportedError(
        `strategy ${wanted.name} needs traffic to be ${wanted.modes.join(" or ")}; provider ${calls.provider.name} can only do ${traffic}: take another strategy for ${clusterId(calls.cluster)}`,
      );
    // A group that is only brought back has its release already.
    const revived = group !== undefined && release === null;
    const undoes = wanted.name === UNDO || replaces !== undefined;
    const check = (): Promise<readonly string[]> =>
      revived ? Promise.resolve([]) : calls.check(release, signal);
    // Who undoes has nothing to check when it is done already.
    const [world, early] = await Promise.all([this.#fresh(signal), undoes ? [] : check()]);
    const serving = wanted.name === UNDO ? servesAlready(world, { group, release }) : undefined;
    const done = serving ?? otherThan(replaces, world);
    if (done !== undefined) return this.#advance(() => [this.#alreadyDone(done)]);
    const found = undoes ? await check() : early;
    const there = revived ? await this.#releaseOf(group, world) : null;
    const ask = {
      stage: effect.id,
      run: effect.run,
      cluster: calls.cluster,
      release: revived ? there : release,
      strategy: wanted,
      ...(group !== undefined && { group }),
      round: roundOf(this.#state().stages[effect.id]!),
      world,
      traffic,
      at: clock.now(),
    };
    const planned = planRollout(ask);
    const problems = [
      ...found,
      ...("problems" in planned
        ? planned.problems
        : await calls.checkBaseline(planned.event, ask.world, signal)),
    ];
    if (problems.length > 0 || "problems" in planned)
      throw new ConfigurationError(`deploy to ${clusterId(calls.cluster)}`, problems);
    await this.#drive.checks.insist(planned.event.rollout, wanted);
    await this.#advance(() => [planned.event]);
  }

  // Recorded with the plan, and so with references in the place of secrets.
  async #releaseOf(group: string, world: ClusterState): Promise<Json> {
    const { groups } = await asRecorded(world, this.#drive.calls.cluster, this.#drive);
    return groups.find(({ name }) => name === group)?.release ?? null;
  }

  // Whoever made room, or somebody else, has gone back there already.
  #alreadyDone(group: string): NewEvent {
    const { calls, release, clock, effect } = this.#drive;
    const output = { cluster: calls.cluster as unknown as Json, release, group };
    return { type: "stage-succeeded", at: clock.now(), stage: effect.id, output };
  }

  async #fresh(signal: AbortSignal): Promise<ClusterState> {
    for (;;) {
      const world = await this.#drive.calls.observe(signal);
      if (!world.stale) return world;
      await sleep(this.#drive.clock, TROUBLE_MS, signal);
    }
  }

  async #loop(signal: AbortSignal): Promise<void> {
    let troubleMs = TROUBLE_MS;
    while (!this.#isOver()) {
      signal.throwIfAborted();
      try {
        await this.#turn(signal);
        troubleMs = TROUBLE_MS;
        this.#blindSince = undefined;
      } catch (error) {
        if (!isTrouble(error)) throw error;
        await this.#report(error);
        await this.#endIfBlind(error);
        if (this.#isOver()) return;
        await sleep(this.#drive.clock, troubleMs, signal);
        troubleMs = Math.min(TROUBLE_MAX_MS, troubleMs * 2);
      }
    }
  }

  // What is not answered may be answered the next time; what is denied stays so until somebody grants it.
  async #endIfBlind(error: unknown): Promise<void> {
    const { clock, redactor } = this.#drive;
    const now = clock.now();
    const denied = error instanceof ProviderError && error.kind === "denied";
    if (!denied) return void (this.#blindSince = undefined);
    const since = (this.#blindSince ??= now);
    const { message: why } = redactor.error(error);
    await this.#advance((current) => decideBlind(current, { now, since, why }));
  }

  async #turn(signal: AbortSignal): Promise<void> {
    // The log may say that the rollout has claimed its cluster; that was another driver, before a crash.
    if (!this.#claimed || !this.#rollout()?.claimed) await this.#claim(signal);
    if (!this.#feed.world) await this.#feed.refresh(signal);
    await this.#openDoor(signal);
    const decision = await this.#decide();
    if (!decision || this.#isOver()) return;
    await this.#drive.measurements.attend(decision.measure ?? [], this.#feed.world);
    if (decision.command) await this.#say(decision.command, signal);
    else await this.#rest(decision.wakeAt, signal);
  }

  async #claim(signal: AbortSignal): Promise<void> {
    const { calls, clock, effect } = this.#drive;
    const epoch = await calls.claim(effect.run, signal);
    await this.#advance(() => [{ type: "rollout-claimed", at: clock.now(), stage: effect.id, epoch }]);
    this.#claimed = true;
    await this.#feed.refresh(signal);
  }

  /** Decides inside the transaction, on the state as it is there; nothing is written when nothing follows. */
  async #decide(): Promise<RolloutDecision | undefined> {
    const { clock } = this.#drive;
    const { world } = this.#feed;
    const rollout = this.#rollout();
    if (!world || !rollout) return undefined;
    const now = clock.now();
    const first = decideRollout(rollout, { world, now });
    if (first.events.length === 0 && !this.#viewIsDue(rollout, now)) return first;
    let decision: RolloutDecision = first;
    await this.#advance((current) => {
      decision = decideRollout(current, { world, now });
      // The last look is not put off: no other comes after it.
      const last = decision.events.some(({ type }) => type === "rollout-finished");
      return [...this.#view(current, now, last), ...decision.events];
    });
    return decision;
  }

  // Before the phase that asks or measures: whoever answers is to know where to look.
  async #openDoor(signal: AbortSignal): Promise<void> {
    const { clock, effect } = this.#drive;
    const rollout = this.#rollout();
    const found = rollout && (await this.#door.open(rollout, this.#feed.world, signal));
    if (found)
      await this.#advance(() => [
        { type: "rollout-preview-available", at: clock.now(), stage: effect.id, ...found },
      ]);
  }

  async #say(command: NonNullable<RolloutDecision["command"]>, signal: AbortSignal): Promise<void> {
    const { calls, effect } = this.#drive;
    const epoch = this.#rollout()?.epoch ?? 0;
    const token = { run: effect.run, epoch, command: command.id };
    const end = await calls.say(command.body, this.#releaseFor(command.body), token, signal);
    if (end.result === "fenced" && !(await this.#cameLate(end.claimedBy)))
      return this.#standDown(command.id, end);
    // Nothing landed; claim anew.
    if (end.result === "fenced") this.#claimed = false;
    const result = end.result === "fenced" ? "refused" : end.result;
    await this.#advance(() => [this.#settled(command.id, result, end.error)]);
    if (this.#claimed && this.#rollout()?.claimed) await this.#feed.refresh(signal);
  }

  // The baseline is what stable is, by what the provider says of it now: no release but our own is in the log.
  #releaseFor(body: RolloutCommand): Json | undefined {
    const baseline = body.do === "create-group" && body.role === "baseline";
    return baseline ? stableRelease(this.#rollout()?.planned, this.#feed.world) : this.#drive.release;
  }

  // A claim that was thought lost came through late: our own, or that of an earlier run of this log. Of those none has
  // its turn now but us, unless we only watch: then it is the one that has.
  async #cameLate(claimedBy: string | undefined): Promise<boolean> {
    const { effect, journal } = this.#drive;
    if (claimedBy === effect.run) return true;
    if (claimedBy === undefined || this.#rollout()?.watching === true) return false;
    return (await journal.state(claimedBy)) !== undefined;
  }

  #settled(command: string, result: Settled, error: unknown): NewEvent {
    const { clock, effect, redactor } = this.#drive;
    return {
      type: "rollout-command-settled",
      at: clock.now(),
      stage: effect.id,
      command,
      result,
      ...(error !== undefined && { error: redactor.error(error) }),
    };
  }

  // A newer claim has the cluster: this rollout has no say any more, and says so.
  async #standDown(command: string, { error }: CommandEnd): Promise<void> {
    const { clock, effect, journal, calls } = this.#drive;
    const reason = `${clusterId(calls.cluster)} was taken over by another rollout; this one no longer acts on it`;
    const at = clock.now();
    await journal.insist(effect.run, {
      fence: effect,
      settle: true,
      incoming: (state) => [
        this.#settled(command, "failed", error),
        ...(state.stages[effect.id]?.rollout?.outcome === undefined
          ? [
              {
                type: "rollout-finished" as const,
                at,
                stage: effect.id,
                outcome: "failed" as const,
                reason,
                watching: false,
              },
            ]
          : []),
      ],
    });
  }

  async #rest(wakeAt: number | undefined, signal: AbortSignal): Promise<void> {
    const { clock, bell } = this.#drive;
    const rollout = this.#rollout();
    const pending = rollout && this.#viewChanged(rollout) ? this.#nextViewAt : undefined;
    const until = Math.min(
      wakeAt ?? Infinity,
      pending ?? Infinity,
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

  // ---- what is seen

  #view(rollout: RolloutState, now: number, last: boolean): NewEvent[] {
    const { world } = this.#feed;
    if (!world || !(last ? this.#viewChanged(rollout) : this.#viewIsDue(rollout, now))) return [];
    const groups = viewGroups(rollout, world);
    this.#viewed = JSON.stringify(groups);
    this.#nextViewAt = now + VIEW_EVERY_MS;
    return [{ type: "rollout-observed", at: now, stage: this.#drive.effect.id, groups }];
  }

  #viewIsDue(rollout: RolloutState, now: number): boolean {
    return now >= this.#nextViewAt && this.#viewChanged(rollout);
  }

  #viewChanged(rollout: RolloutState): boolean {
    const { world } = this.#feed;
    return world !== undefined && !world.stale && JSON.stringify(viewGroups(rollout, world)) !== this.#viewed;
  }

  // ---- the log

  #state(): RunState {
    const state = this.#drive.journal.peek(this.#drive.effect.run);
    if (!state) throw new InvariantError(`run ${this.#drive.effect.run} is driven but not known`);
    return state;
  }

  #rollout(): RolloutState | undefined {
    return this.#state().stages[this.#drive.effect.id]?.rollout;
  }

  #isOver(): boolean {
    const rollout = this.#rollout();
    if (rollout) return rollout.outcome !== undefined && !rollout.watching;
    const status = this.#state().stages[this.#drive.effect.id]?.status;
    return status !== "running" && status !== "queued";
  }

  async #advance(decide: (rollout: RolloutState) => readonly NewEvent[]): Promise<void> {
    const { journal, effect } = this.#drive;
    await journal.insist(effect.run, {
      fence: effect,
      incoming: (state) => {
        const rollout = state.stages[effect.id]?.rollout;
        return decide(rollout as RolloutState);
      },
    });
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
}

type Settled = Exclude<CommandEnd["result"], "fenced">;

// What was to be taken back is gone already: a newer rollout has brought something else.
function otherThan(replaced: string | undefined, { groups }: ClusterState): string | undefined {
  const serving = replaced === undefined ? undefined : servingGroup(groups)?.name;
  return serving === replaced ? undefined : serving;
}

// What may pass by itself: the provider, not our own log.
function isTrouble(error: unknown): boolean {
  return (
    error instanceof ProviderError ||
    (DeliveryError.is(error) && (error.code === "GENNAKER_PROVIDER" || error.code === "GENNAKER_TIMEOUT"))
  );
}
