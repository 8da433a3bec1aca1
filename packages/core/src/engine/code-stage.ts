import { ConfigurationError, DeliveryError } from "../errors.ts";
import { isShielded, plannedStage } from "../machine/run/planned.ts";
import { isOver, type StageState, workName } from "../machine/run/state.ts";
import { copyJson, type Json } from "../model/json.ts";
import type { PipelineStage } from "../model/pipeline-stage.ts";
import type { StageContext } from "../model/stage.ts";
import type { IssuedEffect } from "../ports/engine.ts";
import type { Attempt } from "./attempt.ts";
import { type Outlook, outlookOf } from "./outlook.ts";
import { withFollowers } from "./followers.ts";
import { validate } from "./stage-input.ts";
import { record, secretUse, stageOf, type Surroundings } from "./surroundings.ts";

const RETRY_MS = 1000;
const RETRY_MAX_MS = 60_000;

/** Runs one attempt of a user's own stage, and records how it ended. */
export async function runCodeStage(
  attempt: Attempt,
  code: PipelineStage,
  using: Surroundings,
): Promise<void> {
  const { effect } = attempt;
  const stage = stageOf(using, effect);
  if (!stage || isOver(stage)) return;
  let output: Json;
  try {
    if (attempt.stopped) throw attempt.stopped;
    output = await callStage(attempt, code, stage, using);
  } catch (error) {
    // Lost the fence, or the delivery closes: not a failure of the stage.
    if (isConflict(attempt.stopped) || isConflict(error)) throw error;
    return recordFailure(effect, error, using);
  }
  // Outside of the above: a log that cannot be written is no failure of the stage either.
  const succeeded = { type: "stage-succeeded", at: using.clock.now(), stage: effect.id, output } as const;
  const incoming = await withFollowers(succeeded, effect.run, using);
  await using.journal.insist(effect.run, { fence: effect, incoming });
}

async function callStage(
  attempt: Attempt,
  code: PipelineStage,
  stage: StageState,
  using: Surroundings,
): Promise<Json> {
  const input = await using.secrets.reveal(stage.input ?? null, secretUse(attempt, using));
  // Cancelled while a vault was asked.
  if (attempt.stopped) throw attempt.stopped;
  const output = await checkOutput(
    code,
    await code.type.run?.(new CodeContext(attempt, stage, input, using)),
  );
  return using.redactor.learned(output);
}

/** Whether an error says that somebody else's result counts. */
export function isConflict(error: unknown): boolean {
  return DeliveryError.is(error) && error.code === "GENNAKER_CONFLICT";
}

async function recordFailure(effect: IssuedEffect, thrown: unknown, using: Surroundings): Promise<void> {
  const { journal, redactor, clock } = using;
  const at = clock.now();
  const state = journal.peek(effect.run);
  const planned = state && plannedStage(state, effect.id);
  const cancel = state && planned && !isShielded(state, planned) ? state.cancel : undefined;
  if (cancel)
    return record(using, effect, [{ type: "stage-cancelled", at, stage: effect.id, reason: cancel.reason }]);
  const error = redactor.error(thrown);
  const { attempts, delayMs = RETRY_MS } = planned?.retry ?? { attempts: 1 };
  const attempt = stageOf(using, effect)?.attempt ?? 1;
  if (!error.retryable || attempt >= attempts)
    return record(using, effect, [{ type: "stage-failed", at, stage: effect.id, error }]);
  const retryAt = at + Math.min(Math.max(RETRY_MAX_MS, delayMs), delayMs * 2 ** (attempt - 1));
  await journal.insist(effect.run, {
    fence: effect,
    incoming: [{ type: "stage-retried", at, stage: effect.id, attempt, error, retryAt }],
    retry: { id: effect.id, attempt: attempt + 1 },
  });
}

async function checkOutput(code: PipelineStage, output: unknown): Promise<Json> {
  const value = code.type.output ? await validate(code.type.output, output, outputOf(code)) : output;
  const { json, problems } = copyJson(value, "output");
  if (problems.length > 0) throw new ConfigurationError(outputOf(code), problems);
  return json;
}

function outputOf({ name }: PipelineStage): string {
  return `the output of stage ${JSON.stringify(name)}`;
}

// Most stages use little of it: what is not asked for is not made.
class CodeContext implements StageContext<unknown> {
  readonly #attempt: Attempt;
  readonly #using: Surroundings;
  readonly #stage: StageState;
  readonly input: unknown;
  readonly attempt: number;

  constructor(attempt: Attempt, stage: StageState, input: Json, using: Surroundings) {
    this.#attempt = attempt;
    this.#using = using;
    this.#stage = stage;
    this.input = input;
    this.attempt = stage.attempt;
  }

  get run(): string {
    return this.#attempt.effect.run;
  }

  get stage(): string {
    return this.#attempt.effect.id;
  }

  get idempotencyKey(): string {
    return `${this.run}/${workName(this.stage, this.#stage)}`;
  }

  get signal(): AbortSignal {
    return this.#attempt.signal;
  }

  get progress(): StageContext<unknown>["progress"] {
    return (message, ratio) => {
      const told = recordProgress(this.#attempt.effect, message, ratio, this.#using);
      // Nobody need wait for it; what went wrong, the attempt's end will tell.
      told.catch(() => {});
      return told;
    };
  }

  get redact(): StageContext<unknown>["redact"] {
    return (text) => this.#using.redactor.known(text);
  }

  get sleep(): StageContext<unknown>["sleep"] {
    return this.#outlook().sleep;
  }

  get observe(): StageContext<unknown>["observe"] {
    return this.#outlook().observe;
  }

  get lastRun(): StageContext<unknown>["lastRun"] {
    return this.#outlook().lastRun;
  }

  #outlook(): Outlook {
    return outlookOf(this.run, this.signal, this.#using);
  }

  get step(): StageContext<unknown>["step"] {
    return (name, compute) => recordStep(this.#attempt.effect, name, compute, this.#using);
  }
}

/** Records a line of progress of a stage. */
export async function recordProgress(
  effect: IssuedEffect,
  message: string,
  ratio: number | undefined,
  using: Surroundings,
): Promise<void> {
  await record(using, effect, [
    {
      type: "stage-progressed",
      at: using.clock.now(),
      stage: effect.id,
      message: using.redactor.text(message),
      // A total of 0 makes a share that is no number: it says nothing.
      ...(Number.isFinite(ratio) && { ratio: Math.min(1, Math.max(0, ratio ?? 0)) }),
    },
  ]);
}

/** Computes a value once in the life of a stage, and records it. */
export async function recordStep<T extends Json>(
  effect: IssuedEffect,
  step: string,
  compute: () => T | Promise<T>,
  using: Surroundings,
): Promise<T> {
  const steps = stageOf(using, effect)?.steps ?? {};
  if (Object.hasOwn(steps, step)) return steps[step] as T;
  if (using.redactor.holdsLearned(step))
    throw new ConfigurationError(`stage ${JSON.stringify(effect.id)}`, [
      "step: its name holds a secret, and would be recorded; name it by what it does",
    ]);
  const { json, problems } = copyJson(await compute(), `step ${JSON.stringify(step)}`);
  if (problems.length > 0) throw new ConfigurationError(`stage ${JSON.stringify(effect.id)}`, problems);
  const value = using.redactor.learned(json);
  await record(using, effect, [
    { type: "stage-step-recorded", at: using.clock.now(), stage: effect.id, step, value },
  ]);
  // The same now as on a later attempt.
  return value as T;
}
