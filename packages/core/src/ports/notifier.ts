import type { Event, RecordedError } from "../machine/events.ts";
import type { Thread } from "../machine/thread/thread.ts";

/** What comes with a notice. */
export interface NoticeContext {
  /** The run as a reader sees it after this event: enough to render its message from scratch. */
  readonly thread: Thread;
  /** The same on every delivery of this notice: how a repetition is known. */
  readonly dedupeId: string;
  /** 1, 2, 3 … in this process. */
  readonly attempt: number;
  /** Aborts when nobody waits for the call any more: it took too long, or the delivery closes. */
  readonly signal: AbortSignal;
}

/** A run that could not be started. It is in no log: the notice is told while the process lives. */
export interface StartRefusal {
  readonly pipeline: string;
  readonly at: number;
  readonly actor?: string;
  readonly idempotencyKey?: string;
  /** Name of the trigger that asked for it. */
  readonly trigger?: string;
  /** Why, with all problems; without secrets. */
  readonly error: RecordedError;
}

/**
 * Tells people of runs: a chat, a mail, a status of a commit. It is told of each event that changes what a reader sees (see
 * `Thread`): at least once, those of one run in order and one at a time, from where it stood, also after a crash.
 * It never holds a run up. A rejection is tried again with growing pauses until it succeeds, unless the error says
 * `retryable: false`; then the notice is given up, and the logger told.
 */
export interface Notifier {
  /** Under which the log keeps how far it was told; the same for ever. */
  readonly name: string;
  /** Resolves when people can see it. A notice may come again, also an older one than was shown: know it by its `dedupeId`. */
  notify(event: Event, context: NoticeContext): Promise<void> | void;
  /** Somebody, or a trigger, tried to start what cannot be started. Absent: not told. */
  refused?(refusal: StartRefusal, context: Omit<NoticeContext, "thread">): Promise<void> | void;
}
