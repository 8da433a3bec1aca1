import {
  type Cluster,
  clusterId,
  createDelivery,
  defineStage,
  type Delivery,
  type DeliveryOptions,
  deploy,
  memory,
  memoryNotifier,
  pipeline,
  roles,
  type RunHandle,
  wait,
} from "@gennaker/core";
import { redBlack } from "@gennaker/strategies";
import { expect, it } from "vitest";
import { simulatedCloud, virtualClock, type VirtualClock } from "../src/index.ts";
import { collect } from "./collect.ts";

const DAY = 86_400_000;
const work = defineStage({ type: "work", run: () => null });
const chore = pipeline("chore").stage("work", work, () => null);
const other = pipeline("other", { application: "mail" }).stage("work", work, () => null);

interface Bed {
  readonly clock: VirtualClock;
  readonly delivery: Delivery;
  readonly shop: Cluster;
  readonly mail: Cluster;
  readonly bring: (cluster: Cluster, release: string) => Promise<RunHandle>;
  readonly done: (starting: Promise<RunHandle>) => Promise<RunHandle>;
  readonly runs: (filter?: Parameters<Delivery["runs"]>[0]) => Promise<readonly string[]>;
}

function bed(options: DeliveryOptions = {}): Bed {
  const clock = virtualClock();
  const cloud = simulatedCloud({ clock });
  cloud.behaviour(() => ({ bootMs: 60_000 }));
  const provider = cloud.provider();
  const shop = provider.cluster("shop-api");
  const mail = provider.cluster("mail");
  for (const cluster of [shop, mail]) cloud.seed(cluster, [{ size: 1, share: 100, release: "v0" }]);
  let n = 0;
  const delivery = createDelivery({
    engine: memory(),
    clock,
    providers: [provider],
    pipelines: [chore, other],
    newRunId: () => `r${++n}`,
    ...options,
  });
  const done = async (starting: Promise<RunHandle>): Promise<RunHandle> => {
    const run = await clock.drive(starting);
    await clock.drive(run.outcome());
    return run;
  };
  return {
    clock,
    delivery,
    shop,
    mail,
    done,
    bring: (cluster, release) =>
      done(delivery.deploy({ cluster, release, strategy: redBlack({ keepWarm: 1 }) }, { actor: "ana" })),
    runs: async (filter) => (await delivery.runs(filter)).map(({ run }) => run),
  };
}

it("finds runs by cluster, application, pipeline, actor, outcome and time, also together", async () => {
  const { clock, delivery, shop, mail, bring, done, runs } = bed();
  await bring(shop, "v1");
  await bring(mail, "v1");
  await clock.advance(DAY);
  const later = clock.now();
  await done(delivery.start(other, null, { actor: "rui" }));
  await bring(shop, "v2");
  expect(await runs({ cluster: clusterId(shop) })).toEqual(["r4", "r1"]);
  expect(await runs({ application: "mail" })).toEqual(["r3", "r2"]);
  expect(await runs({ application: "shop", to: later })).toEqual(["r1"]);
  expect(await runs({ actor: "ana", from: later })).toEqual(["r4"]);
  expect(await runs({ pipeline: "deploy", application: "mail", status: "succeeded" })).toEqual(["r2"]);
  await delivery.close();
});

it("reports the four figures of an application in a window, and how long things took", async () => {
  const { clock, delivery, shop, mail, bring, done } = bed();
  const from = clock.now();
  await bring(shop, "v1");
  await clock.advance(DAY);
  await bring(shop, "v2");
  await done(delivery.undo(shop));
  await bring(mail, "v1");
  await done(delivery.start(chore, null));
  const report = await delivery.report({ application: "shop", from, to: from + 2 * DAY });
  expect(report.deployments).toMatchObject({
    deployments: 2,
    deploymentsPerDay: 1,
    changes: 2,
    failedChanges: 1,
    changeFailureRate: 0.5,
    unrestored: 0,
    timeToRestore: { count: 1 },
  });
  expect(report.pipelines).toMatchObject([
    {
      pipeline: "deploy",
      outcomes: { succeeded: 3 },
      stages: [{ stage: "deploy", duration: { count: 3 } }],
    },
  ]);
  const whole = await delivery.report({ from, to: from + 2 * DAY });
  expect(whole.deployments.deployments).toBe(3);
  expect(whole.pipelines.map(({ pipeline: name }) => name)).toEqual(["chore", "deploy"]);
  await delivery.close();
});

it("measures lead time by what the input says of its commit, in the usual ways and in one's own", async () => {
  const { clock, delivery, shop, done } = bed();
  const prod = (name: string) =>
    pipeline<{ committedAt?: string | number; sha?: number }>(name).stage("prod", deploy, () => ({
      cluster: shop,
      release: name,
      strategy: redBlack(),
    }));
  const committed = clock.now() - DAY;
  await done(delivery.start(prod("a"), { committedAt: committed }));
  await done(delivery.start(prod("b"), { committedAt: new Date(committed).toISOString() }));
  await done(delivery.start(prod("c"), { committedAt: "yesterday" }));
  await done(delivery.start(prod("d"), { sha: committed }));
  const { leadTime } = (await delivery.report({ to: clock.now() + 1 })).deployments;
  expect(leadTime?.count).toBe(2);
  expect(leadTime?.p50).toBeGreaterThan(DAY);
  const own = await delivery.report({
    to: clock.now() + 1,
    committedAt: (input) => (input as { sha?: number }).sha,
  });
  expect(own.deployments.leadTime?.count).toBe(1);
  await expect(delivery.report({ from: 2, to: 1 })).rejects.toThrow("from: 2 is not before to: 1");
  await delivery.close();
});

it("removes what is old, but the newest of each pipeline, and what a cluster could go back to", async () => {
  const { clock, delivery, shop, bring, done, runs } = bed();
  for (let n = 1; n <= 4; n += 1) await bring(shop, `v${n}`);
  for (let n = 0; n < 3; n += 1) await done(delivery.start(chore, null));
  expect(await delivery.prune({ keep: 0, olderThan: "1d" })).toBe(0);
  await clock.advance(2 * DAY);
  await done(delivery.start(chore, null));
  expect(await delivery.prune({ keep: 1, olderThan: "1d" })).toBe(2 + 3);
  expect(await runs()).toEqual(["r8", "r4", "r3"]);
  expect(await clock.drive(delivery.undoTargets(shop))).not.toEqual([]);
  expect(await delivery.prune({ keep: 1, olderThan: "1d" })).toBe(0);
  await delivery.close();
});

it("removes nothing that is under way, however old", async () => {
  const { clock, delivery, runs } = bed();
  const waiting = pipeline("waiting").stage("hold", wait, () => ({ for: "1000d" as const }));
  const run = await clock.drive(delivery.start(waiting, null));
  await clock.advance(100 * DAY);
  expect(await delivery.prune({ keep: 0, olderThan: 0 })).toBe(0);
  expect(await runs()).toEqual([run.id]);
  await delivery.close();
});

it("removes hundreds a batch at a time, and lets streams and followers know", async () => {
  const { clock, delivery, done, runs } = bed();
  for (let n = 0; n < 250; n += 1) await done(delivery.start(chore, null));
  const last = await done(delivery.start(chore, null));
  const old = await delivery.run("r1");
  const events = await collect(old.events());
  await clock.advance(DAY);
  expect(await delivery.prune({ keep: 1, olderThan: 0 })).toBe(250);
  expect(await runs({ limit: 1000 })).toEqual([last.id]);
  await expect(delivery.run("r1")).rejects.toThrow('there is no run "r1" in this log');
  await expect(collect(old.events({ from: events.length }))).rejects.toThrow('there is no run "r1"');
  await expect(old.outcome()).rejects.toThrow('there is no run "r1"');
  // A stream of all runs skips what is gone, and goes on.
  for await (const event of delivery.events({ from: events[0]!.offset })) {
    expect(event.run).toBe(last.id);
    break;
  }
  const next = await done(delivery.start(chore, null));
  const [first] = await collect(next.events());
  expect(first!.offset).toBeGreaterThan(events.at(-1)!.offset);
  await delivery.close();
});

it("keeps what a notifier was not told of", async () => {
  const chat = memoryNotifier("chat");
  let down = true;
  const notifier = {
    ...chat,
    notify: (...notice: Parameters<typeof chat.notify>) =>
      down ? Promise.reject(new Error("down")) : chat.notify(...notice),
  };
  const { clock, delivery, done, runs } = bed({ notifiers: [notifier] });
  await done(delivery.start(chore, null));
  await clock.advance(DAY);
  expect(await delivery.prune({ keep: 0, olderThan: 0 })).toBe(0);
  down = false;
  await clock.advance(DAY);
  expect(await delivery.prune({ keep: 0, olderThan: 0 })).toBe(1);
  expect(await runs()).toEqual([]);
  await delivery.close();
});

it("prunes by itself at the opening and each hour, when it is told what to keep", async () => {
  const { clock, delivery, done, runs } = bed({ retention: { keep: 2, olderThan: "90m" } });
  for (let n = 0; n < 5; n += 1) await done(delivery.start(chore, null));
  await clock.advance(DAY / 24);
  expect(await runs()).toHaveLength(5);
  await clock.advance(DAY / 24);
  expect(await runs()).toEqual(["r5", "r4"]);
  await delivery.close();
  expect(clock.next()).toBeUndefined();
});

it("prunes for who is ADMIN, and reports to who may READ", async () => {
  const authorizer = roles({
    members: { dev: ["ana"], boss: ["bo"] },
    grants: [
      { to: "dev", may: ["READ"], on: { application: "shop" } },
      { to: "boss", may: ["ADMIN"] },
    ],
  });
  const { clock, delivery, done } = bed({ authorizer });
  await done(delivery.as("bo").start(chore, null));
  const ana = delivery.as("ana");
  await expect(ana.prune()).rejects.toThrow('ADMIN on application "*" is missing');
  await expect(ana.prune({ pipeline: "chore" })).rejects.toThrow('ADMIN on pipeline "chore" is missing');
  await expect(ana.report({ application: "mail" })).rejects.toThrow('READ on application "mail"');
  const window = { to: clock.now() + 1 };
  expect((await ana.report({ ...window, application: "shop" })).pipelines).toEqual([]);
  expect((await ana.report(window)).pipelines).toEqual([]);
  expect((await delivery.as("bo").report(window)).pipelines).toHaveLength(1);
  await clock.advance(DAY);
  expect(await delivery.as("bo").prune({ keep: 0, olderThan: 0 })).toBe(1);
  await delivery.close();
});

it("tells all that is wrong with a retention at once, before anything is opened", () => {
  expect(() => createDelivery({ retention: { keep: -1, olderThan: "soon" as never } })).toThrow(
    /retention has 2 problems\n {2}keep: -1 is not a whole number from 0 on\n {2}olderThan: /,
  );
});
