import {
  createDelivery,
  defineStage,
  type DeliveryOptions,
  memory,
  memoryNotifier,
  memoryTrigger,
  pipeline,
  roles,
  type Trigger,
  type TriggeredStart,
} from "@gennaker/core";
import type { Engine } from "@gennaker/core/ports";
import { ConfigurationError, TimeoutError } from "@gennaker/core/ports";
import { expect, it } from "vitest";
import { virtualClock } from "../src/index.ts";

const work = defineStage({ type: "work", run: () => null });
const quick = pipeline("quick").stage("work", work, () => null);

function bed(triggers: readonly Trigger[], options: DeliveryOptions = {}) {
  const clock = virtualClock();
  const lines: string[] = [];
  const note = (_: object, message: string): void => void lines.push(message);
  const logger = { debug() {}, info() {}, warn: note, error: note };
  const delivery = createDelivery({ clock, logger, pipelines: [quick], triggers, ...options });
  return { clock, lines, delivery };
}

it("starts runs, as the trigger, and acknowledges once they are in the log", async () => {
  const queue = memoryTrigger("queue");
  const engine = memory();
  const { clock, delivery } = bed([queue], { engine });
  const end = await clock.drive(
    queue.fire({ pipeline: "quick", input: { image: "x" }, dedupeId: "build-1" }),
  );
  const [started] = await engine.read((end as { run: string }).run, 0, 1);
  expect(started).toMatchObject({
    type: "run-started",
    actor: "trigger:queue",
    idempotencyKey: "build-1",
    input: { image: "x" },
  });
  await delivery.close();
});

it("starts a repetition once", async () => {
  const queue = memoryTrigger("queue");
  const { clock, delivery } = bed([queue]);
  const ask = { pipeline: "quick", input: null, dedupeId: "build-1", actor: "ana" };
  const first = await clock.drive(queue.fire(ask));
  expect(await clock.drive(queue.fire(ask))).toEqual(first);
  expect(await delivery.runs()).toMatchObject([{ actor: "ana", idempotencyKey: "build-1" }]);
  await delivery.close();
});

it("asks for the next start only when the one before is answered", async () => {
  let asked = 0;
  let release: () => void = expect.unreachable;
  const held: TriggeredStart = {
    pipeline: "quick",
    input: null,
    dedupeId: "1",
    acknowledge: () => new Promise<void>((resolve) => (release = resolve)),
  };
  const slow: Trigger = {
    name: "slow",
    async *starts() {
      for (;;) {
        asked += 1;
        yield { ...held, dedupeId: String(asked) };
      }
    },
  };
  const { clock, delivery } = bed([slow]);
  await clock.settle();
  expect(asked).toBe(1);
  release();
  await clock.settle();
  expect(asked).toBe(2);
  release();
  await clock.settle();
  const closing = delivery.close();
  await clock.settle();
  release();
  await closing;
  expect(asked).toBe(3);
});

it("refuses what can never be started, with all reasons, and tells notifiers", async () => {
  const queue = memoryTrigger("queue");
  const chat = memoryNotifier();
  const { clock, delivery } = bed([queue], { notifiers: [chat] });
  const refused = await clock.drive(queue.fire({ pipeline: "quik", input: null, dedupeId: "1" }));
  expect(refused).toMatchObject({
    refused: {
      code: "GENNAKER_CONFIGURATION",
      message: expect.stringContaining('none is called "quik" (did you mean "quick"?)'),
    },
  });
  expect(await clock.drive(queue.fire({ pipeline: "quick", input: null, dedupeId: "" }))).toMatchObject({
    refused: { message: expect.stringContaining("dedupeId: is missing") },
  });
  await clock.settle();
  expect(chat.refusals).toMatchObject([
    { pipeline: "quik", trigger: "queue", actor: "trigger:queue", idempotencyKey: "1" },
    { pipeline: "quick", trigger: "queue" },
  ]);
  expect(await clock.drive(queue.fire({ pipeline: "quick", input: null, dedupeId: "2" }))).toHaveProperty(
    "run",
  );
  await delivery.close();
});

it("may start only what its actor may", async () => {
  const queue = memoryTrigger("queue");
  const authorizer = roles({
    members: { ci: ["trigger:queue"] },
    grants: [{ to: "ci", may: ["EXECUTE"], on: { pipeline: "quick" } }],
  });
  const { clock, delivery } = bed([queue], { authorizer });
  const ask = { pipeline: "quick", input: null };
  expect(await clock.drive(queue.fire({ ...ask, dedupeId: "1" }))).toHaveProperty("run");
  expect(await clock.drive(queue.fire({ ...ask, dedupeId: "2", actor: "eve" }))).toMatchObject({
    refused: { code: "GENNAKER_DENIED" },
  });
  await delivery.close();
});

it("waits for a log that cannot be written, and acknowledges nothing before it can", async () => {
  const log = memory();
  let refusals = 3;
  const engine = new Proxy(log, {
    get(target, field) {
      const value = Reflect.get(target, field) as unknown;
      if (field === "create")
        return async (...created: Parameters<Engine["create"]>) => {
          if (refusals-- > 0) throw new TimeoutError("the disk is full");
          return log.create(...created);
        };
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
  const queue = memoryTrigger("queue");
  const { clock, delivery, lines } = bed([queue], { engine });
  const began = clock.now();
  await clock.drive(queue.fire({ pipeline: "quick", input: null, dedupeId: "1" }));
  expect(clock.now() - began).toBe(1000 + 2000 + 4000);
  expect(lines).toEqual(Array.from({ length: 3 }, () => "a start is tried again"));
  await delivery.close();
});

it("asks a trigger that fails again, with growing pauses, and reports each failure", async () => {
  const at: number[] = [];
  const { clock, delivery, lines } = bed([
    {
      name: "flaky",
      // oxlint-disable-next-line require-yield
      async *starts() {
        at.push(clock.now());
        throw new Error("no connection");
      },
    },
  ]);
  await clock.advance(10_000);
  expect(at.map((instant) => instant - at[0]!)).toEqual([0, 1000, 3000, 7000]);
  expect(new Set(lines)).toEqual(new Set(["a trigger failed; it is asked again"]));
  await clock.drive(delivery.close());
});

it("stops triggers when it is closed, also one that does not heed its signal", async () => {
  let aborted = false;
  const deaf: Trigger = {
    name: "deaf",
    // oxlint-disable-next-line require-yield
    async *starts({ signal }) {
      signal.addEventListener("abort", () => (aborted = true));
      await new Promise(() => {});
    },
  };
  const queue = memoryTrigger("queue");
  const { clock, delivery } = bed([deaf, queue]);
  await clock.settle();
  await clock.drive(delivery.close());
  expect(aborted).toBe(true);
  const never = queue.fire({ pipeline: "quick", input: null, dedupeId: "late" });
  expect(await Promise.race([never, clock.settle().then(() => "not taken")])).toBe("not taken");
});

it("goes on after a crash with what was not acknowledged, without a second run", async () => {
  const queue = memoryTrigger("queue");
  const engine = memory();
  const lost: Trigger = {
    name: "queue",
    async *starts(options) {
      for await (const start of queue.starts(options))
        yield { ...start, acknowledge: () => Promise.reject(new Error("lost")) };
    },
  };
  const first = bed([lost], { engine });
  const fired = queue.fire({ pipeline: "quick", input: null, dedupeId: "1" });
  await first.clock.settle();
  await first.clock.drive(first.delivery.close());
  const second = bed([queue], { engine });
  const { run } = (await second.clock.drive(fired)) as { run: string };
  expect((await second.delivery.runs()).map(({ run: id }) => id)).toEqual([run]);
  await second.delivery.close();
});

it("refuses two triggers of one name", () => {
  expect(() => createDelivery({ triggers: [memoryTrigger(), memoryTrigger()] })).toThrow(ConfigurationError);
});
