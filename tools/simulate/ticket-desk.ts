import { defineStage, type StageContext } from "@gennaker/core";
import { TimeoutError } from "@gennaker/core/ports";
import type { StageWorld } from "@gennaker/testkit";

/** A system outside, which recognises a key that it has seen: each ticket is opened once, however often it is asked for. */
export class TicketDesk {
  readonly #opened = new Map<string, number>();
  asked = 0;

  open(key: string): number {
    this.asked += 1;
    const ticket = this.#opened.get(key) ?? this.#opened.size + 1;
    this.#opened.set(key, ticket);
    return ticket;
  }

  get tickets(): number {
    return this.#opened.size;
  }
}

/** A user's stage: slow, and now and then without an answer. */
export const openTicket = defineStage({
  type: "open-ticket",
  retry: { attempts: 5, delay: "10s" },
  run: (_: StageContext<{ title: string }>): { ticket: number } => {
    throw new Error("there is no desk here");
  },
});

/** What the stage does, at a desk. */
export function ticketAt(
  desk: TicketDesk,
): (context: StageContext<never>, world: StageWorld) => Promise<{ ticket: number }> {
  return async ({ idempotencyKey, signal }, world) => {
    await world.sleep("5s", signal);
    const ticket = desk.open(idempotencyKey);
    await world.sleep("5s", signal);
    if (world.chance(0.3)) throw new TimeoutError("the desk did not answer");
    return { ticket };
  };
}
