import { DeliveryError, TimeoutError } from "../../errors.ts";
import { formatDuration } from "../../model/duration.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Logger } from "../../ports/logger.ts";
import type { NoticeContext } from "../../ports/notifier.ts";
import { sleep } from "../sleep.ts";

/** How a notice is told. */
export interface Telling {
  readonly notifier: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Aborts when nothing is tried again any more. */
  readonly closing: AbortSignal;
  /** Aborts when nobody waits for the call any more. */
  readonly stop: AbortSignal;
}

const PATIENCE_MS = 30_000;
const PAUSE_MS = 1000;
const PAUSE_MAX_MS = 60_000;
// A hiccup of a chat is a warning; from here on somebody should look.
const HICCUPS = 4;

/** Tells one notice until it is told, or is given up; false: it was neither, and must be told again after a restart. */
export async function tell(
  dedupeId: string,
  call: (context: Omit<NoticeContext, "thread">) => Promise<void> | void,
  telling: Telling,
): Promise<boolean> {
  const { notifier, clock, logger, closing } = telling;
  for (let attempt = 1; ; attempt += 1) {
    try {
      await bounded((signal) => call({ dedupeId, attempt, signal }), telling);
      return true;
    } catch (error) {
      if (telling.stop.aborted) return false;
      const about = { notifier, notice: dedupeId, attempt, error };
      if (isFinal(error)) {
        logger.error(about, "a notice was given up: its notifier says that it can never be told");
        return true;
      }
      logger[attempt > HICCUPS ? "error" : "warn"](about, "a notice could not be told; it is tried again");
    }
    if (!closing.aborted) await sleep(clock, Math.min(PAUSE_MAX_MS, PAUSE_MS * 2 ** (attempt - 1)), closing);
    if (closing.aborted) return false;
  }
}

function isFinal(error: unknown): boolean {
  return typeof error === "object" && error !== null && "retryable" in error
    ? error.retryable === false && !(DeliveryError.is(error) && error.code === "GENNAKER_TIMEOUT")
    : false;
}

// A notifier that never answers must not hold up those that come after.
async function bounded(
  call: (signal: AbortSignal) => Promise<void> | void,
  { notifier, clock, stop }: Telling,
): Promise<void> {
  const patience = new AbortController();
  const late = Promise.withResolvers<never>();
  const end = (reason: unknown): void => {
    patience.abort(reason);
    late.reject(reason);
  };
  const abort = (): void => end(stop.reason);
  if (stop.aborted) throw stop.reason;
  // A program that has nothing else to do waits for the answer, but not for the next try: the log keeps the notice.
  const letGo = clock.hold?.();
  stop.addEventListener("abort", abort, { once: true });
  const callOff = clock.after(PATIENCE_MS, () =>
    end(
      new TimeoutError(
        `notifier ${JSON.stringify(notifier)} did not answer within ${formatDuration(PATIENCE_MS)}`,
      ),
    ),
  );
  try {
    await Promise.race([call(patience.signal), late.promise]);
  } finally {
    callOff();
    letGo?.();
    stop.removeEventListener("abort", abort);
  }
}
