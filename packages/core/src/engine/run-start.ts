import type { NewEvent } from "../machine/events.ts";
import type { Json } from "../model/json.ts";
import type { StartOptions } from "./acting-delivery.ts";
import { admissionOf, explainRefusal } from "./admissions.ts";
import type { AnyPipeline } from "./registry.ts";
import type { RunAccess } from "./run-access.ts";
import { runHandle, type RunHandle } from "./run-handle.ts";

/** A run to start. */
export interface RunStart {
  readonly pipeline: AnyPipeline;
  /** As it is recorded. */
  readonly input: Json;
  /** Default: the pipeline's. */
  readonly application?: string | undefined;
  /** Of which run it is a new start, and why. */
  readonly again?: Pick<NewEvent<"run-started">, "restarts" | "reason">;
}

/** What starts of runs work with. */
export interface StartAccess extends RunAccess {
  readonly newRunId: () => string;
}

/** @throws ConflictError when its pipeline is disabled, or has no place for one more */
export async function startRun(
  { pipeline, input, application = pipeline.application, again }: RunStart,
  { actor, idempotencyKey }: StartOptions,
  access: StartAccess,
): Promise<RunHandle> {
  const { journal, clock, switches, admissions } = access;
  await access.ready();
  const { name } = pipeline;
  await switches.check(name);
  const at = clock.now();
  const said = {
    ...(idempotencyKey !== undefined && { idempotencyKey }),
    ...(actor !== undefined && { actor }),
  };
  const of = application === undefined ? {} : { application };
  const admission = admissionOf(pipeline, input);
  const plan = { ...pipeline.plan(input), ...of };
  const { run, permits } = await journal
    .create(
      { run: access.newRunId(), pipeline: name, startedAt: at, ...said, ...of },
      { type: "run-started", at, plan, input, ...said, ...again, ...(admission && { admission }) },
    )
    .catch(async (error: unknown) => {
      throw await explainRefusal(error, name, admission, journal);
    });
  if (admission) await admissions.created(run, permits[0]);
  return runHandle(run, access);
}
