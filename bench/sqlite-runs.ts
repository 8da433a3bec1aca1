import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createDelivery, type Event } from "@gennaker/core";
import { sqlite } from "@gennaker/core/sqlite";
import { commitsOfOneRun } from "./commits-of-one-run.ts";
import { openRawLog } from "./raw-log.ts";
import { type Row, row } from "./row.ts";
import { runFor, tenSteps } from "./ten-steps.ts";

const ROUNDS = 3;
const AT_ONCE = 100;
const ROUND_MS = 2000;
const STEPS = 10;

/** How many steps a second one process carries out durably, 100 runs at once. */
export async function measure(): Promise<readonly Row[]> {
  const directory = mkdtempSync(join(tmpdir(), "gennaker-bench-"));
  try {
    const commits = await commitsOfOneRun();
    await round(join(directory, "warm.db"));
    const rates: number[] = [];
    const floors: number[] = [];
    for (let n = 0; n < ROUNDS; n += 1) {
      rates.push(await round(join(directory, `engine-${n}.db`)));
      floors.push(await floor(join(directory, `raw-${n}.db`), commits));
    }
    const events = commits.flat().length;
    return [
      row(
        {
          budget: "steps of ten-step runs, SQLite FULL",
          unit: "steps/s",
          measured: Math.max(...rates),
          floor: Math.max(...floors),
          note: `best of ${ROUNDS} rounds, ${AT_ONCE} runs at once, ${events} events in ${commits.length} commits each; floor: the same events in the same commits, raw rows indexed by run, group-committed by node:sqlite on the same disk`,
        },
        { of: "ratio", atLeast: 0.5 },
      ),
    ];
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function round(file: string): Promise<number> {
  const delivery = createDelivery({ engine: sqlite(file), pipelines: [tenSteps] });
  const { runs, ms } = await runFor(delivery, AT_ONCE, ROUND_MS);
  await delivery.close();
  return (runs * STEPS * 1000) / ms;
}

async function floor(file: string, commits: readonly (readonly Event[])[]): Promise<number> {
  const log = openRawLog(file);
  const begun = performance.now();
  let runs = 0;
  const oneAfterTheOther = async (_: unknown, caller: number): Promise<void> => {
    for (let run = caller; performance.now() - begun < ROUND_MS; run += AT_ONCE) {
      for (const events of commits) await log.append(runId(run), events);
      runs += 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, oneAfterTheOther));
  const rate = (runs * STEPS * 1000) / (performance.now() - begun);
  log.close();
  return rate;
}

// As long as a real one.
function runId(n: number): string {
  return `0197e1c2-5c00-7000-8000-${String(n).padStart(12, "0")}`;
}
