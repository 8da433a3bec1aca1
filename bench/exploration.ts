import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Explored } from "./explore-one.ts";
import { type Row, row } from "./row.ts";

const STRATEGIES = ["red-black", "highlander"];

/** How long it takes to explore every strategy, a thread for each. */
export async function measure(): Promise<readonly Row[]> {
  const begun = performance.now();
  const found = await Promise.all(STRATEGIES.map(explore));
  const seconds = (performance.now() - begun) / 1000;
  const states = found.reduce((sum, one) => sum + one.states, 0);
  const findings = found.reduce((sum, one) => sum + one.findings, 0);
  const complete = found.every((one) => one.complete) ? "complete" : "NOT complete";
  return [
    row(
      {
        budget: "exploration of all strategies",
        unit: "s",
        measured: seconds,
        floor: null,
        note: `${STRATEGIES.join(", ")}; 3 ways to split traffic × sizes 1–3, 3 faults: ${states.toLocaleString("en-US")} states, ${findings} findings, ${complete}`,
      },
      { of: "measured", atMost: 60 },
    ),
  ];
}

async function explore(strategy: string): Promise<Explored> {
  const worker = new Worker(new URL("./explore-one.ts", import.meta.url), { workerData: strategy });
  const [found] = (await once(worker, "message")) as [Explored];
  return found;
}
