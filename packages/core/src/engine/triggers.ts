import { ConfigurationError, DeliveryError } from "../errors.ts";
import type { RecordedError } from "../machine/events.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { Trigger, TriggeredStart } from "../ports/trigger.ts";
import { suggest } from "../model/suggest.ts";
import type { ActingDelivery } from "./acting-delivery.ts";
import type { AskedFor } from "./notices/refused-starts.ts";
import type { Redactor } from "./redact.ts";
import type { Registry } from "./registry.ts";
import { sleep } from "./sleep.ts";

/** What triggers start runs with. */
export interface TriggerSources {
  readonly registry: Registry;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly redactor: Redactor;
  /** Asks whether an actor may, and starts. */
  readonly delivery: Pick<ActingDelivery, "start">;
  /** Told of what was refused. */
  readonly refused: (asked: AskedFor, error: unknown) => void;
}

const PAUSE_MS = 1000;
const PAUSE_MAX_MS = 60_000;

/** Takes starts from triggers, each one start at a time, until they are stopped. */
export class Triggers {
  readonly #triggers: readonly Trigger[];
  readonly #sources: TriggerSources;
  readonly #stop = new AbortController();
  #following: Promise<unknown> | undefined;

  /** @throws ConfigurationError when two have one name */
  constructor(triggers: readonly Trigger[], sources: TriggerSources) {
    const names = triggers.map(({ name }) => name);
    const twice = names.filter((name, index) => names.indexOf(name) !== index);
    if (twice.length > 0)
      throw new ConfigurationError(
        "createDelivery",
        twice.map((name) => `triggers: two are called ${JSON.stringify(name)}; rename one`),
      );
    this.#triggers = triggers;
    this.#sources = sources;
  }

  open(): void {
    if (this.#stop.signal.aborted) return;
    this.#following = Promise.all(this.#triggers.map((trigger) => this.#follow(trigger)));
  }

  /** What is being started is in the log or not, and acknowledged or not; what comes after it is not asked for. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#following;
  }

  async #follow(trigger: Trigger): Promise<void> {
    const { signal } = this.#stop;
    const { clock, logger } = this.#sources;
    for (let pauseMs = PAUSE_MS; !signal.aborted; pauseMs = Math.min(PAUSE_MAX_MS, pauseMs * 2)) {
      try {
        await this.#takeAll(trigger, () => (pauseMs = PAUSE_MS));
        return;
      } catch (error) {
        if (signal.aborted) return;
        logger.error({ trigger: trigger.name, error }, "a trigger failed; it is asked again");
      }
      await sleep(clock, pauseMs, signal);
    }
  }

  // A trigger that does not heed its signal is left behind.
  async #takeAll(trigger: Trigger, went: () => void): Promise<void> {
    const { signal } = this.#stop;
    const starts = trigger.starts({ signal })[Symbol.asyncIterator]();
    const stopped = new Promise<IteratorResult<TriggeredStart>>((resolve) => {
      signal.addEventListener("abort", () => resolve({ done: true, value: undefined }), { once: true });
    });
    while (!signal.aborted) {
      const next = await Promise.race([starts.next(), stopped]);
      if (next.done || signal.aborted) break;
      await this.#take(trigger, next.value);
      went();
    }
    if (signal.aborted) starts.return?.().catch(() => {});
  }

  async #take(trigger: Trigger, start: TriggeredStart): Promise<void> {
    const { clock, logger } = this.#sources;
    const { signal } = this.#stop;
    for (let pauseMs = PAUSE_MS; ; pauseMs = Math.min(PAUSE_MAX_MS, pauseMs * 2)) {
      try {
        const run = await this.#start(trigger, start);
        return await this.#answer(trigger, start, () => start.acknowledge(run));
      } catch (error) {
        if (signal.aborted) return;
        if (!mayPass(error)) return this.#refuse(trigger, start, error);
        logger.warn({ trigger: trigger.name, start: start.dedupeId, error }, "a start is tried again");
      }
      await sleep(clock, pauseMs, signal);
      if (signal.aborted) return;
    }
  }

  async #start(
    trigger: Trigger,
    { pipeline: name, input, dedupeId, actor }: TriggeredStart,
  ): Promise<string> {
    const { registry, delivery } = this.#sources;
    const pipeline = registry.find(name);
    if (!pipeline)
      throw new ConfigurationError(`a start by trigger ${JSON.stringify(trigger.name)}`, [
        `pipeline: none is called ${JSON.stringify(name)}${suggest(name, registry.names)}`,
      ]);
    if (typeof dedupeId !== "string" || dedupeId === "")
      throw new ConfigurationError(`a start by trigger ${JSON.stringify(trigger.name)}`, [
        "dedupeId: is missing; without it a repetition would start a second run",
      ]);
    const options = { actor: actor ?? actorOf(trigger), idempotencyKey: dedupeId };
    const { id } = await delivery.start(pipeline as never, input, options);
    return id;
  }

  async #refuse(trigger: Trigger, start: TriggeredStart, thrown: unknown): Promise<void> {
    const { logger, redactor, refused } = this.#sources;
    const error: RecordedError = redactor.error(thrown);
    logger.warn({ trigger: trigger.name, start: start.dedupeId, error }, "a start was refused");
    const { pipeline, dedupeId, actor = actorOf(trigger) } = start;
    refused({ pipeline, actor, idempotencyKey: dedupeId, trigger: trigger.name }, thrown);
    await this.#answer(trigger, start, () => start.refuse?.(error));
  }

  // Not answered, it comes again; the run that there is then answers it.
  async #answer(trigger: Trigger, { dedupeId }: TriggeredStart, answer: () => unknown): Promise<void> {
    try {
      await answer();
    } catch (error) {
      this.#sources.logger.error(
        { trigger: trigger.name, start: dedupeId, error },
        "a start could not be answered",
      );
    }
  }
}

function actorOf({ name }: Trigger): string {
  return `trigger:${name}`;
}

// The log, or whoever says who may what, is out of order for now.
function mayPass(error: unknown): boolean {
  return DeliveryError.is(error) && error.retryable;
}
