import { ConflictError } from "../errors.ts";
import type { NewEvent } from "../machine/events.ts";
import { cancelOfStage } from "../machine/run/cancel.ts";
import { plannedStage } from "../machine/run/planned.ts";
import { isOver, type RunState } from "../machine/run/state.ts";
import { type Cluster, clusterId } from "../model/cluster.ts";
import type { Json } from "../model/json.ts";
import type { PipelineStage } from "../model/pipeline-stage.ts";
import type { IssuedEffect, PermitState } from "../ports/engine.ts";
import type { DeployInput } from "../stages/deploy.ts";
import { Attempt, Attempts } from "./attempt.ts";
import { begin, needsNoCode } from "./beginning.ts";
import { Cancelled } from "./cancelled.ts";
import { isConflict, runCodeStage } from "./code-stage.ts";
import { holdOf } from "./hold.ts";
import { runOperationStage } from "./operation-stage.ts";
import { Parked } from "./parked.ts";
import { ParkedEffects } from "./parked-effects.ts";
import { runPipelineStage } from "./pipeline-stage.ts";
import { runRolloutStage } from "./rollout-stage.ts";
import { sleep } from "./sleep.ts";
import { evaluateInput, meetsCondition } from "./stage-input.ts";
import { record, stageOf, type Surroundings } from "./surroundings.ts";

const CLOSE_MS = 5000;

/** Carries out what runs ask for: evaluates inputs, runs users' stages, drives rollouts. One attempt at a time for each stage. */
export class StageEffects {
  readonly #using: Surroundings;
  readonly #attempts = new Attempts();
  readonly #parked = new ParkedEffects();
  #registrations = 0;
  readonly #ending = new Map<Attempt, Promise<void>>();
  #closed = false;

  constructor(using: Surroundings) {
    this.#using = using;
  }

  /** Takes an effect that the engine hands out; a newer lease takes the place of an older one. */
  dispatch(effect: IssuedEffect): void {
    if (this.#closed) return;
    const before = this.#attempts.get(effect.run, effect.id);
    before?.stop(new ConflictError("a newer attempt took over"));
    const attempt = new Attempt(effect);
    this.#attempts.add(attempt);
    this.#using.journal.hold(effect.run);
    const ended = this.#carryOut(attempt, before && this.#ending.get(before)).finally(() => {
      this.#ending.delete(attempt);
      if (this.#attempts.remove(attempt)) this.#using.journal.release(effect.run);
    });
    this.#ending.set(attempt, ended);
  }

  /** Something about a run was recorded: what waits for it looks again, and its code hears of a cancel. */
  wake(run: string): void {
    for (const attempt of this.#attempts.of(run)) {
      attempt.bell.ring();
      const state = this.#using.journal.peek(run);
      if (state) stopIfDue(attempt, state);
    }
    this.#endParked(run);
  }

  /** A place on a cluster came free for a stage. */
  granted({ run, holder }: PermitState): void {
    this.#attempts.get(run, holder)?.bell.ring();
  }

  /** Code was registered: parked runs try again. */
  unpark(): void {
    this.#registrations += 1;
    for (const effect of this.#parked.takeAll()) this.dispatch(effect);
    // A rollout under way may wait for the code of a check.
    for (const { bell } of this.#attempts.all()) bell.ring();
  }

  // A cancelled run need not wait for the code of what was interrupted.
  #endParked(run: string): void {
    const state = this.#using.journal.peek(run);
    if (!state) return;
    for (const effect of this.#parked.takeRun(run))
      if (needsNoCode(state, effect.id) && cancelOfStage(state, effect.id)) this.dispatch(effect);
      else this.#parked.add(effect);
  }

  /**
   * Stops everything where it stands; the log hands it out again at the next opening. Code that does not heed its
   * signal is left behind after a while: its result counts for nothing.
   */
  async close(): Promise<void> {
    this.#closed = true;
    this.#using.journal.close();
    for (const attempt of this.#attempts.all()) attempt.stop(new ConflictError("the delivery was closed"));
    await this.#patiently(Promise.all(this.#ending.values()));
  }

  async #carryOut(attempt: Attempt, before: Promise<void> | undefined): Promise<void> {
    const { effect } = attempt;
    if (before) await this.#patiently(before);
    const registrations = this.#registrations;
    try {
      await this.#runStage(attempt);
    } catch (error) {
      // The code came while it was looked for.
      if (error instanceof Parked && registrations !== this.#registrations) return this.dispatch(effect);
      await this.#giveUp(attempt, error).catch((lost: unknown) => {
        const { logger } = this.#using;
        logger.error({ run: effect.run, stage: effect.id, error: lost }, "a failure could not be recorded");
      });
    }
  }

  // Code that does not heed its signal must not hold up the next attempt for ever: its result counts for nothing.
  async #patiently(ended: Promise<unknown>): Promise<void> {
    const patience = new AbortController();
    await Promise.race([ended, sleep(this.#using.clock, CLOSE_MS, patience.signal)]);
    patience.abort();
  }

  async #giveUp(attempt: Attempt, error: unknown): Promise<void> {
    const { effect } = attempt;
    if (error instanceof Parked) return this.#park(effect, error.message);
    // A lost fence: another attempt's result counts. Closing: the next opening goes on.
    if (isConflict(attempt.stopped) || isConflict(error) || error instanceof Cancelled)
      return this.#using.logger.debug({ run: effect.run, stage: effect.id }, "an attempt was given up");
    await this.#fail(effect, error);
  }

  async #runStage(attempt: Attempt): Promise<void> {
    const { registry, clock } = this.#using;
    const { effect } = attempt;
    const beginning = await begin(attempt, this.#using);
    if (!beginning) return;
    const { state, stage } = beginning;
    const code = registry.stage(state.plan, effect.id);
    const isChild = plannedStage(state, effect.id)?.kind === "pipeline";
    if (isChild && stage.child !== undefined) return runPipelineStage(attempt, code, this.#using);
    if (typeof code === "string") throw new Parked(code);
    if (state.parked !== undefined)
      await record(this.#using, effect, [{ type: "run-unparked", at: clock.now() }]);
    if (stage.status === "pending" && !stage.unbound && (await this.#hold(effect, code))) return;
    // Paused at this very moment: it waits, and begins again.
    if (stage.input === undefined && !(await this.#start(effect, code, state)))
      return this.#runStage(attempt);
    const now = stageOf(this.#using, effect);
    if (!now || (isOver(now) && !now.rollout?.watching)) return;
    if (isChild) await runPipelineStage(attempt, code, this.#using);
    if (code.type.kind === "effect") await runCodeStage(attempt, code, this.#using);
    if (code.type.kind === "operation") await runOperationStage(attempt, this.#using);
    if (stage.rollout?.watching && (await this.#isTaken(effect, stage.rollout.planned.cluster)))
      throw new ConflictError("a newer rollout has the cluster");
    if (code.type.kind === "rollout")
      await runRolloutStage(attempt, code, this.#using, () => this.#stopWatchers(effect));
  }

  // What is held costs nothing: its effect ends here, and the machine hands it out again.
  async #hold(effect: IssuedEffect, code: PipelineStage): Promise<boolean> {
    const { clock, journal } = this.#using;
    const at = clock.now();
    const hold = holdOf(code, at, `${effect.run}/${effect.id}`);
    if (!hold) return false;
    // A person may have let it begin at this very moment.
    const isBound = ({ stages }: RunState): boolean => stages[effect.id]?.unbound !== true;
    const { state } = await journal.insist(effect.run, {
      fence: effect,
      settle: isBound,
      incoming: (now) => (isBound(now) ? [{ type: "stage-held", at, stage: effect.id, ...hold }] : []),
    });
    return isBound(state);
  }

  // The machine itself carries on what only waits: its effect ends here.
  async #start(effect: IssuedEffect, code: PipelineStage, before: RunState): Promise<boolean> {
    const { journal } = this.#using;
    const begun = await this.#begun(effect.id, code, before);
    let paused = false;
    await journal.insist(effect.run, {
      fence: effect,
      settle: (now) => now.pausedAt === undefined && startsOnly(code),
      incoming: (now) => {
        paused = now.pausedAt !== undefined;
        return paused ? [] : [begun];
      },
    });
    return !paused;
  }

  async #begun(stage: string, code: PipelineStage, before: RunState): Promise<NewEvent> {
    const { registry, clock } = this.#using;
    if (!meetsCondition(code, before))
      return {
        type: "stage-bypassed",
        at: clock.now(),
        stage,
        by: "condition",
        reason: "its condition did not hold",
      };
    const { recorded } = await evaluateInput(code, before, registry);
    return { type: "stage-started", at: clock.now(), stage, input: recorded };
  }

  async #park(effect: IssuedEffect, reason: string): Promise<void> {
    const { journal, logger, clock } = this.#using;
    this.#parked.add(effect);
    logger.warn({ run: effect.run, stage: effect.id, reason }, "a run is parked");
    await journal.insist(effect.run, {
      fence: effect,
      incoming: (state) => (state.parked === reason ? [] : [{ type: "run-parked", at: clock.now(), reason }]),
    });
  }

  // A rollout that failed and goes on watching makes room for the next one on its cluster.
  #stopWatchers(effect: IssuedEffect): void {
    const cluster = stageOf(this.#using, effect)?.input as
      | { cluster: Parameters<typeof clusterId>[0] }
      | undefined;
    if (!cluster) return;
    for (const other of this.#attempts.all()) {
      const rollout = stageOf(this.#using, other.effect)?.rollout;
      if (
        other.effect !== effect &&
        rollout?.watching &&
        clusterId(rollout.planned.cluster) === clusterId(cluster.cluster)
      )
        other.stop(new ConflictError("a newer rollout has the cluster"));
    }
  }

  // After a crash a watcher is handed out again, beside the rollout that it had made room for.
  async #isTaken(watcher: IssuedEffect, cluster: Cluster): Promise<boolean> {
    const others = [...this.#attempts.all()]
      .map(({ effect }) => effect)
      .filter((effect) => effect !== watcher);
    for (const { run, id } of others) {
      const stage = (await this.#using.journal.state(run))?.stages[id];
      const input =
        stage?.admitted && !isOver(stage) ? (stage.input as unknown as DeployInput<Json>) : undefined;
      if (input && clusterId(input.cluster) === clusterId(cluster)) return true;
    }
    return false;
  }

  async #fail(effect: IssuedEffect, thrown: unknown): Promise<void> {
    const { logger, redactor, journal, clock } = this.#using;
    const error = redactor.error(thrown);
    logger.error({ run: effect.run, stage: effect.id, error }, "a stage failed");
    const at = clock.now();
    await journal.insist(effect.run, {
      fence: effect,
      settle: true,
      incoming: (state): NewEvent[] => {
        const stage = state.stages[effect.id];
        if (!stage || isOver(stage)) return [];
        const stop: NewEvent[] = stage.rollout
          ? [
              {
                type: "rollout-finished",
                at,
                stage: effect.id,
                outcome: "failed",
                reason: error.message,
                watching: false,
              },
            ]
          : [];
        return [...stop, { type: "stage-failed", at, stage: effect.id, error }];
      },
    });
  }
}

function startsOnly({ type }: PipelineStage): boolean {
  return type.kind === "wait" || type.kind === "judgement" || type.kind === "expand";
}

// A rollout that is cancelled takes its way back, a run below is cancelled by its stage, and what is over by another hand (skipped, out of time) has no say.
function stopIfDue(attempt: Attempt, state: RunState): void {
  const { id } = attempt.effect;
  const stage = state.stages[id];
  const below = stage?.child !== undefined;
  const cancel = below ? undefined : cancelOfStage(state, id);
  if (cancel && (cancel.mode === "forced" || !stage?.rollout)) attempt.stop(new Cancelled(cancel.reason));
  if (attempt.stopped || !stage || !isOver(stage) || stage.rollout?.watching) return;
  if (stage.status === "failed" || stage.status === "skipped")
    attempt.stop(new ConflictError(`stage ${JSON.stringify(id)} is over`));
}
