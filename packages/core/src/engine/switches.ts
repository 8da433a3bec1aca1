import { ConfigurationError, ConflictError } from "../errors.ts";
import type { Event } from "../machine/events.ts";
import type { Disabled } from "../machine/run/state.ts";
import type { Clock } from "../ports/clock.ts";
import type { Journal } from "./journal.ts";

/** The name under which the records of switches stand among the runs of a log. */
export const SWITCHES = "gennaker:switches";

/** Pipelines that are switched off. The record of each is a run of no stages in the log, so that it outlives the process. */
export class Switches {
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #known = new Map<string, Disabled | undefined>();

  constructor(journal: Journal, clock: Clock) {
    this.#journal = journal;
    this.#clock = clock;
  }

  /** Why a pipeline is disabled; undefined when it is not. */
  async of(pipeline: string): Promise<Disabled | undefined> {
    if (!this.#known.has(pipeline)) {
      const record = await this.#journal.state(recordOf(pipeline));
      // Meanwhile it may have been heard of.
      if (!this.#known.has(pipeline)) this.#known.set(pipeline, record?.disabled);
    }
    return this.#known.get(pipeline);
  }

  /** @throws ConflictError when the pipeline is disabled; it says why */
  async check(pipeline: string): Promise<void> {
    const disabled = this.#known.has(pipeline) ? this.#known.get(pipeline) : await this.of(pipeline);
    if (!disabled) return;
    const { reason, actor, at } = disabled;
    const who = actor === undefined ? "" : ` by ${actor}`;
    throw new ConflictError(
      `pipeline ${JSON.stringify(pipeline)} is disabled since ${new Date(at).toISOString()}${who}: ${reason}; nothing was started (delivery.enable(…) lets it start again)`,
      { details: { pipeline, reason } },
    );
  }

  /** Hears what was recorded, by whomever. */
  notice(event: Event): void {
    if (event.type === "pipeline-disabled") {
      const { reason, at, actor } = event;
      this.#known.set(event.pipeline, { reason, at, ...(actor !== undefined && { actor }) });
    } else if (event.type === "pipeline-enabled") this.#known.set(event.pipeline, undefined);
  }

  async disable(pipeline: string, act: { readonly actor?: string; readonly reason: string }): Promise<void> {
    const { reason, actor } = act;
    const by = actor === undefined ? {} : { actor };
    if (typeof reason !== "string" || reason.trim() === "")
      throw new ConfigurationError("disable", ["reason: is missing; whoever is refused will ask for it"]);
    const run = await this.#record(pipeline);
    const at = this.#clock.now();
    await this.#journal.advance(run, {
      incoming: ({ disabled }) =>
        disabled?.reason === reason ? [] : [{ type: "pipeline-disabled", at, pipeline, reason, ...by }],
    });
  }

  async enable(pipeline: string, act: { readonly actor?: string; readonly reason?: string }): Promise<void> {
    if (!(await this.of(pipeline))) return;
    const by = {
      ...(act.actor !== undefined && { actor: act.actor }),
      ...(act.reason !== undefined && { reason: act.reason }),
    };
    const at = this.#clock.now();
    await this.#journal.advance(recordOf(pipeline), {
      incoming: ({ disabled }) => (disabled ? [{ type: "pipeline-enabled", at, pipeline, ...by }] : []),
    });
  }

  // It begins before all time: lists of the newest runs have other things to show.
  async #record(pipeline: string): Promise<string> {
    const run = recordOf(pipeline);
    const plan = { pipeline: SWITCHES, stages: [] };
    await this.#journal.create(
      { run, pipeline: SWITCHES, startedAt: 0, idempotencyKey: pipeline },
      { type: "run-started", at: this.#clock.now(), plan, input: pipeline, idempotencyKey: pipeline },
    );
    return run;
  }
}

function recordOf(pipeline: string): string {
  return `switch of ${pipeline}`;
}
