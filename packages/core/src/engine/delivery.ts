import { ConflictError } from "../errors.ts";
import type { RunSummary } from "../ports/engine.ts";
import type { ActingDelivery } from "./acting-delivery.ts";
import type { DeliveryOptions } from "./delivery-options.ts";
import { type DeliveryParts, deliveryParts } from "./delivery-parts.ts";
import { engineHost } from "./engine-host.ts";
import { guardedDelivery } from "./guarded-delivery.ts";
import { Housekeeping } from "./history/housekeeping.ts";
import { policyOf, prune, type PruneOptions } from "./history/prune.ts";
import { reportOf, type Report, type ReportOptions } from "./history/report.ts";
import { NoticeBoards } from "./notices/notice-boards.ts";
import { type AskedFor, tellingRefusals } from "./notices/refused-starts.ts";
import type { AnyPipeline } from "./registry.ts";
import { shutDown } from "./shutdown.ts";
import { Triggers } from "./triggers.ts";
import { unguardedDelivery } from "./unguarded-delivery.ts";

/** The engine: starts runs, carries them out, and tells of them. What only the program itself does is not asked for. */
export interface Delivery extends ActingDelivery {
  /** Resolves once the log is open and what was unsettled goes on; every other call waits for it by itself. */
  ready(): Promise<void>;
  /** The same delivery for one actor: every call is this actor's, and is asked for and recorded as such. */
  as(actor: string): ActingDelivery;
  /** Adds a pipeline; parked runs that waited for it go on. */
  register(pipeline: AnyPipeline): void;
  /** Stops here, in order: nothing new is begun, what is under way is left as it is and goes on at the next opening. */
  close(): Promise<void>;
}

/**
 * Makes a delivery and opens its log: what a crash left unsettled goes on.
 *
 * @throws ConfigurationError with all problems of what is given; problems of the log itself reject every call
 * @example
 * const delivery = createDelivery({ engine: sqlite("deploys.db"), providers: [prod], pipelines: [promote] })
 * const run = await delivery.start(promote, { image: "shop/api:1.4.2" }, { actor: "ana", idempotencyKey: "ci-8841" })
 */
export function createDelivery(options: DeliveryOptions = {}): Delivery {
  const parts = deliveryParts(options);
  const { engine, clock, logger, redactor, registry, journal, hub, guard, effects } = parts;
  const boards = new NoticeBoards(options.notifiers ?? [], parts);
  const ready = async (): Promise<void> => {
    await prepared;
    if (hub.closed) throw new ConflictError("the delivery was closed");
  };
  const report = async (
    reported: ReportOptions,
    may: (run: RunSummary) => Promise<boolean>,
  ): Promise<Report> => {
    await ready();
    return reportOf(reported, { engine, now: clock.now() }, may);
  };
  const pruneLog = (pruned: PruneOptions, signal?: AbortSignal): Promise<number> =>
    prune(pruned, { engine, clock, readers: boards.readers, removed: (runs) => forget(runs, parts) }, signal);
  const { retention } = options;
  if (retention) policyOf(retention);
  const housekeeping = retention && new Housekeeping(clock, logger, (signal) => pruneLog(retention, signal));

  const unguarded = unguardedDelivery({ ...parts, ready, report, prune: pruneLog });
  const guardedBy = (bound: string | undefined): ActingDelivery =>
    guardedDelivery(unguarded, { guard, journal, registry, report, bound });
  const refused = (asked: AskedFor, error: unknown): void => boards.refused(asked, error);
  const boundTo = (bound: string | undefined): ActingDelivery =>
    tellingRefusals(guardedBy(bound), bound, refused);
  const triggers = new Triggers(options.triggers ?? [], {
    registry,
    clock,
    logger,
    redactor,
    delivery: guardedBy(undefined),
    refused,
  });
  // Last: whoever gets an error from here has no handle to close what is open.
  const opened = engine.open(engineHost(parts));
  // Rejects every call, rather than the process.
  opened.catch((error: unknown) => logger.error({ error }, "the log cannot be opened"));
  const prepared = opened.then(() => boards.open());
  prepared.catch(() => {});
  const goOn = async (): Promise<void> => {
    await ready();
    triggers.open();
    housekeeping?.open();
  };
  // A log that cannot be opened is reported by every call.
  goOn().catch(() => {});

  let closing: Promise<void> | undefined;
  return {
    ...boundTo(undefined),
    ready,
    as: boundTo,
    register(pipeline) {
      if (registry.add(pipeline)) effects.unpark();
    },
    close: () => (closing ??= shutDown({ ...parts, opened, triggers, housekeeping, boards })),
  };
}

function forget(runs: readonly string[], { journal, hub }: DeliveryParts): void {
  for (const run of runs) {
    journal.forget(run);
    // Who follows it hears that it is gone.
    hub.notify(run, true);
  }
}
