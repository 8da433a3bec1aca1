import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Effect, type NewEvent, silentLogger, systemClock, type Write } from "@gennaker/core/ports";
import { sqlite } from "@gennaker/core/sqlite";
import { openRawLog } from "./raw-log.ts";
import { type Row, row } from "./row.ts";

const ROUNDS = 3;
const CALLERS = 100;
const COMMITS = 300;

const event: NewEvent = {
  type: "stage-succeeded",
  at: Date.UTC(2026, 0, 1),
  stage: "prod",
  output: { image: "shop/api:1.4.2", group: "shop-api-v013", healthy: 20 },
};

/** How many commits a second the SQLite engine makes for 100 callers at once, with nothing above it. */
export async function measure(): Promise<readonly Row[]> {
  const directory = mkdtempSync(join(tmpdir(), "gennaker-bench-"));
  try {
    const rates: number[] = [];
    const floors: number[] = [];
    for (let n = 0; n < ROUNDS; n += 1) {
      floors.push(await rawAppends(join(directory, `raw-${n}.db`)));
      rates.push(await engineCommits(join(directory, `engine-${n}.db`)));
    }
    return [
      row(
        {
          budget: "commits of the SQLite engine alone, FULL",
          unit: "commits/s",
          measured: Math.max(...rates),
          floor: Math.max(...floors),
          note: `best of ${ROUNDS} rounds, ${CALLERS} callers; one event, one effect settled, one handed out; floor: raw appends of the event, indexed by run, group-committed the same way`,
        },
        { of: "ratio", atLeast: 0.5 },
      ),
    ];
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function rawAppends(file: string): Promise<number> {
  const log = openRawLog(file);
  const rate = await perSecond(async (caller) => {
    for (let seq = 0; seq < COMMITS; seq += 1) await log.append(runId(caller), [{ ...event, seq }]);
  });
  log.close();
  return rate;
}

async function engineCommits(file: string): Promise<number> {
  const engine = sqlite(file);
  await engine.open({
    clock: systemClock,
    logger: silentLogger,
    committed: ignore,
    dispatch: ignore,
    due: ignore,
    granted: ignore,
  });
  const first: Write = { events: [event], issue: [effect(0)] };
  await Promise.all(
    callers((caller) => engine.create({ run: runId(caller), pipeline: "bench", startedAt: event.at }, first)),
  );
  const rate = await perSecond(async (caller) => {
    for (let seq = 0; seq < COMMITS; seq += 1)
      await engine.commit(runId(caller), seq, () => ({
        events: [event],
        settle: [effect(seq).id],
        issue: [effect(seq + 1)],
        wakeAt: null,
        status: "running",
      }));
  });
  await engine.close();
  return rate;
}

function ignore(): void {
  // The log alone is measured.
}

function effect(number: number): Effect {
  return { id: `stage ${number}`, attempt: 1 };
}

async function perSecond(call: (caller: number) => Promise<void>): Promise<number> {
  const begun = performance.now();
  await Promise.all(callers(call));
  return (CALLERS * COMMITS * 1000) / (performance.now() - begun);
}

function callers<T>(call: (caller: number) => Promise<T>): Promise<T>[] {
  return Array.from({ length: CALLERS }, (_, caller) => call(caller));
}

function runId(caller: number): string {
  return `0197e1c2-5c00-7000-8000-${String(caller).padStart(12, "0")}`;
}
