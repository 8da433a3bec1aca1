import type { RecordedError } from "../machine/events.ts";
import type { Json } from "../model/json.ts";

/** A start that something outside asks for. */
export interface TriggeredStart {
  /** Name of a registered pipeline. */
  readonly pipeline: string;
  readonly input: Json;
  /** The same whenever this start is asked for again: it becomes the run's idempotency key. */
  readonly dedupeId: string;
  /** Default: `trigger:` and the trigger's name. */
  readonly actor?: string;
  /** The run is in the log for good, now or from before: the start need not be asked for again. */
  acknowledge(run: string): Promise<void> | void;
  /** It will never be started, and why: it need not be asked for again, either. Notifiers were told. */
  refuse?(error: RecordedError): Promise<void> | void;
}

/**
 * Starts runs because of something outside: a webhook, a queue, a registry, a clock. The next start is asked for when the one
 * before was acknowledged or refused; whatever comes meanwhile waits at its source. What was not acknowledged (a
 * crash, a closed delivery) must be yielded again, with the same `dedupeId`.
 */
export interface Trigger {
  readonly name: string;
  /** Ends when the signal aborts. Called again, after a pause, when it throws; not when it ends by itself. */
  starts(options: { readonly signal: AbortSignal }): AsyncIterable<TriggeredStart>;
}
