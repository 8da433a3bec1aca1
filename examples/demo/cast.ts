import { join } from "node:path";
import { local } from "@gennaker/provider-local";
import { Child } from "./child.ts";
import type { Tally } from "./load/tally.ts";
import type { FromOrchestrator, Order, ToLoad, ToOrchestrator } from "./messages.ts";

/** A process that deploys. */
export type Orchestrator = Child<ToOrchestrator, FromOrchestrator>;

/** A process that sends requests. */
export type Load = Child<ToLoad, Tally>;

const CLOSE_WITHIN_MS = 5000;
const SHUTDOWN_WITHIN_MS = 30_000;

/** Starts a process that deploys; the order is all that it knows. */
export function startOrchestrator(order: Order, heard: (message: FromOrchestrator) => void): Orchestrator {
  return new Child("./orchestrate.ts", order, heard);
}

/** Starts a process that will send requests. */
export function startLoad(heard: (tally: Tally) => void): Load {
  return new Child("./load/main.ts", {}, heard);
}

/** Ends all processes of a demo: first who asks, then who deploys, then the service and its balancer. */
export async function dismiss(
  directory: string,
  load: Load | undefined,
  orchestrator: Orchestrator | undefined,
): Promise<void> {
  load?.say({ do: "end" });
  await load?.endWithin(CLOSE_WITHIN_MS);
  orchestrator?.say({ do: "close" });
  await orchestrator?.endWithin(CLOSE_WITHIN_MS);
  // Whoever deployed may be dead: this needs only the directory.
  const machine = local({ directory: join(directory, "machine") });
  await machine.shutdown({ signal: AbortSignal.timeout(SHUTDOWN_WITHIN_MS) });
  await machine.close();
}
