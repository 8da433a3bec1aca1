import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createDelivery, type Delivery, judgement, pipeline } from "@gennaker/core";
import { sqlite } from "@gennaker/core/sqlite";
import { redBlack } from "@gennaker/strategies";
import { openRawLog } from "./raw-log.ts";
import { type Row, row } from "./row.ts";
import { percentile } from "./statistics.ts";
import { tinyCloud } from "./tiny-cloud.ts";

const TIMES = 300;
// The first ones find cold code.
const WARM_UP = 10;
// Long enough for everything under way to come to rest before the clock starts.
const REST_MS = 15;

const ask = pipeline<null>("ask")
  .stage("cut over?", judgement, () => ({ roles: ["qa"] }))
  .stage("again?", judgement, () => ({ roles: ["qa"] }));

/** How soon the engine acts on what it hears, with a log that is on the disk before anything is done. */
export async function measure(): Promise<readonly Row[]> {
  const directory = mkdtempSync(join(tmpdir(), "gennaker-bench-"));
  const cloud = tinyCloud();
  const delivery = createDelivery({ engine: sqlite(join(directory, "log.db")), providers: [cloud] });
  try {
    const floor = await rawAppends(join(directory, "raw.db"));
    const signals = await repeat(() => answerToNextStage(delivery));
    const watches = await repeat((n) => healthToTraffic(delivery, cloud, `shop-${n}`));
    return [
      ...rows("answer of a person → next stage begins", signals, floor),
      ...rows("instance becomes healthy → traffic moves", watches, floor),
    ];
  } finally {
    await delivery.close();
    rmSync(directory, { recursive: true });
  }
}

function rows(what: string, times: readonly number[], floors: readonly number[]): readonly Row[] {
  return ([0.5, 0.99] as const).map((part) =>
    row(
      {
        budget: `${what}, p${part * 100}`,
        unit: "ms",
        measured: percentile(times, part),
        floor: percentile(floors, part),
        note: `${TIMES} times, SQLite FULL; floor: one raw append to the same disk`,
      },
      { of: "measured", atMost: 20 },
    ),
  );
}

async function repeat(once: (n: number) => Promise<number>): Promise<readonly number[]> {
  const times: number[] = [];
  for (let n = 0; n < TIMES + WARM_UP; n += 1) times.push(await once(n));
  return times.slice(WARM_UP);
}

async function answerToNextStage(delivery: Delivery): Promise<number> {
  const run = await delivery.start(ask, null);
  await requested(delivery, "cut over?", () => Promise.resolve());
  await sleep(REST_MS);
  const begun = performance.now();
  await requested(delivery, "again?", () => run.judge("cut over?", { verdict: "pass", actor: "rui" }));
  const took = performance.now() - begun;
  await run.cancel();
  return took;
}

/** Does something and waits until a stage asks. */
async function requested(delivery: Delivery, stage: string, act: () => Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const off = delivery.on("judgement-requested", (event) => {
    if (event.stage === stage) resolve();
  });
  await act();
  await promise;
  off();
}

async function healthToTraffic(
  delivery: Delivery,
  cloud: ReturnType<typeof tinyCloud>,
  name: string,
): Promise<number> {
  const run = await delivery.deploy({ cluster: cloud.cluster(name), release: "v2", strategy: redBlack() });
  await cloud.made(name);
  await sleep(REST_MS);
  const begun = performance.now();
  cloud.heal(name);
  const took = (await cloud.shifted(name)) - begun;
  await run.outcome();
  return took;
}

async function rawAppends(file: string): Promise<readonly number[]> {
  const log = openRawLog(file);
  const event = { seq: 0, type: "judgement-answered", stage: "cut over?", verdict: "pass" } as const;
  const times = await repeat(async (n) => {
    await sleep(REST_MS);
    const begun = performance.now();
    await log.append(`run ${n}`, [event]);
    return performance.now() - begun;
  });
  log.close();
  return times;
}
