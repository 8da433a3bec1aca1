import { ConflictError, DeliveryError } from "../errors.ts";
import type { RunState } from "../machine/run/state.ts";
import type { Json } from "../model/json.ts";
import type { ChildPipeline } from "../stages/run-pipeline.ts";
import type { Clock } from "../ports/clock.ts";
import { type Admissions, admissionOf, explainRefusal } from "./admissions.ts";
import type { Bell } from "./bell.ts";
import type { StreamHub } from "./event-stream.ts";
import type { Journal } from "./journal.ts";
import type { Switches } from "./switches.ts";

// A maker of ids that counts may begin again after a crash.
const TRIES_MAX = 1000;

/** Where a run below another one comes from. */
export interface Origin {
  readonly run: string;
  readonly stage: string;
  /** One start for one key. */
  readonly key: string;
  readonly actor?: string;
}

// Nobody asks again for a stage: that there was no place is how it ended.
function final(error: unknown): unknown {
  if (!DeliveryError.is(error) || error.code !== "GENNAKER_CONFLICT") return error;
  return new ConflictError(error.message, { details: error.details, cause: error });
}

/** Runs that stages start, follow and cancel. */
export class Children {
  readonly #journal: Journal;
  readonly #hub: StreamHub;
  readonly #switches: Switches;
  readonly #admissions: Admissions;
  readonly #clock: Clock;
  readonly #newId: () => string;

  constructor(
    { journal, clock }: { readonly journal: Journal; readonly clock: Clock },
    hub: StreamHub,
    { switches, admissions }: { readonly switches: Switches; readonly admissions: Admissions },
    newId: () => string,
  ) {
    this.#journal = journal;
    this.#hub = hub;
    this.#switches = switches;
    this.#admissions = admissions;
    this.#clock = clock;
    this.#newId = newId;
  }

  /** An id that no run has. */
  async newId(): Promise<string> {
    let id = this.#newId();
    for (let tries = 0; tries < TRIES_MAX && (await this.#journal.state(id)); tries += 1) id = this.#newId();
    return id;
  }

  /** Whether a run is there that a stage has started. */
  async isBegun(child: string, run: string, stage: string): Promise<boolean> {
    const parent = (await this.#journal.state(child))?.parent;
    return parent?.run === run && parent.stage === stage;
  }

  state(run: string): Promise<RunState | undefined> {
    return this.#journal.state(run);
  }

  /**
   * Starts a run, or finds the one of the same key.
   *
   * @throws ConfigurationError when its plan cannot be made of its input
   * @throws ConflictError when its pipeline is disabled, or refuses while others are under way
   */
  async start(run: string, { pipeline }: ChildPipeline, input: Json, origin: Origin): Promise<string> {
    await this.#switches.check(pipeline.name);
    const at = this.#clock.now();
    const { key, actor, stage } = origin;
    const { name, application } = pipeline;
    const admission = admissionOf(pipeline, input);
    const said = { idempotencyKey: key, ...(actor !== undefined && { actor }) };
    const { run: begun, permits } = await this.#journal
      .create(
        { run, pipeline: name, startedAt: at, ...said, ...(application !== undefined && { application }) },
        {
          type: "run-started",
          at,
          plan: pipeline.plan(input),
          input,
          ...said,
          parent: { run: origin.run, stage },
          ...(admission && { admission }),
        },
      )
      .catch(async (error: unknown) => {
        throw final(await explainRefusal(error, name, admission, this.#journal));
      });
    if (admission) await this.#admissions.created(begun, permits[0]);
    return begun;
  }

  /** Cancels a run, unless it is over or was cancelled so already. */
  async cancel(run: string, mode: "graceful" | "forced", reason: string): Promise<void> {
    const at = this.#clock.now();
    await this.#journal.insist(run, {
      incoming: ({ outcome, cancel }) =>
        outcome !== undefined || cancel?.mode === mode || cancel?.mode === "forced"
          ? []
          : [{ type: "run-cancel-requested", at, mode, reason }],
    });
  }

  /** Waits until a run is over or the bell rings. */
  async rest(run: string, bell: Bell, signal: AbortSignal): Promise<void> {
    const ended = this.#hub.listen(`end of ${run}`);
    const done = new AbortController();
    const either = AbortSignal.any([signal, done.signal]);
    try {
      if ((await this.#journal.state(run))?.outcome !== undefined) return;
      await Promise.race([ended.wait(either), bell.wait(either)]);
    } finally {
      done.abort();
      this.#hub.leave(`end of ${run}`, ended);
    }
  }
}
