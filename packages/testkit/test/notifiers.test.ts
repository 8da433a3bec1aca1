import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createDelivery,
  defineStage,
  type Delivery,
  type DeliveryOptions,
  judgement,
  memory,
  memoryNotifier,
  type Notifier,
  pipeline,
  roles,
  type RunHandle,
} from "@gennaker/core";
import type { Engine } from "@gennaker/core/ports";
import { sqlite } from "@gennaker/core/sqlite";
import { expect, it } from "vitest";
import { virtualClock, type VirtualClock } from "../src/index.ts";

const work = defineStage({ type: "work", run: () => null });
const broken = defineStage({
  type: "broken",
  run: () => {
    throw new Error("no such image");
  },
});
const asking = pipeline("asking")
  .stage("work", work, () => null)
  .stage("cut over?", judgement, () => ({ roles: ["qa"] }));
const quick = pipeline("quick").stage("work", work, () => null);
const failing = pipeline("failing").stage("work", broken, () => null);

interface Line {
  readonly level: string;
  readonly message: string;
  readonly details: { readonly [key: string]: unknown };
}

/** A delivery in virtual time, with what it logged. */
function bed(notifiers: readonly Notifier[], options: DeliveryOptions = {}) {
  const clock = (options.clock as VirtualClock | undefined) ?? virtualClock();
  const lines: Line[] = [];
  const at = (level: string) => (details: object, message: string) =>
    void lines.push({ level, message, details: details as Line["details"] });
  const logger = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  const delivery = createDelivery({
    clock,
    engine: memory(),
    logger,
    notifiers,
    pipelines: [asking, quick, failing],
    ...options,
  });
  return { clock, lines, delivery };
}

const types = (told: readonly { readonly type: string }[]): readonly string[] => told.map(({ type }) => type);

async function askedOf(delivery: Delivery, clock: VirtualClock): Promise<RunHandle> {
  const run = await clock.drive(delivery.start(asking, null, { actor: "ana" }));
  const waiting = async (): Promise<void> => {
    for await (const { type } of run.events()) if (type === "judgement-requested") break;
  };
  await clock.drive(waiting());
  await clock.settle();
  return run;
}

it("edits one message as a run goes on, to its end", async () => {
  const chat = memoryNotifier("chat");
  const { clock, delivery } = bed([chat]);
  const run = await askedOf(delivery, clock);
  expect(chat.message(run.id)).toBe(
    ["▶ ana started asking", "   ✔ work   ⏳ cut over?", "   └ cut over? qa:  waits for an answer"].join(
      "\n",
    ),
  );
  await run.judge("cut over?", { verdict: "pass", actor: "rui" });
  await clock.settle();
  expect(chat.message(run.id)).toMatch(
    /^✔ ana started asking\n.*\n {3}└ cut over\? qa: {2}✔ rui 00:00\n {3}└ succeeded/,
  );
  await delivery.close();
});

it("tells of a cancel, of a failure, and of a start that was refused, each with its reason", async () => {
  const chat = memoryNotifier("chat");
  const { clock, delivery } = bed([chat]);
  const run = await askedOf(delivery, clock);
  await run.cancel({ actor: "rui", reason: "wrong branch" });
  const failed = await clock.drive(delivery.start(failing, null));
  await clock.drive(failed.outcome());
  await expect(
    delivery.start(quick, undefined as never, { actor: "bo" }).then((r) => r.state()),
  ).resolves.toBeDefined();
  await expect(
    delivery.deploy({ cluster: null } as never, { actor: "bo", idempotencyKey: "k" }),
  ).rejects.toThrow(/cluster/);
  await clock.settle();
  expect(chat.message(run.id)).toMatch(/cancelled after .*: wrong branch\n {3}└ cancelled by rui$/);
  expect(chat.message(failed.id)).toContain("failed after 0 ms: work: no such image");
  expect(chat.refusals).toEqual([
    expect.objectContaining({
      pipeline: "deploy",
      actor: "bo",
      idempotencyKey: "k",
      error: expect.objectContaining({ message: expect.stringContaining("cluster: is missing") }),
    }),
  ]);
  await delivery.close();
});

it("tells of a start that somebody may not make", async () => {
  const chat = memoryNotifier("chat");
  const { clock, delivery } = bed([chat], { authorizer: roles({ members: {}, grants: [] }) });
  await expect(delivery.as("ana").start(quick, null)).rejects.toThrow(/EXECUTE/);
  await clock.settle();
  expect(chat.refusals).toMatchObject([
    { pipeline: "quick", actor: "ana", error: { code: "GENNAKER_DENIED" } },
  ]);
  await delivery.close();
});

it("tells the events of one run in order and one at a time, and does not let one run wait for another", async () => {
  const order: string[] = [];
  const underWay = new Set<string>();
  const gates = new Map<string, () => void>();
  const slow: Notifier = {
    name: "slow",
    async notify(event, { thread }) {
      expect(underWay.has(event.run)).toBe(false);
      underWay.add(event.run);
      if (thread.actor === "slow" && event.seq === 0)
        await new Promise<void>((resolve) => gates.set(event.run, resolve));
      underWay.delete(event.run);
      order.push(`${thread.actor} ${event.seq}`);
    },
  };
  const { clock, delivery } = bed([slow]);
  const first = await clock.drive(delivery.start(quick, null, { actor: "slow" }));
  expect(await clock.drive(first.outcome())).toBe("succeeded");
  const second = await clock.drive(delivery.start(quick, null, { actor: "fast" }));
  await clock.drive(second.outcome());
  await clock.settle();
  expect(order).toEqual(["fast 0", "fast 1", "fast 2", "fast 3"]);
  gates.get(first.id)?.();
  await clock.settle();
  expect(order.slice(4)).toEqual(["slow 0", "slow 1", "slow 2", "slow 3"]);
  await delivery.close();
});

it("tries a notice again with growing pauses, and tells the logger", async () => {
  const at: number[] = [];
  const inner = memoryNotifier("chat");
  const { clock, delivery, lines } = bed([
    {
      ...inner,
      async notify(event, context) {
        if (event.seq === 0) at.push(clock.now());
        if (event.seq === 0 && at.length < 5) throw new Error("the chat is down: token=abcdefgh");
        await inner.notify(event, context);
      },
    },
  ]);
  const run = await clock.drive(delivery.start(quick, null));
  await clock.advance(60_000);
  expect(at.map((instant) => instant - at[0]!)).toEqual([0, 1000, 3000, 7000, 15_000]);
  expect(types(inner.told)).toEqual(["run-started", "stage-started", "stage-succeeded", "run-finished"]);
  const trouble = lines.filter(({ details }) => details["notifier"] === "chat");
  expect(trouble.map(({ level }) => level)).toEqual(["warn", "warn", "warn", "warn"]);
  expect(JSON.stringify(trouble)).not.toContain("abcdefgh");
  expect(trouble[0]?.details["notice"]).toBe(`${run.id}/0`);
  await delivery.close();
});

it("gives a notice up when its notifier says that it can never be told, and goes on with the next", async () => {
  const inner = memoryNotifier("chat");
  const { clock, delivery, lines } = bed([
    {
      ...inner,
      notify(event, context) {
        if (event.seq === 1) throw Object.assign(new Error("the room was deleted"), { retryable: false });
        return inner.notify(event, context);
      },
    },
  ]);
  await clock.drive((await clock.drive(delivery.start(quick, null))).outcome());
  await clock.settle();
  expect(types(inner.told)).toEqual(["run-started", "stage-succeeded", "run-finished"]);
  expect(lines.filter(({ level }) => level === "error").map(({ message }) => message)).toEqual([
    "a notice was given up: its notifier says that it can never be told",
  ]);
  await delivery.close();
});

it("lets no notifier hold a run up, nor its own close: one that never answers is called off", async () => {
  const signals: AbortSignal[] = [];
  const { clock, delivery } = bed([
    { name: "dead", notify: (_, { signal }) => (signals.push(signal), new Promise<void>(() => {})) },
  ]);
  const run = await clock.drive(delivery.start(quick, null));
  expect(await clock.drive(run.outcome())).toBe("succeeded");
  await clock.advance(31_000);
  expect(signals[0]?.aborted).toBe(true);
  expect(signals.length).toBeGreaterThan(1);
  await clock.drive(delivery.close());
  expect(signals.every(({ aborted }) => aborted)).toBe(true);
});

it("tells a new notifier of what comes, and a known one of what it missed", async () => {
  const clock = virtualClock();
  const engine = memory();
  const first = bed([], { clock, engine });
  await clock.drive((await clock.drive(first.delivery.start(quick, null))).outcome());
  await first.delivery.close();

  const chat = memoryNotifier("chat");
  const second = bed([chat], { clock, engine });
  await clock.drive(second.delivery.ready());
  await clock.settle();
  expect(chat.told).toEqual([]);
  await clock.drive(second.delivery.close());

  const without = bed([], { clock, engine });
  const missed = await clock.drive(without.delivery.start(quick, null));
  await clock.drive(missed.outcome());
  await without.delivery.close();

  const third = bed([chat], { clock, engine });
  await clock.drive(third.delivery.ready());
  await clock.settle();
  expect(new Set(chat.told.map(({ run }) => run))).toEqual(new Set([missed.id]));
  expect(types(chat.told).at(-1)).toBe("run-finished");
  await third.delivery.close();
});

it.each<[string, () => { readonly open: () => Engine; readonly dispose: () => void }]>([
  [
    "memory",
    () => {
      const engine = memory();
      return { open: () => engine, dispose: () => {} };
    },
  ],
  [
    "sqlite",
    () => {
      const folder = mkdtempSync(join(tmpdir(), "notices-"));
      return {
        open: () => sqlite({ file: join(folder, "log.db"), takeover: true }),
        dispose: () => rmSync(folder, { recursive: true }),
      };
    },
  ],
])(
  "tells everything at least once over crashes, in order, and with the same ids, on %s",
  async (_, place) => {
    const { open, dispose } = place();
    const clock = virtualClock();
    const shown = memoryNotifier("chat");
    const raw: string[] = [];
    const wanted: string[] = [];
    for (let life = 0; life < 6; life += 1) {
      let calls = 0;
      // Each life shows a few notices and dies in the middle of one: shown, but not known to be.
      const dying: Notifier = {
        name: "chat",
        async notify(event, context) {
          if (calls >= 3 && life < 5) await new Promise(() => {});
          calls += 1;
          raw.push(event.id);
          await shown.notify(event, context);
          if (calls === 3 && life < 5) await new Promise(() => {});
        },
      };
      const engine = open();
      const { delivery } = bed([dying], { clock, engine });
      const run = await clock.drive(delivery.start(quick, null));
      await clock.drive(run.outcome());
      await clock.settle();
      wanted.push(run.id);
      await clock.drive(delivery.close());
    }
    for (const run of wanted) {
      const told = shown.told.filter(({ run: of }) => of === run);
      expect(types(told)).toEqual(["run-started", "stage-started", "stage-succeeded", "run-finished"]);
      expect(told.map(({ id }) => id)).toEqual(told.map(({ id }) => id).toSorted());
    }
    expect(raw.length).toBeGreaterThan(new Set(raw).size);
    dispose();
  },
);

it("tells what is in the log before it is closed", async () => {
  const chat = memoryNotifier("chat");
  const { clock, delivery } = bed([chat]);
  const run = await clock.drive(delivery.start(quick, null));
  await run.outcome();
  await delivery.close();
  expect(types(chat.told).at(-1)).toBe("run-finished");
  expect(clock.next()).toBeUndefined();
});

it("refuses two notifiers of one name, and an engine that keeps no cursors", () => {
  const two = [memoryNotifier("chat"), memoryNotifier("chat")];
  expect(() => createDelivery({ notifiers: two })).toThrow('notifiers: two are called "chat"');
  const engine = new Proxy(memory(), { has: (target, field) => field !== "cursor" && field in target });
  expect(() => createDelivery({ engine, notifiers: [memoryNotifier()] })).toThrow(
    "notifiers: the memory engine cannot keep how far they were told",
  );
});
