// Stages that run other pipelines, on the real engine.
import { expect, it } from "vitest";
import {
  createDelivery,
  defineStage,
  type Delivery,
  type Event,
  judgement,
  memory,
  pipeline,
  type RunHandle,
  runPipeline,
  type StageContext,
  wait,
} from "../../src/index.ts";
import { closingDeliveries } from "../fixtures/closing-deliveries.ts";

const deliver = closingDeliveries();
const until = async (run: RunHandle, type: Event["type"]): Promise<void> => {
  for await (const event of run.events()) if (event.type === type) return;
};
const childOf = async (delivery: Delivery, run: RunHandle): Promise<RunHandle> => {
  await until(run, "stage-run-started");
  for (;;) {
    const [child] = await delivery.runs({ pipeline: "migrate" });
    if (child) return delivery.run(child.run);
    await new Promise((resolve) => setImmediate(resolve));
  }
};
const apply = defineStage({
  type: "apply",
  run: ({ input }: StageContext<{ image: string }>) => ({
    version: `${input.image}-7`,
    log: "x".repeat(1000),
  }),
});
const ok = defineStage({ type: "ok", run: ({ input }) => input });
const migrate = pipeline<{ image: string }>("migrate").stage("apply", apply, ({ input }) => input);
const asking = pipeline<{ image: string }>("migrate").stage("ok?", judgement, () => ({ roles: ["dba"] }));

it("runs another pipeline, hands on what it returns, and links the two by their ids alone", async () => {
  const delivery = deliver();
  const shape = pipeline<{ image: string }>("promote")
    .stage(
      "database",
      runPipeline(migrate, { returns: (outputs) => outputs.apply.version }),
      ({ input }) => input,
    )
    .stage("next", ok, ({ outputs }) => ({ version: outputs.database.returned }));
  const run = await delivery.start(shape, { image: "v2" }, { actor: "ana" });
  expect(await run.outcome()).toBe("succeeded");
  const { stages } = await run.state();
  const child = await delivery.run(stages[0]?.child ?? "");
  expect(await child.state()).toMatchObject({
    pipeline: "migrate",
    status: "succeeded",
    actor: "ana",
    parent: { run: run.id, stage: "database" },
    input: { image: "v2" },
  });
  expect(stages.map(({ output }) => output)).toEqual([
    { run: child.id, outcome: "succeeded", returned: "v2-7" },
    { version: "v2-7" },
  ]);
});

it("grows by its own stages only, whatever the runs below it record", async () => {
  const delivery = deliver();
  const sizeOf = async (rows: number): Promise<number> => {
    const name = rows > 10 ? "a" : "b";
    const wide = defineStage({ type: "wide", run: () => "x".repeat(rows) });
    const below = pipeline(`below-${name}`).stage("wide", wide, () => null);
    const shape = pipeline(`above-${name}`).stage("below", runPipeline(below), () => null);
    const run = await delivery.start(shape, null);
    expect(await run.outcome()).toBe("succeeded");
    let text = "";
    for await (const event of run.events()) text += JSON.stringify(event);
    return text.length;
  };
  // Offsets have more digits later in the log.
  expect(await sizeOf(10)).toBeLessThan(2000);
  expect(await sizeOf(100_000)).toBeLessThan(2000);
});

it("goes on at once when it does not wait", async () => {
  const delivery = deliver();
  const shape = pipeline<{ image: string }>("promote")
    .stage("database", runPipeline(asking, { wait: false }), ({ input }) => input)
    .stage("next", ok, ({ outputs }) => outputs.database.run);
  const run = await delivery.start(shape, { image: "v2" });
  expect(await run.outcome()).toBe("succeeded");
  const [child] = await delivery.runs({ pipeline: "migrate" });
  expect(child).toMatchObject({ status: "running", run: (await run.state()).stages[1]?.output });
});

it("fails when the run below fails, and says which and why", async () => {
  const boom = defineStage({
    type: "boom",
    run: () => {
      throw new Error("table is locked");
    },
  });
  const below = pipeline("migrate").stage("apply", boom, () => null);
  const run = await deliver().start(
    pipeline("p").stage("database", runPipeline(below), () => null),
    null,
  );
  expect(await run.outcome()).toBe("failed");
  const { stages, reason } = await run.state();
  expect(reason).toBe(`database: run ${stages[0]?.child} is failed: apply: table is locked`);
});

it.each(["graceful", "forced"] as const)(
  "hands a %s cancel down, and is over when the run below is",
  async (mode) => {
    const delivery = deliver();
    const shape = pipeline<{ image: string }>("promote").stage(
      "database",
      runPipeline(asking),
      ({ input }) => input,
    );
    const run = await delivery.start(shape, { image: "v2" });
    const child = await childOf(delivery, run);
    await until(child, "judgement-requested");
    await run.cancel({ actor: "ana", reason: "wrong image", mode });
    expect(await run.outcome()).toBe("cancelled");
    expect(await child.state()).toMatchObject({
      status: "cancelled",
      reason: `stage "database" of run ${run.id}: wrong image`,
    });
  },
);

it("starts the run below once, although the process ended meanwhile, and follows it again", async () => {
  const log = memory();
  const shape = pipeline<{ image: string }>("promote").stage(
    "database",
    runPipeline(asking),
    ({ input }) => input,
  );
  const first = createDelivery({ engine: log });
  const run = await first.start(shape, { image: "v2" });
  await until(await childOf(first, run), "judgement-requested");
  await first.close();
  const second = deliver({ engine: log, pipelines: [shape] });
  const again = await second.run(run.id);
  const child = await childOf(second, again);
  await child.judge("ok?", { verdict: "pass", actor: "rui" });
  expect(await again.outcome()).toBe("succeeded");
  expect(await second.runs({ pipeline: "migrate" })).toHaveLength(1);
});

it("can be cancelled after a crash although the code is not here any more", async () => {
  const log = memory();
  const shape = pipeline<{ image: string }>("promote").stage(
    "database",
    runPipeline(asking),
    ({ input }) => input,
  );
  const first = createDelivery({ engine: log });
  const run = await first.start(shape, { image: "v2" });
  const { id } = await childOf(first, run);
  await first.close();
  const second = deliver({ engine: log });
  const again = await second.run(run.id);
  await again.cancel({ mode: "forced" });
  expect(await again.outcome()).toBe("cancelled");
  expect(await (await second.run(id)).outcome()).toBe("cancelled");
});

it("fails when the pipeline below is disabled, with the reason", async () => {
  const delivery = deliver();
  const shape = pipeline<{ image: string }>("promote").stage(
    "database",
    runPipeline(migrate),
    ({ input }) => input,
  );
  delivery.register(shape);
  await delivery.disable(migrate, { reason: "freeze" });
  const run = await delivery.start(shape, { image: "v2" });
  expect(await run.outcome()).toBe("failed");
  expect((await run.state()).reason).toMatch(/^database: pipeline "migrate" is disabled since .*: freeze/);
});

it("starts another run when the stage is retried", async () => {
  let calls = 0;
  const flaky = defineStage({
    type: "flaky",
    run: () => {
      if ((calls += 1) === 1) throw new Error("not yet");
      return null;
    },
  });
  const below = pipeline("migrate").stage("apply", flaky, () => null);
  const delivery = deliver();
  const run = await delivery.start(
    pipeline("p").stage("database", runPipeline(below), () => null),
    null,
  );
  await run.outcome();
  await run.retryFrom("database");
  expect(await run.outcome()).toBe("succeeded");
  const { stages } = await run.state();
  const runs = (await delivery.runs({ pipeline: "migrate" })).map(({ run: id }) => id);
  expect(runs).toEqual([stages[0]?.child, stages[0]?.earlier?.[0]?.child]);
});

it("has the problems of the pipeline below among its own, and refuses one of a name that is taken", async () => {
  const broken = pipeline("below").stage("a", wait, () => ({ for: "1h" }), { timeout: "0s" });
  const shape = pipeline("p").stage("below", runPipeline(broken), () => null);
  expect(shape.problems).toEqual([
    'stage "below"  pipeline "below"  stage "a"  timeout: must be longer than nothing',
  ]);
  const other = pipeline("other").stage("m", runPipeline(migrate), () => ({ image: "v" }));
  expect(() => createDelivery({ pipelines: [asking, other] })).toThrow(
    /another pipeline of this name is registered/,
  );
});
