import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";
import {
  createDelivery,
  type Delivery,
  type Engine,
  type EventType,
  memory,
  type Pipeline,
} from "@gennaker/core";
import { sqlite } from "@gennaker/core/sqlite";
import { approval, held, pause, queued } from "./parked-pipelines.ts";
import type { Reopened } from "./parked-reopened.ts";
import { type Row, row } from "./row.ts";
import { tapped } from "./tapped-engine.ts";

const RUNS = 10_000;
const AT_ONCE = 500;
const MEGABYTE = 2 ** 20;

/** What two kinds of runs wait for, half of them each. */
interface Waiting {
  readonly pipelines: readonly [Pipeline<null>, Pipeline<null>];
  /** Each run says one of these once it waits. */
  readonly told: readonly EventType[];
  readonly what: string;
}

const ASKED: Waiting = {
  pipelines: [approval, pause],
  told: ["judgement-requested", "wait-started"],
  what: "half wait 2 h, half for an approval",
};
// The first of those that wait for their turn has it.
const HELD: Waiting = {
  pipelines: [held, queued],
  told: ["stage-held", "run-queued", "wait-started"],
  what: "half are held by their windows, half wait for their turn",
};

/** What 10,000 runs cost that only wait. */
export async function measure(): Promise<readonly Row[]> {
  const directory = mkdtempSync(join(tmpdir(), "gennaker-bench-"));
  try {
    const file = join(directory, "parked.db");
    return [
      ...(await park("SQLite", sqlite(file), ASKED)),
      ...(await reopen(file)),
      ...(await park("SQLite, held and queued", sqlite(join(directory, "held.db")), HELD)),
      ...(await park("memory", memory(), ASKED)),
      ...(await park("memory, held and queued", memory(), HELD)),
    ];
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function park(where: string, kept: Engine, waiting: Waiting): Promise<readonly Row[]> {
  const engine = tapped(kept);
  const delivery = createDelivery({ engine, pipelines: waiting.pipelines });
  await delivery.ready();
  const before = memoryNow();
  await startAll(delivery, waiting);
  const after = memoryNow();
  const idle = await idleSecond(engine);
  await delivery.close();
  const what = `${waiting.what}; heap ${grown(before.heapUsed, after.heapUsed)} MB, whole process ${grown(before.rss, after.rss)} MB`;
  const floor = null;
  return [
    row(
      {
        budget: `${RUNS.toLocaleString("en-US")} parked runs, ${where}: heap`,
        unit: "MB",
        measured: Math.max(0, after.heapUsed - before.heapUsed) / MEGABYTE,
        floor,
        note: `${what}, after gc`,
      },
      { of: "measured", atMost: 60 },
    ),
    row(
      {
        budget: `${RUNS.toLocaleString("en-US")} parked runs, ${where}: idle CPU`,
        unit: "ms/s",
        measured: idle.cpuMs,
        floor,
        note: "CPU time of the process in a second of doing nothing",
      },
      { of: "measured", atMost: 5 },
    ),
    row(
      {
        budget: `${RUNS.toLocaleString("en-US")} parked runs, ${where}: idle queries`,
        unit: "calls/s",
        measured: idle.calls,
        floor,
        note: "calls of the engine in a second of doing nothing",
      },
      { of: "measured", atMost: 0 },
    ),
  ];
}

/** The same runs in a process that has done nothing else: no traces of how they came to be. */
async function reopen(file: string): Promise<readonly Row[]> {
  const child = fork(fileURLToPath(new URL("./parked-reopened.ts", import.meta.url)), [file]);
  const [{ heap, rss }] = (await once(child, "message")) as [Reopened];
  return [
    row(
      {
        budget: `${RUNS.toLocaleString("en-US")} parked runs, SQLite, opened again: whole process`,
        unit: "MB",
        measured: rss / MEGABYTE,
        floor: null,
        note: `resident memory that opening the log adds to a fresh process; heap ${grown(0, heap)} MB of it`,
      },
      { of: "measured", atMost: 60 },
    ),
  ];
}

async function startAll(delivery: Delivery, { pipelines: [first, second], told }: Waiting): Promise<void> {
  let parked = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  const count = (): void => {
    parked += 1;
    if (parked === RUNS) resolve();
  };
  const off = told.map((type) => delivery.on(type, count));
  for (let n = 0; n < RUNS; n += AT_ONCE)
    await Promise.all(
      Array.from({ length: AT_ONCE }, (_, k) => delivery.start(k % 2 === 0 ? first : second, null)),
    );
  await promise;
  for (const stop of off) stop();
}

async function idleSecond(engine: { readonly calls: number }): Promise<{ cpuMs: number; calls: number }> {
  await sleep(500);
  const calls = engine.calls;
  const cpu = process.cpuUsage();
  await sleep(1000);
  const { user, system } = process.cpuUsage(cpu);
  return { cpuMs: (user + system) / 1000, calls: engine.calls - calls };
}

function memoryNow(): NodeJS.MemoryUsage {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage();
}

function grown(before: number, after: number): string {
  return ((after - before) / MEGABYTE).toFixed(1);
}
