// Commits of the SQLite engine by 100 callers at once, against the floor: raw appends, group-committed the same way.
//
//   node --conditions=@gennaker/source bench/engine-sqlite.ts
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type Effect, type NewEvent, silentLogger, systemClock, type Write } from "@gennaker/core/ports";
import { sqlite } from "@gennaker/core/sqlite";

const CALLERS = 100;
const COMMITS = Number(process.argv[2] ?? 300);
const directory = mkdtempSync(join(tmpdir(), "gennaker-bench-"));

const event: NewEvent = {
  type: "stage-succeeded",
  at: Date.UTC(2026, 0, 1),
  stage: "prod",
  output: { image: "shop/api:1.4.2", group: "shop-api-v013", healthy: 20 },
};

const nothing = (): void => {};

/** The least that a durable log must do: one row for each event, one transaction for each turn of the event loop. */
async function rawAppends(): Promise<number> {
  const database = new DatabaseSync(join(directory, "raw.db"));
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  database.exec("CREATE TABLE events (position INTEGER PRIMARY KEY, run TEXT, seq INTEGER, event TEXT)");
  database.exec("CREATE UNIQUE INDEX events_by_run ON events (run, seq)");
  const add = database.prepare("INSERT INTO events (run, seq, event) VALUES (?, ?, ?)");
  let waiting: (() => void)[] = [];
  let rows: (readonly [string, number])[] = [];
  const flush = (): void => {
    const done = waiting;
    database.exec("BEGIN IMMEDIATE");
    for (const [run, seq] of rows) add.run(run, seq, JSON.stringify(event));
    database.exec("COMMIT");
    waiting = [];
    rows = [];
    for (const resolve of done) resolve();
  };
  const append = (run: string, seq: number): Promise<void> =>
    new Promise((resolve) => {
      if (waiting.length === 0) setImmediate(flush);
      rows.push([run, seq]);
      waiting.push(resolve);
    });
  const rate = await perSecond(async (caller) => {
    for (let seq = 0; seq < COMMITS; seq += 1) await append(runId(caller), seq);
  });
  database.close();
  return rate;
}

/** What a stage's end is: one event, one effect settled, the next one handed out. */
async function engineCommits(): Promise<number> {
  const engine = sqlite(join(directory, "engine.db"));
  await engine.open({
    clock: systemClock,
    logger: silentLogger,
    committed: nothing,
    dispatch: nothing,
    due: nothing,
    granted: nothing,
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

const shown = (rate: number): string => Math.round(rate).toLocaleString("en").padStart(9);

const floors: number[] = [];
const rates: number[] = [];
for (let round = 0; round < 3; round += 1) {
  floors.push(await rawAppends());
  rates.push(await engineCommits());
  for (const name of ["raw.db", "engine.db"]) rmSync(join(directory, name), { force: true });
}
const floor = Math.max(...floors);
const rate = Math.max(...rates);
rmSync(directory, { recursive: true });
process.stdout.write(
  [
    `raw appends/s      ${shown(floor)}   group-committed, ${CALLERS} callers`,
    `engine commits/s   ${shown(rate)}   one event, one effect settled, one handed out`,
    `ratio              ${(rate / floor).toFixed(2).padStart(9)}   budget: 0.50\n`,
  ].join("\n"),
);
