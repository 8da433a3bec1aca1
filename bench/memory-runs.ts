import { createDelivery, type Event, memory } from "@gennaker/core";
import { commitsOfOneRun } from "./commits-of-one-run.ts";
import { type Row, row } from "./row.ts";
import { runFor, tenSteps } from "./ten-steps.ts";

const ROUNDS = 5;
const AT_ONCE = 100;
const ROUND_MS = 1000;

/** How many runs of ten steps one process carries out in a second, in memory. */
export async function measure(): Promise<readonly Row[]> {
  const commits = await commitsOfOneRun();
  await round();
  const rates: number[] = [];
  const floors: number[] = [];
  for (let n = 0; n < ROUNDS; n += 1) {
    globalThis.gc?.();
    rates.push(await round());
    floors.push(await floor(commits));
  }
  const events = commits.flat().length;
  return [
    row(
      {
        budget: "ten-step runs, in memory",
        unit: "runs/s",
        measured: Math.max(...rates),
        floor: Math.max(...floors),
        note: `best of ${ROUNDS} rounds, ${AT_ONCE} at once, ${events} events in ${commits.length} commits each; floor: the same events, cloned and pushed to an array, one turn for each commit`,
      },
      { of: "measured", atLeast: 10_000 },
    ),
  ];
}

async function round(): Promise<number> {
  const delivery = createDelivery({ engine: memory(), pipelines: [tenSteps] });
  const { runs, ms } = await runFor(delivery, AT_ONCE, ROUND_MS);
  await delivery.close();
  return (runs * 1000) / ms;
}

async function floor(commits: readonly (readonly Event[])[]): Promise<number> {
  const begun = performance.now();
  let log: Event[] = [];
  let runs = 0;
  while (performance.now() - begun < ROUND_MS / 3) {
    for (const events of commits) {
      for (const event of events) log.push({ ...event });
      await Promise.resolve();
    }
    runs += 1;
    if (runs % 10_000 === 0) log = [];
  }
  return (runs * 1000) / (performance.now() - begun);
}
