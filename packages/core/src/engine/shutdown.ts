import type { DeliveryParts } from "./delivery-parts.ts";
import type { Housekeeping } from "./history/housekeeping.ts";
import type { NoticeBoards } from "./notices/notice-boards.ts";
import type { Triggers } from "./triggers.ts";

/** What is shut down. */
interface OpenDelivery extends Pick<DeliveryParts, "clock" | "hub" | "engine" | "effects" | "registry"> {
  /** Settles when the log is open, or cannot be. */
  readonly opened: Promise<void>;
  readonly triggers: Triggers;
  readonly housekeeping: Housekeeping | undefined;
  readonly boards: NoticeBoards;
}

/** Begins nothing new, leaves what is under way as it is, and closes the log and the providers. */
export async function shutDown(running: OpenDelivery): Promise<void> {
  // The clock's timers hold no program; this must come to its end.
  const letGo = running.clock.hold?.();
  try {
    await shutDownInOrder(running);
  } finally {
    letGo?.();
  }
}

async function shutDownInOrder(running: OpenDelivery): Promise<void> {
  const { hub, engine, effects, registry, triggers, housekeeping, boards } = running;
  hub.close();
  // A log that could not be opened was reported by `ready`; there is nothing to close then.
  const open = await running.opened.then(
    () => true,
    () => false,
  );
  await triggers.close();
  await housekeeping?.close();
  await effects.close();
  if (open) await boards.close();
  const closed = await Promise.allSettled([
    open ? engine.close() : undefined,
    ...registry.providers.map(async (provider) => provider.close()),
  ]);
  for (const end of closed) if (end.status === "rejected") throw end.reason;
}
