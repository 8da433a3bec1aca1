import { ConfigurationError, DeliveryError } from "../errors.ts";
import type { NewEvent } from "../machine/events.ts";
import { isShielded, plannedStage } from "../machine/run/planned.ts";
import { isOver, type RunState, type StageState, workName } from "../machine/run/state.ts";
import { copyJson, type Json } from "../model/json.ts";
import type { PipelineStage } from "../model/pipeline-stage.ts";
import type { IssuedEffect } from "../ports/engine.ts";
import { type ChildPipeline, childOf } from "../stages/run-pipeline.ts";
import type { Attempt } from "./attempt.ts";
import { pipelineOf } from "./guard.ts";
import { Parked } from "./parked.ts";
import { outputsOf } from "./stage-input.ts";
import { record, stageOf, type Surroundings } from "./surroundings.ts";

/**
 * Carries out a stage that runs another pipeline: starts the run once, waits for its end, and hands a cancel down.
 * `code` may be missing when the stage only has to be stopped.
 *
 * @throws Parked when the code is needed and is not here
 */
export async function runPipelineStage(
  attempt: Attempt,
  code: PipelineStage | string,
  using: Surroundings,
): Promise<void> {
  const child = typeof code === "string" ? undefined : childOf(code.type);
  const run = await begun(attempt.effect, child, code, using);
  if (run === undefined) return;
  if (child?.wait === false)
    return record(using, attempt.effect, [succeeded(attempt.effect, { run }, using)]);
  const end = await ended(attempt, run, using);
  if (end) await recordEnd(attempt.effect, end, child, using);
}

/** The run of the stage; undefined when the stage is over instead. */
async function begun(
  effect: IssuedEffect,
  child: ChildPipeline | undefined,
  code: PipelineStage | string,
  using: Surroundings,
): Promise<string | undefined> {
  const { journal, children, clock } = using;
  const state = journal.peek(effect.run);
  const stage = state?.stages[effect.id];
  if (!state || !stage || isOver(stage)) return undefined;
  const known = stage.child;
  if (known !== undefined && (await children.isBegun(known, effect.run, effect.id))) return known;
  const stop = stopOf(state, effect.id);
  // Meant to be started, and never was.
  if (stop) {
    await record(using, effect, [stopped(effect.id, stop, clock.now())]);
    return undefined;
  }
  if (!child) throw new Parked(typeof code === "string" ? code : `stage ${effect.id} runs no pipeline here`);
  const run = known ?? (await children.newId());
  // Named before it is there: whatever happens then, a cancel finds it.
  if (known === undefined) await recordChild(effect, run, using);
  return start(effect, run, child, state, stage, using);
}

async function start(
  effect: IssuedEffect,
  run: string,
  child: ChildPipeline,
  { actor }: RunState,
  stage: StageState,
  using: Surroundings,
): Promise<string | undefined> {
  const { children, redactor, clock, guard } = using;
  const { name, application } = child.pipeline;
  const of = pipelineOf({ pipeline: name, ...(application !== undefined && { application }) });
  const key = `${effect.run}/${workName(effect.id, stage)}`;
  const origin = { run: effect.run, stage: effect.id, key, ...(actor !== undefined && { actor }) };
  try {
    await guard.demand(actor, "EXECUTE", of, `start pipeline ${JSON.stringify(name)} below another`);
    const started = await children.start(run, child, stage.input ?? null, origin);
    if (started !== run) await recordChild(effect, started, using);
    return started;
  } catch (thrown) {
    // A pipeline that refuses to start fails the stage; a log that cannot be written does not.
    if (!DeliveryError.is(thrown) || thrown.retryable) throw thrown;
    const error = redactor.error(thrown);
    await record(using, effect, [{ type: "stage-failed", at: clock.now(), stage: effect.id, error }]);
    return undefined;
  }
}

async function recordChild(effect: IssuedEffect, child: string, using: Surroundings): Promise<void> {
  await record(using, effect, [
    { type: "stage-run-started", at: using.clock.now(), stage: effect.id, child },
  ]);
}

/** Waits for the end of the run below; undefined when the stage is over before. */
async function ended(
  { effect, bell, signal }: Attempt,
  run: string,
  using: Surroundings,
): Promise<RunState | undefined> {
  const { journal, children } = using;
  for (;;) {
    signal.throwIfAborted();
    const state = journal.peek(effect.run);
    const stage = stageOf(using, effect);
    if (!state || !stage || isOver(stage)) return undefined;
    const stop = stopOf(state, effect.id);
    if (stop)
      await children.cancel(
        run,
        stop.mode,
        `stage ${JSON.stringify(effect.id)} of run ${effect.run}: ${stop.reason}`,
      );
    const child = await children.state(run);
    if (child?.outcome !== undefined) return child;
    await children.rest(run, bell, signal);
  }
}

interface Stop {
  readonly mode: "graceful" | "forced";
  readonly reason: string;
  readonly late: boolean;
}

/** Why the run below must come to its end, and how: a cancel goes down, and the end of the stage's time is one. */
function stopOf(state: RunState, name: string): Stop | undefined {
  const planned = plannedStage(state, name);
  const { cancel } = state;
  if (cancel && planned && !isShielded(state, planned)) return { ...cancel, late: false };
  const late = state.stages[name]?.timedOut;
  return late === undefined ? undefined : { mode: "graceful", reason: late, late: true };
}

async function recordEnd(
  effect: IssuedEffect,
  child: RunState,
  pipeline: ChildPipeline | undefined,
  using: Surroundings,
): Promise<void> {
  const { journal, clock } = using;
  const { run, outcome, left } = child;
  if (outcome === "succeeded") {
    if (!pipeline) throw new Parked(`the code that takes the outputs of run ${run} is not registered here`);
    const output = { run, outcome, returned: returnedBy(effect, pipeline, child) };
    return record(using, effect, [succeeded(effect, output, using)]);
  }
  const state = journal.peek(effect.run);
  const stop = state && stopOf(state, effect.id);
  const rolledBack = outcome === "rolled-back";
  if (stop && !(outcome === "failed" && !stop.late))
    return record(using, effect, [
      stopped(effect.id, stop, clock.now(), { ...(rolledBack && { rolledBack }), ...(left && { left }) }),
    ]);
  const why = child.reason === undefined ? "" : `: ${child.reason}`;
  const error = { code: "child-run-failed", message: `run ${run} is ${outcome}${why}`, retryable: false };
  await record(using, effect, [
    {
      type: "stage-failed",
      at: clock.now(),
      stage: effect.id,
      error,
      ...(rolledBack && { rolledBack }),
      ...(left && { left }),
    },
  ]);
}

function succeeded(effect: IssuedEffect, output: Json, { clock }: Surroundings): NewEvent {
  return { type: "stage-succeeded", at: clock.now(), stage: effect.id, output };
}

/** What the end of a stage says of the run below it. */
type Below = Pick<NewEvent<"stage-cancelled">, "rolledBack" | "left">;

function stopped(stage: string, { reason, late }: Stop, at: number, below: Below = {}): NewEvent {
  if (!late) return { type: "stage-cancelled", at, stage, reason, ...below };
  const error = { code: "timeout", message: reason, retryable: false };
  return { type: "stage-failed", at, stage, error, ...below };
}

function returnedBy(effect: IssuedEffect, { returns }: ChildPipeline, child: RunState): Json {
  if (!returns) return null;
  const subject = `what stage ${JSON.stringify(effect.id)} returns of run ${child.run}`;
  let value: unknown;
  try {
    value = returns(outputsOf(child) as never);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigurationError(subject, [`returns threw: ${why}`], { cause: error });
  }
  const { json, problems } = copyJson(value, "returned");
  if (problems.length > 0) throw new ConfigurationError(subject, problems);
  return json;
}
