import { DeliveryError } from "../../errors.ts";
import type { StartRefusal } from "../../ports/notifier.ts";
import type { ActingDelivery, StartOptions } from "../acting-delivery.ts";
import { SHORT_FORM } from "../short-form.ts";

/** What is known of a start that was refused, besides why. */
export type AskedFor = Pick<StartRefusal, "pipeline" | "actor" | "idempotencyKey" | "trigger">;

/** The same delivery; whatever cannot be started is told, and thrown as before. */
export function tellingRefusals(
  inner: ActingDelivery,
  bound: string | undefined,
  told: (asked: AskedFor, error: unknown) => void,
): ActingDelivery {
  const telling = async <T>(
    pipeline: string,
    options: StartOptions | undefined,
    start: () => Promise<T>,
  ): Promise<T> => {
    try {
      return await start();
    } catch (error) {
      // A delivery that is closed, or a log that cannot be written, refuses nothing: somebody may try again.
      if (isRefusal(error)) told(askedFor(pipeline, bound, options), error);
      throw error;
    }
  };
  return {
    ...inner,
    start: async (pipeline, input, options) =>
      telling(pipeline.name, options, () => inner.start(pipeline, input, options)),
    deploy: async (input, options) => telling(SHORT_FORM, options, () => inner.deploy(input, options)),
    undo: async (cluster, options) => telling(SHORT_FORM, options, () => inner.undo(cluster, options)),
  };
}

function isRefusal(error: unknown): boolean {
  return !DeliveryError.is(error) || (!error.retryable && error.code !== "GENNAKER_CONFLICT");
}

function askedFor(pipeline: string, bound: string | undefined, options: StartOptions = {}): AskedFor {
  const { idempotencyKey } = options;
  const actor = options.actor ?? bound;
  return {
    pipeline,
    ...(actor !== undefined && { actor }),
    ...(idempotencyKey !== undefined && { idempotencyKey }),
  };
}
