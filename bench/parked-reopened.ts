// Opens the log that the first argument names in a fresh process, and tells what that costs.
import { createDelivery } from "@gennaker/core";
import { sqlite } from "@gennaker/core/sqlite";
import { approval, pause } from "./parked-pipelines.ts";

/** Bytes more than before the log was opened. */
export interface Reopened {
  readonly heap: number;
  readonly rss: number;
}

globalThis.gc?.();
const before = process.memoryUsage();
const delivery = createDelivery({ engine: sqlite(process.argv[2] ?? ""), pipelines: [approval, pause] });
await delivery.ready();
globalThis.gc?.();
const after = process.memoryUsage();
process.send?.({ heap: after.heapUsed - before.heapUsed, rss: after.rss - before.rss } satisfies Reopened);
await delivery.close();
process.disconnect();
