import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import {
  createDelivery,
  defineStage,
  type Event,
  type Logger,
  memory,
  pipeline,
  type StageContext,
  wait,
} from "../../src/index.ts";
import { closingDeliveries } from "../fixtures/closing-deliveries.ts";

const deliver = closingDeliveries();
const collect = async (events: AsyncIterable<Event>): Promise<Event[]> => {
  const all: Event[] = [];
  for await (const event of events) all.push(event);
  return all;
};

const greet = defineStage({
  type: "greet",
  run: ({ input }: StageContext<{ name: string }>) => ({ text: `hello ${input.name}` }),
});
const hello = pipeline<{ name: string }>("hello")
  .stage("first", greet, ({ input }) => ({ name: input.name }))
  .stage("second", greet, ({ outputs }) => ({ name: outputs.first.text }));

it("hands outputs on, and tells the whole story by its events", async () => {
  const delivery = deliver();
  const run = await delivery.start(hello, { name: "ana" }, { actor: "rui" });
  expect(await run.outcome()).toBe("succeeded");
  const events = await collect(run.events());
  expect(events.map(({ type }) => type)).toEqual([
    "run-started",
    "stage-started",
    "stage-succeeded",
    "stage-started",
    "stage-succeeded",
    "run-finished",
  ]);
  expect(events[0]).toMatchObject({ actor: "rui", seq: 0, id: `${run.id}/0` });
  const { status, stages } = await run.state();
  expect([status, stages[1]?.output]).toEqual(["succeeded", { text: "hello hello ana" }]);
});

it("returns the same run for the same idempotency key", async () => {
  const delivery = deliver();
  const [one, two] = await Promise.all([
    delivery.start(hello, { name: "ana" }, { idempotencyKey: "ci-1" }),
    delivery.start(hello, { name: "eva" }, { idempotencyKey: "ci-1" }),
  ]);
  const other = await delivery.start(hello, { name: "ana" }, { idempotencyKey: "ci-2" });
  expect(two.id).toBe(one.id);
  expect(other.id).not.toBe(one.id);
});

it("resumes a stream at any place, and follows it live", async () => {
  const delivery = deliver();
  const all = delivery.events()[Symbol.asyncIterator]();
  const run = await delivery.start(hello, { name: "ana" });
  const seen: string[] = [];
  for (let n = 0; n < 6; n += 1) {
    const next = await all.next();
    if (!next.done) seen.push(next.value.type);
  }
  expect(seen.at(-1)).toBe("run-finished");
  const rest = await collect(run.events({ from: 4 }));
  expect(rest.map(({ seq }) => seq)).toEqual([4, 5]);
});

it("ends a stream when its signal aborts, without an error", async () => {
  const delivery = deliver();
  const stop = new AbortController();
  const forever = pipeline("forever").stage("pause", wait, () => ({ for: "1h" }));
  const run = await delivery.start(forever, null);
  const collected = collect(run.events({ signal: stop.signal }));
  stop.abort();
  expect((await collected).length).toBeLessThan(5);
});

it("calls listeners back by type, and a listener that throws harms nobody", async () => {
  const delivery = deliver();
  const stages: string[] = [];
  delivery.on("stage-succeeded", () => {
    throw new Error("no");
  });
  const off = delivery.on("stage-started", (event) => stages.push(event.stage));
  await (await delivery.start(hello, { name: "ana" })).outcome();
  off();
  await (await delivery.start(hello, { name: "eva" })).outcome();
  expect(stages).toEqual(["first", "second"]);
});

it("fails a run whose stage throws, and says where and why", async () => {
  const boom = defineStage({
    type: "boom",
    run: () => {
      throw new Error("disk full");
    },
  });
  const run = await deliver().start(
    pipeline("p").stage("build", boom, () => null),
    null,
  );
  expect(await run.outcome()).toBe("failed");
  expect(await run.state()).toMatchObject({ status: "failed", reason: "build: disk full" });
});

it("tries again only what says that it may be tried again", async () => {
  let calls = 0;
  const flaky = defineStage({
    type: "flaky",
    retry: { attempts: 3, delay: 1 },
    run: ({ attempt }) => {
      calls += 1;
      if (attempt < 3) throw Object.assign(new Error("busy"), { retryable: true });
      return { attempt };
    },
  });
  const run = await deliver().start(
    pipeline("p").stage("call", flaky, () => null),
    null,
  );
  expect(await run.outcome()).toBe("succeeded");
  expect(calls).toBe(3);
  const retried = (await collect(run.events())).filter(({ type }) => type === "stage-retried");
  expect(retried).toHaveLength(2);
});

it("computes a step once, although the stage runs again", async () => {
  let computed = 0;
  const stepping = defineStage({
    type: "stepping",
    retry: { attempts: 2, delay: 1 },
    run: async ({ step, attempt, idempotencyKey }) => {
      const value = await step("ticket", () => `T-${(computed += 1)}`);
      if (attempt === 1) throw Object.assign(new Error("late"), { retryable: true });
      return { value, idempotencyKey };
    },
  });
  const run = await deliver().start(
    pipeline("p").stage("file", stepping, () => null),
    null,
  );
  await run.outcome();
  expect((await run.state()).stages[0]?.output).toEqual({ value: "T-1", idempotencyKey: `${run.id}/file` });
  expect(computed).toBe(1);
});

it("tells a stage's code when the run is cancelled", async () => {
  const endless = defineStage({
    type: "endless",
    run: ({ signal }) =>
      new Promise<null>((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason as Error));
      }),
  });
  const delivery = deliver();
  const run = await delivery.start(
    pipeline("p")
      .stage("endless", endless, () => null)
      .stage("next", endless, () => null),
    null,
  );
  await run.cancel({ actor: "ana", reason: "wrong branch" });
  expect(await run.outcome()).toBe("cancelled");
  const { stages, reason } = await run.state();
  expect(stages.map(({ status }) => status)).toEqual(["cancelled", "skipped"]);
  expect(reason).toBe("wrong branch");
});

it("stops at once on a forced cancel, although the code does not listen", async () => {
  const deaf = defineStage({ type: "deaf", run: () => new Promise<null>(() => {}) });
  const delivery = createDelivery();
  const run = await delivery.start(
    pipeline("p").stage("deaf", deaf, () => null),
    null,
  );
  await run.cancel({ mode: "forced" });
  expect(await run.outcome()).toBe("cancelled");
});

it("starts nothing while paused", async () => {
  const delivery = deliver();
  const run = await delivery.start(hello, { name: "ana" });
  await run.pause({ actor: "ana" });
  expect((await run.state()).status).toMatch(/paused|succeeded/);
  await run.resume();
  expect(await run.outcome()).toBe("succeeded");
});

it("parks a run whose code is not registered, says what is missing, and goes on when it is", async () => {
  const log = memory();
  const first = createDelivery({ engine: log });
  const slow = pipeline("slow")
    .stage("pause", wait, () => ({ for: "20ms" }))
    .stage("greet", greet, () => ({ name: "x" }));
  const run = await first.start(slow, null);
  await first.close();

  const second = deliver({ engine: log });
  const again = await second.run(run.id);
  for await (const event of again.events()) if (event.type === "run-parked") break;
  const parked = await again.state();
  expect(parked.status).toBe("parked");
  expect(parked.parked).toMatch(/pipeline "slow" is not registered here: pass it to createDelivery/);
  second.register(slow);
  expect(await again.outcome()).toBe("succeeded");
});

it("never shows a secret in an event, an error or a log line", async () => {
  const lines: string[] = [];
  const line = (details: object, message: string): void => {
    lines.push(message + JSON.stringify(details));
  };
  const logger: Logger = { debug: line, info: line, warn: line, error: line };
  const leaky = defineStage({
    type: "leaky",
    run: async ({ progress }) => {
      await progress("connecting to postgres://app:hunter22@db/shop");
      throw new Error("401 for Bearer abcdefgh12345678, key s3cr3t-value");
    },
  });
  const delivery = deliver({ logger, secrets: ["s3cr3t-value"] });
  const run = await delivery.start(
    pipeline("p").stage("leak", leaky, () => null),
    null,
  );
  await run.outcome();
  const told = JSON.stringify(await collect(run.events())) + lines.join("\n");
  expect(told).toContain("[redacted]");
  expect(told).not.toMatch(/hunter22|abcdefgh12345678|s3cr3t-value/);
});

it("lists runs, newest first", async () => {
  const delivery = deliver();
  const one = await delivery.start(hello, { name: "a" });
  const two = await delivery.start(hello, { name: "b" });
  await Promise.all([one.outcome(), two.outcome()]);
  expect((await delivery.runs({ pipeline: "hello", status: "succeeded" })).map(({ run }) => run)).toEqual([
    two.id,
    one.id,
  ]);
});

it("refuses calls once it is closed, and a run of an unknown id", async () => {
  const delivery = createDelivery();
  await expect(delivery.run("nope")).rejects.toThrow('there is no run "nope" in this log');
  await delivery.close();
  await expect(delivery.start(hello, { name: "a" })).rejects.toThrow(/closed/);
});

const program = (then: string): string => `
  import { createDelivery, pipeline, wait } from "@gennaker/core";
  const delivery = createDelivery();
  const run = await delivery.start(pipeline("p").stage("pause", wait, () => ({ for: "50ms" })), null);
  ${then}
`;

it("keeps a program alive that waits for a run, and lets it end when nobody does", async () => {
  const node = promisify(execFile);
  const run = (code: string): Promise<{ stdout: string }> =>
    node(process.execPath, ["--conditions=@gennaker/source", "--input-type=module", "--eval", code]);
  expect((await run(program("console.log(await run.outcome())"))).stdout).toBe("succeeded\n");
  const closing = "run.outcome().catch(() => console.log('closed')); await delivery.close()";
  expect((await run(program(closing))).stdout).toBe("closed\n");
  expect((await run(program("console.log('left')"))).stdout).toBe("left\n");
});
