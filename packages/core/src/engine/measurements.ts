import { answerOf } from "../checks/check-answer.ts";
import { TimeoutError } from "../errors.ts";
import type { NewEvent } from "../machine/events.ts";
import type { Measurement } from "../machine/rollout/measure.ts";
import { openCheckOf, openChecks } from "../machine/rollout/open-check.ts";
import { isOwnMeasurement } from "../machine/rollout/memory.ts";
import { rolesIn } from "../machine/rollout/roles.ts";
import { phaseOf, type RolloutState } from "../machine/rollout/state.ts";
import type { Check, CheckContext, CheckedGroup, CheckResult } from "../model/check.ts";
import type { ClusterState, ServerGroup } from "../model/cluster.ts";
import { formatDuration } from "../model/duration.ts";
import type { Json } from "../model/json.ts";
import type { IssuedEffect } from "../ports/engine.ts";
import type { DeployInput } from "../stages/deploy.ts";
import { type CheckCode, missing } from "./check-code.ts";
import { recordProgress, recordStep } from "./code-stage.ts";
import { type Outlook, outlookOf } from "./outlook.ts";
import { secretUse, stageOf, type Surroundings } from "./surroundings.ts";

/** A measurement that is being made. */
interface Running {
  readonly due: Measurement;
  readonly stop: AbortController;
  /** Nobody waits for it any more: that it was stopped is no error. */
  dropped: boolean;
}

type Measured = Pick<NewEvent<"check-measured">, "verdict" | "reason" | "data" | "error">;

/** Makes the measurements of one rollout's checks, each once at a time, and records what they found. */
export class Measurements {
  readonly #effect: IssuedEffect;
  readonly #deploy: DeployInput<Json>;
  readonly #code: CheckCode;
  readonly #using: Surroundings;
  readonly #running = new Map<string, Running>();
  #parked = false;

  constructor(effect: IssuedEffect, deploy: DeployInput<Json>, code: CheckCode, using: Surroundings) {
    this.#effect = effect;
    this.#deploy = deploy;
    this.#code = code;
    this.#using = using;
  }

  /** Begins what is due and not under way; stops what nobody waits for any more. */
  async attend(due: readonly Measurement[], world: ClusterState | undefined): Promise<void> {
    const rollout = this.#rollout();
    if (!rollout || !world) return;
    const open = new Set(openChecks(rollout).map(({ check }) => check.judgement));
    for (const running of this.#running.values())
      if (!open.has(running.due.gate)) drop(running, `${running.due.check} is no longer waited for`);
    let lacking: string | undefined;
    for (const measurement of due) {
      if (this.#running.has(keyOf(measurement))) continue;
      const check = await this.#code.find(measurement.check);
      if (check) this.#begin(measurement, check, rollout, world);
      else lacking ??= missing(measurement.check);
    }
    await this.#park(lacking);
  }

  /** Stops all that is under way: whoever drives the rollout next makes it again. */
  stop(): void {
    for (const running of this.#running.values()) drop(running, "the rollout is no longer driven here");
  }

  #begin(due: Measurement, check: Check<never>, rollout: RolloutState, world: ClusterState): void {
    const context = this.#context(due, rollout, world);
    if (!context) return;
    const running = { due, stop: new AbortController(), dropped: false };
    this.#running.set(keyOf(due), running);
    this.#carryOut(running, check, {
      ...context,
      ...outlookOf(this.#effect.run, running.stop.signal, this.#using),
      signal: running.stop.signal,
    })
      .catch((error: unknown) =>
        this.#using.logger.debug(
          { run: this.#effect.run, check: due.check, error },
          "a measurement was given up",
        ),
      )
      .finally(() => this.#running.delete(keyOf(due)));
  }

  async #carryOut(running: Running, check: Check<never>, context: CheckContext<never>): Promise<void> {
    const { due, stop } = running;
    const measured = await this.#measure(due, check, context, stop);
    if (running.dropped) return;
    const { gate, measurement } = due;
    const { journal, clock } = this.#using;
    const stage = this.#effect.id;
    // A verdict that nobody waits for any more does not count.
    await journal.insist(this.#effect.run, {
      fence: this.#effect,
      incoming: (state) => {
        const rollout = state.stages[stage]?.rollout;
        const waited = rollout && openCheckOf(rollout, gate, isOwnMeasurement, measurement);
        return waited
          ? [{ type: "check-measured", at: clock.now(), stage, gate, measurement, ...measured }]
          : [];
      },
    });
  }

  async #measure(
    { timeoutMs, check: name }: Measurement,
    check: Check<never>,
    context: CheckContext<never>,
    stop: AbortController,
  ): Promise<Measured> {
    const { clock, redactor } = this.#using;
    const stopped = Promise.withResolvers<never>();
    const abort = (): void => stopped.reject(stop.signal.reason);
    stop.signal.addEventListener("abort", abort, { once: true });
    const callOff = clock.after(timeoutMs, () =>
      stop.abort(new TimeoutError(`check ${name} did not answer within ${formatDuration(timeoutMs)}`)),
    );
    try {
      const answer = await Promise.race([this.#call(check, context), stopped.promise]);
      return this.#checked(name, answer);
    } catch (thrown) {
      const error = redactor.error(thrown);
      return { verdict: "error", reason: error.message, error };
    } finally {
      callOff();
      stop.signal.removeEventListener("abort", abort);
    }
  }

  // What a plain function throws at once is an error as well; so is a secret that is not there.
  async #call(check: Check<never>, context: CheckContext<never>): Promise<CheckResult> {
    const use = secretUse({ effect: this.#effect, signal: context.signal }, this.#using);
    const input = await this.#using.secrets.reveal(context.input, use);
    return check.run({ ...context, input: input as never });
  }

  #checked(name: string, answer: CheckResult): Measured {
    const { redactor } = this.#using;
    const { verdict, reason, data } = answerOf(name, answer);
    return {
      verdict,
      ...(reason !== undefined && { reason: redactor.text(reason) }),
      ...(data !== undefined && { data: redactor.json(data) }),
    };
  }

  #context(
    due: Measurement,
    rollout: RolloutState,
    world: ClusterState,
  ): Omit<CheckContext<never>, keyof Outlook | "signal"> | undefined {
    const { stable, candidate, baseline } = rolesIn(world, rollout);
    if (!candidate) return undefined;
    const { gate, measurement, openedAt, input } = due;
    const { run, id: stage } = this.#effect;
    const { preview } = rollout;
    return {
      input: (input ?? null) as never,
      cluster: rollout.planned.cluster,
      release: this.#deploy.release,
      stable: stable && groupOf(stable),
      candidate: groupOf(candidate),
      baseline: baseline && groupOf(baseline),
      preview: preview?.group === candidate.name ? preview.address : undefined,
      phase: phaseOf(rollout)?.name ?? "",
      run,
      stage,
      gate,
      measurement,
      idempotencyKey: `${run}/${gate}/${measurement}`,
      openedAt,
      at: this.#using.clock.now(),
      redact: (text) => this.#using.redactor.known(text),
      progress: (message, ratio) => this.#progress(message, ratio),
      step: (name, compute) => recordStep(this.#effect, `${gate}: ${name}`, compute, this.#using),
    };
  }

  // Nobody need wait for it.
  #progress(message: string, ratio: number | undefined): Promise<void> {
    const told = recordProgress(this.#effect, message, ratio, this.#using);
    told.catch(() => {});
    return told;
  }

  // The rollout goes on being driven: its health is looked after, and it can be cancelled.
  async #park(reason: string | undefined): Promise<void> {
    if (reason === undefined && !this.#parked) return;
    this.#parked = reason !== undefined;
    const { journal, clock, logger } = this.#using;
    if (reason !== undefined) logger.warn({ run: this.#effect.run, reason }, "a run is parked");
    await journal.insist(this.#effect.run, {
      fence: this.#effect,
      incoming: (state) => {
        const at = clock.now();
        if (reason !== undefined) return state.parked === reason ? [] : [{ type: "run-parked", at, reason }];
        return state.parked === undefined ? [] : [{ type: "run-unparked", at }];
      },
    });
  }

  #rollout(): RolloutState | undefined {
    return stageOf(this.#using, this.#effect)?.rollout;
  }
}

function drop(running: Running, why: string): void {
  running.dropped = true;
  running.stop.abort(new Error(why));
}

function keyOf({ gate, measurement }: Measurement): string {
  return `${gate} ${measurement}`;
}

function groupOf({ name, desired, healthy, share, release }: ServerGroup): CheckedGroup {
  return { name, desired, healthy, share, ...(release !== undefined && { release }) };
}
