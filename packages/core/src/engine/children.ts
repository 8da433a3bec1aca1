import type { RunState } from "../machine/run/state.ts";
import type { Json } from "../model/json.ts";
import type { ChildPipeline } from "../stages/run-pipeline.ts";
import type { Clock } from "../ports/clock.ts";
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

/** Runs that stages start, follow and cancel. */
export class Children {
  readonly #journal: Journal;
  readonly #hub: StreamHub;
  readonly #switches: Switches;
  readonly #clock: Clock;
  readonly #newId: () => string;

  constructor(
    { journal, clock }: { readonly journal: Journal; readonly clock: Clock },
    hub: StreamHub,
    switches: Switches,
    newId: () => string,
  ) {
    this.#journal = journal;
    this.#hub = hub;
    this.#switches = switches;
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
   * @throws ConflictError when its pipeline is disabled
   */
  async start(run: string, { pipeline }: ChildPipeline, input: Json, origin: Origin): Promise<string> {
    await this.#switches.check(pipeline.name);
    const at = this.#clock.now();
    const { key, actor, stage } = origin;
    const result = await this.#journal.create(
      {
        run,
        pipeline: pipeline.name,
        startedAt: at,
        idempotencyKey: key,
        ...(pipeline.application !== undefined && { application: pipeline.application }),
        ...(actor !== undefined && { actor }),
      },
      {
        type: "run-started",
        at,
        plan: pipeline.plan(input),
        input,
        idempotencyKey: key,
        parent: { run: origin.run, stage },
        ...(actor !== undefined && { actor }),
      },
    );
    return result.run;
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
