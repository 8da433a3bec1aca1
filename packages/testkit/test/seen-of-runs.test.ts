// What readers see of runs that were held, retried, grown, undone or removed: threads, timelines, reports.
import {
  createDelivery,
  defineStage,
  deploy,
  type Event,
  judgement,
  memoryNotifier,
  pipeline,
  type RunHandle,
  runPipeline,
  threadOf,
  threadText,
  undo,
  wait,
} from "@gennaker/core";
import { timeline } from "@gennaker/core/machine";
import { windows } from "@gennaker/core/windows";
import { redBlack } from "@gennaker/strategies";
import { expect, it } from "vitest";
import { simulatedCloud, virtualClock } from "../src/index.ts";

const HOUR = 3_600_000;
const START = Date.UTC(2026, 0, 1);

function bed() {
  const clock = virtualClock(START);
  const cloud = simulatedCloud({ clock });
  const sick = new Set<string>();
  cloud.behaviour((release) => ({
    bootMs: 60_000,
    neverHealthy: typeof release === "string" && sick.has(release),
  }));
  const provider = cloud.provider();
  const cluster = provider.cluster("shop");
  cloud.seed(cluster, [{ size: 2, share: 100, release: "v1" }]);
  const notifier = memoryNotifier();
  const delivery = createDelivery({ clock, providers: [provider], notifiers: [notifier] });
  return {
    clock,
    delivery,
    notifier,
    cluster,
    sick,
    input: (release: string) => ({ cluster, release, strategy: redBlack({ soak: "1m", deadline: "5m" }) }),
    end: (run: RunHandle) => clock.drive(run.outcome()),
    events: (run: RunHandle) =>
      clock.drive(
        (async () => {
          const events: Event[] = [];
          for await (const event of run.events()) events.push(event);
          return events;
        })(),
      ),
  };
}

it("draws a stage from when its windows held it, and that it waited for them", async () => {
  const { clock, delivery, end, events } = bed();
  const shape = pipeline("p").stage("go", wait, () => ({ for: "1h" }), {
    windows: windows({ timeZone: "UTC", allow: [{ from: "03:00", to: "05:00" }] }),
  });
  const run = await clock.drive(delivery.start(shape, null));
  expect(await end(run)).toBe("succeeded");
  const [go] = timeline(await events(run)).stages;
  expect([go?.from, go?.to]).toEqual([START, START + 4 * HOUR]);
  expect(go?.waits[0]).toEqual({ for: "window", from: START, to: START + 3 * HOUR });
  expect(await run.toSvg()).toContain("go");
});

it("ends the row of a stage that was held when its run was cancelled", async () => {
  const { clock, delivery, end, events } = bed();
  const shape = pipeline("p")
    .stage("go", wait, () => ({ for: "1h" }), {
      windows: windows({ timeZone: "UTC", allow: [{ from: "03:00", to: "05:00" }] }),
    })
    .finally("last", wait, () => ({ for: "1h" }));
  const run = await clock.drive(delivery.start(shape, null));
  await clock.advance(HOUR);
  await clock.drive(run.cancel());
  await end(run);
  expect(timeline(await events(run)).stages.map(({ name, status, to }) => [name, status, to])).toEqual([
    ["go", "cancelled", START + HOUR],
    ["last", "succeeded", START + 2 * HOUR],
  ]);
});

it("draws each round of a stage that was retried, and ends with the last", async () => {
  const { clock, delivery, end, events } = bed();
  let room = false;
  const work = defineStage({
    type: "work",
    run: async ({ sleep }) => {
      await sleep(HOUR);
      if (!room) throw new Error("no room");
      return null;
    },
  });
  const shape = pipeline("p").stage("work", work, () => null);
  const run = await clock.drive(delivery.start(shape, null));
  expect(await end(run)).toBe("failed");
  room = true;
  await clock.advance(HOUR);
  await clock.drive(run.retryFrom("work"));
  expect(await end(run)).toBe("succeeded");
  const log = await events(run);
  const { outcome, to, stages } = timeline(log);
  expect([outcome, to]).toEqual(["succeeded", START + 3 * HOUR]);
  expect(stages[0]?.attempts).toEqual([
    { attempt: 1, from: START, to: START + HOUR, failed: true },
    { attempt: 2, from: START + 2 * HOUR, to: START + 3 * HOUR, failed: false },
  ]);
  expect(stages[0]?.waits).toEqual([{ for: "retry", from: START + HOUR, to: START + 2 * HOUR }]);
  expect(threadText(threadOf(log)!)).toMatch(/^✔ .*\n {3}✔ work\n {3}└ succeeded after 3 h$/);
  const between = log.slice(0, log.findIndex(({ type }) => type === "run-retried") + 1);
  expect(threadText(threadOf(between)!)).toMatch(/^▶ .*\n {3}○ work$/);
  await clock.advance(1000);
  const report = await clock.drive(delivery.report());
  expect(report.pipelines[0]).toMatchObject({ outcomes: { succeeded: 1, failed: 0 } });
});

it("shows stages that were made of a list, and one that was passed by", async () => {
  const { clock, delivery, end, events } = bed();
  const shape = pipeline("p")
    .expand(
      "each",
      () => ["eu", "us"],
      wait,
      () => ({ for: "1m" }),
    )
    .stage("never", wait, () => ({ for: "1m" }), { when: () => false });
  const run = await clock.drive(delivery.start(shape, null));
  await end(run);
  const log = await events(run);
  expect(timeline(log).stages.map(({ name }) => name)).toEqual(["each", "each[eu]", "each[us]"]);
  expect(threadText(threadOf(log)!)).toContain("✔ each   ✔ each[eu]   ✔ each[us]   — never");
});

it("tells who approved, and how many of them it takes", async () => {
  const { clock, delivery, notifier, end } = bed();
  const shape = pipeline("p").stage("go?", judgement, () => ({
    roles: ["qa"],
    approvals: 2,
    choices: ["eu", "us"],
  }));
  const run = await clock.drive(delivery.start(shape, null));
  await clock.settle();
  const told = (): string => notifier.message(run.id) ?? "";
  expect(told()).toContain("go? qa (0 of 2):  waits for an answer");
  await clock.drive(run.judge("go?", { verdict: "pass", actor: "ana", choice: "us" }));
  await clock.drive(run.judge("go?", { verdict: "pass", actor: "ana", choice: "eu" }));
  await clock.settle();
  expect(told()).toMatch(/go\? qa \(1 of 2\): {2}✔ ana \d\d:\d\d \(eu\)$/m);
  await clock.drive(run.judge("go?", { verdict: "pass", actor: "rui", choice: "eu" }));
  await end(run);
  await clock.settle();
  expect(told()).toMatch(/go\? qa \(2 of 2\): {2}✔ ana .*✔ rui/);
});

it("counts each round of a deploy as a change, and an undo by a stage as none", async () => {
  const { clock, delivery, cluster, sick, input, end } = bed();
  const ship = pipeline("ship").stage("ship", deploy, () => input("v2"));
  sick.add("v2");
  const run = await clock.drive(delivery.start(ship, null));
  expect(await end(run)).toBe("rolled-back");
  sick.clear();
  await clock.drive(run.retryFrom("ship"));
  expect(await end(run)).toBe("succeeded");
  await clock.advance(1000);
  expect((await clock.drive(delivery.report())).deployments).toMatchObject({
    deployments: 1,
    changes: 2,
    failedChanges: 1,
  });
  const back = pipeline("back").stage("back", undo, () => ({ cluster, group: "shop-v001" }));
  expect(await end(await clock.drive(delivery.start(back, null)))).toBe("succeeded");
  await clock.advance(1000);
  expect((await clock.drive(delivery.report())).deployments).toMatchObject({
    deployments: 1,
    changes: 2,
    failedChanges: 2,
  });
  expect(await clock.drive(delivery.undoTargets(cluster))).toMatchObject([{ release: "v2", newer: true }]);
});

it("does not remove a run below as long as the one above may ask how it ended", async () => {
  const { clock, delivery, end } = bed();
  const below = pipeline("below").stage("work", wait, () => ({ for: "1m" }));
  const above = pipeline("above")
    .stage("below", runPipeline(below), () => null)
    .stage("long", wait, () => ({ for: "60d" }));
  const run = await clock.drive(delivery.start(above, null));
  await clock.advance(40 * 24 * HOUR);
  expect(await clock.drive(delivery.prune({ keep: 0 }))).toBe(0);
  await end(run);
  await clock.advance(40 * 24 * HOUR);
  expect(await clock.drive(delivery.prune({ keep: 0 }))).toBe(2);
});
