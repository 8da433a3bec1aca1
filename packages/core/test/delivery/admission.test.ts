// How many runs of a pipeline are under way at once, and what becomes of the others.
import { sqlite } from "@gennaker/core/sqlite";
import { expect, it } from "vitest";
import {
  type Concurrency,
  createDelivery,
  defineStage,
  type Delivery,
  type Engine,
  type Event,
  memory,
  type Pipeline,
  pipeline,
  type RunHandle,
  type StageContext,
} from "../../src/index.ts";
import { closingDeliveries } from "../fixtures/closing-deliveries.ts";
import { LogDirectory } from "../fixtures/log-directory.ts";

const delivering = closingDeliveries();
const deliver = (engine: Engine = memory()): Delivery => delivering({ engine });

/** Work that goes on until it is let go. */
class Works {
  readonly begun: string[] = [];
  readonly #ends = new Map<string, () => void>();

  pipeline(concurrency: Concurrency<string>): Pipeline<string> {
    const work = defineStage({
      type: "work",
      run: ({ input, signal }: StageContext<string>) =>
        new Promise<null>((resolve, reject) => {
          this.begun.push(input);
          this.#ends.set(input, () => resolve(null));
          signal.addEventListener("abort", () => reject(signal.reason as Error));
        }),
    });
    return pipeline<string>("work", { concurrency }).stage("work", work, ({ input }) => input);
  }

  end(name: string): void {
    this.#ends.get(name)?.();
  }
}

const start = async (delivery: Delivery, work: Pipeline<string>, names: string): Promise<RunHandle[]> => {
  const runs: RunHandle[] = [];
  for (const name of names) runs.push(await delivery.start(work, name, { actor: `who started ${name}` }));
  return runs;
};
const standing = async (runs: readonly RunHandle[]): Promise<string[]> =>
  (await Promise.all(runs.map((run) => run.state()))).map(({ status, position }) =>
    position === undefined ? status : `${status} ${position}`,
  );
const types = async (engine: Engine, run: RunHandle): Promise<string[]> =>
  (await engine.read(run.id, 0, 100)).map(({ type }) => type);

it("queues what comes while all places are taken, shows the place, and lets in who came first", async () => {
  const works = new Works();
  const engine = memory();
  const delivery = deliver(engine);
  const runs = await start(delivery, works.pipeline({ limit: 2 }), "abcd");
  expect(await standing(runs)).toEqual(["running", "running", "queued 1", "queued 2"]);
  expect(works.begun).toEqual(["a", "b"]);
  expect(await delivery.runs({ status: "queued" })).toHaveLength(2);
  works.end("b");
  await runs[1]!.outcome();
  await expect.poll(() => works.begun).toEqual(["a", "b", "c"]);
  expect(await standing(runs)).toEqual(["running", "succeeded", "running", "queued 1"]);
  expect(await types(engine, runs[2]!)).toEqual([
    "run-started",
    "run-queued",
    "run-admitted",
    "stage-started",
  ]);
  expect((await engine.read(runs[3]!.id, 0, 9))[1]).toMatchObject({
    type: "run-queued",
    permit: 'pipeline "work"',
    position: 2,
  });
});

it("counts each key apart, and records it", async () => {
  const works = new Works();
  const engine = memory();
  const runs = await start(deliver(engine), works.pipeline({ key: (input) => input.toLowerCase() }), "aAb");
  expect(await standing(runs)).toEqual(["running", "queued 1", "running"]);
  expect((await engine.read(runs[1]!.id, 0, 1))[0]).toMatchObject({
    type: "run-started",
    admission: { permit: 'pipeline "work" a', limit: 1, policy: "queue" },
  });
});

it("withdraws a queued run that is cancelled, and the next ones move up", async () => {
  const works = new Works();
  const engine = memory();
  const runs = await start(deliver(engine), works.pipeline({}), "abc");
  await runs[1]!.cancel({ actor: "ana", reason: "not today" });
  expect(await runs[1]!.outcome()).toBe("cancelled");
  expect(await standing(runs)).toEqual(["running", "cancelled", "queued 1"]);
  expect(await types(engine, runs[1]!)).toEqual([
    "run-started",
    "run-queued",
    "run-cancel-requested",
    "stage-skipped",
    "run-finished",
  ]);
  works.end("a");
  await expect.poll(() => works.begun).toEqual(["a", "c"]);
});

it("keeps the place of a queued run that is paused, and begins it when it is resumed", async () => {
  const works = new Works();
  const runs = await start(deliver(), works.pipeline({}), "abc");
  await runs[1]!.pause();
  expect(await standing(runs)).toEqual(["running", "paused 1", "queued 2"]);
  works.end("a");
  await runs[0]!.outcome();
  await expect.poll(() => standing(runs)).toEqual(["succeeded", "paused", "queued 1"]);
  expect(works.begun).toEqual(["a"]);
  await runs[1]!.resume();
  await expect.poll(() => works.begun).toEqual(["a", "b"]);
});

it("lets the newest win: who waits is cancelled at once, who is under way makes room", async () => {
  const works = new Works();
  const engine = memory();
  const delivery = deliver(engine);
  const runs = await start(delivery, works.pipeline({ limit: 2, policy: "newest-wins" }), "abcd");
  expect(await Promise.all([runs[0]!.outcome(), runs[1]!.outcome()])).toEqual(["cancelled", "cancelled"]);
  await expect.poll(() => standing(runs)).toEqual(["cancelled", "cancelled", "running", "running"]);
  const finished = (await engine.read(runs[0]!.id, 0, 100)).at(-1);
  expect(finished).toMatchObject({
    type: "run-finished",
    reason: `superseded by run ${runs[2]!.id} (who started c)`,
    supersededBy: { run: runs[2]!.id, actor: "who started c" },
  });
});

it("never begins a run that waited when a newer one came", async () => {
  const letGo: (() => void)[] = [];
  // It does not heed its signal: the one that makes room takes its time.
  const work = defineStage({
    type: "stubborn",
    run: () => new Promise<null>((resolve) => void letGo.push(() => resolve(null))),
  });
  const stubborn = pipeline<string>("stubborn", { concurrency: { policy: "newest-wins" } }).stage(
    "work",
    work,
    () => null,
  );
  const engine = memory();
  const runs = await start(deliver(engine), stubborn, "abc");
  expect(await runs[1]!.outcome()).toBe("cancelled");
  expect(await types(engine, runs[1]!)).not.toContain("run-admitted");
  expect(await standing(runs)).toEqual(["running", "cancelled", "queued 1"]);
  letGo[0]!();
  await expect.poll(() => standing(runs)).toEqual(["succeeded", "cancelled", "running"]);
  await expect.poll(() => letGo.length).toBe(2);
  letGo[1]!();
  expect(await runs[2]!.outcome()).toBe("succeeded");
});

it("refuses a start when it is told to, names the run in the way, and records nothing", async () => {
  const works = new Works();
  const engine = memory();
  const delivery = deliver(engine);
  const work = works.pipeline({ policy: "reject" });
  const [first] = await start(delivery, work, "a");
  await expect(delivery.start(work, "b", { idempotencyKey: "ci-2" })).rejects.toMatchObject({
    code: "GENNAKER_CONFLICT",
    retryable: true,
    details: { runs: [first!.id] },
    message: `pipeline "work": run ${first!.id}, started by who started a is under way, and no more than 1 may be at once; nothing was started: try again when it is over`,
  });
  expect(await delivery.runs()).toHaveLength(1);
  works.end("a");
  await first!.outcome();
  const again = await delivery.start(work, "b", { idempotencyKey: "ci-2" });
  expect((await delivery.start(work, "b", { idempotencyKey: "ci-2" })).id).toBe(again.id);
});

it("says what is wrong with a concurrency, all at once, and with a key that is none", async () => {
  const wrong = pipeline("wrong", { concurrency: { limit: 0, policy: "oldest" as "queue" } });
  expect(wrong.problems).toEqual([
    "concurrency: limit: 0 is not a number of runs (write 1 or more)",
    'concurrency: policy: "oldest" is not one of queue, newest-wins, reject',
  ]);
  const delivery = deliver();
  const works = new Works();
  const keyless = works.pipeline({ key: () => "" });
  await expect(delivery.start(keyless, "a")).rejects.toThrow(
    'key: the function must return a text that is not empty, and returned ""; no run was started',
  );
  expect(await delivery.runs()).toEqual([]);
});

it("ends a pipeline without stages, and gives its place on", async () => {
  const delivery = deliver();
  const empty = pipeline("empty", { concurrency: {} });
  for (let n = 0; n < 3; n += 1)
    expect(await (await delivery.start(empty, null)).outcome()).toBe("succeeded");
});

it(
  "admits never more than three of a thousand started at once, on SQLite, in their order",
  { timeout: 120_000 },
  async () => {
    using directory = new LogDirectory();
    const engine = sqlite(directory.file);
    const delivery = createDelivery({ engine });
    let now = 0;
    let most = 0;
    const work = defineStage({
      type: "brief",
      run: async () => {
        most = Math.max(most, (now += 1));
        await new Promise((resolve) => setImmediate(resolve));
        now -= 1;
        return null;
      },
    });
    const brief = pipeline("brief", { concurrency: { limit: 3 } }).stage("work", work, () => null);
    const runs = await Promise.all(Array.from({ length: 1000 }, () => delivery.start(brief, null)));
    await Promise.all(runs.map((run) => run.outcome()));
    const events = await engine.scan(0, 100_000);
    await delivery.close();
    expect(most).toBe(3);
    expect(mostAdmitted(events)).toBe(3);
    const order = (type: Event["type"]): string[] =>
      events.filter((event) => event.type === type).map(({ run }) => run);
    expect(order("run-started")).toHaveLength(1000);
    expect(order("run-admitted")).toEqual(order("run-started"));
  },
);

function mostAdmitted(events: readonly Event[]): number {
  let admitted = 0;
  let most = 0;
  for (const { type } of events) {
    if (type === "run-admitted") most = Math.max(most, (admitted += 1));
    if (type === "run-finished") admitted -= 1;
  }
  return most;
}
