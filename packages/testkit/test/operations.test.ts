import {
  type Cluster,
  createDelivery,
  type Delivery,
  deploy,
  destroyGroup,
  disableGroup,
  enableGroup,
  type Engine,
  findGroup,
  memory,
  pipeline,
  resizeGroup,
  type RunHandle,
  shiftTraffic,
  wait,
} from "@gennaker/core";
import { redBlack } from "@gennaker/strategies";
import { expect, it } from "vitest";
import { type SimulatedCloud, simulatedCloud, virtualClock, type VirtualClock } from "../src/index.ts";

interface Bed {
  readonly clock: VirtualClock;
  readonly cloud: SimulatedCloud;
  readonly cluster: Cluster;
  readonly engine: Engine;
  readonly delivery: Delivery;
  readonly groups: () => string[];
  readonly ended: (run: RunHandle) => Promise<string>;
}

function bed(guarded = false): Bed {
  const clock = virtualClock();
  const cloud = simulatedCloud({ clock });
  cloud.behaviour(() => ({ bootMs: 60_000 }));
  const provider = cloud.provider();
  const cluster = provider.cluster("shop");
  cloud.seed(cluster, [
    { size: 2, release: "v1" },
    { size: 3, share: 100, release: "v2" },
  ]);
  const engine = memory();
  const delivery = createDelivery({
    engine,
    clock,
    providers: [provider],
    ...(guarded && { guarded: [cluster] }),
  });
  return {
    clock,
    cloud,
    cluster,
    engine,
    delivery,
    groups: () =>
      cloud.world(cluster).groups.map(({ name, healthy, share }) => `${name} ${healthy} ${share} %`),
    ended: (run) => clock.drive(run.outcome()),
  };
}

it("finds the release of a group, and deploys it elsewhere", async () => {
  const { clock, cloud, cluster, delivery, ended } = bed();
  const elsewhere = cloud.provider().cluster("shop-eu");
  const promote = pipeline("promote")
    .stage("what serves", findGroup, () => ({ cluster, group: "serving" as const }))
    .stage("eu", deploy, ({ outputs }) => ({
      cluster: elsewhere,
      release: outputs["what serves"].release ?? "",
      strategy: redBlack(),
    }));
  const run = await clock.drive(delivery.start(promote, null));
  expect(await ended(run)).toBe("succeeded");
  expect((await run.state()).stages[0]?.output).toMatchObject({ group: "shop-v002", release: "v2" });
  expect(cloud.world(elsewhere).groups).toMatchObject([{ release: "v2", share: 100 }]);
});

it("resizes, shifts, and destroys, each when what was before it is done", async () => {
  const { clock, cluster, delivery, groups, ended } = bed();
  const back = pipeline("back by hand")
    .stage("grow", resizeGroup, () => ({ cluster, group: "previous" as const, size: { by: 1 } }))
    .stage("shift", shiftTraffic, () => ({ cluster, shares: [{ group: "oldest" as const, share: 100 }] }))
    .stage("remove", destroyGroup, () => ({ cluster, group: "newest" as const }));
  expect(await ended(await clock.drive(delivery.start(back, null)))).toBe("succeeded");
  expect(groups()).toEqual(["shop-v001 3 100 %"]);
});

it("gives a group a part of the traffic and takes it away again", async () => {
  const { clock, cluster, delivery, groups, ended } = bed();
  const tryOut = pipeline("try out").stage("a part", enableGroup, () => ({
    cluster,
    group: { name: "shop-v001" },
    share: 10,
  }));
  expect(await ended(await clock.drive(delivery.start(tryOut, null)))).toBe("succeeded");
  expect(groups()).toEqual(["shop-v001 2 10 %", "shop-v002 3 90 %"]);
  const stop = pipeline("stop").stage("none", disableGroup, () => ({
    cluster,
    group: { name: "shop-v001" },
  }));
  expect(await ended(await clock.drive(delivery.start(stop, null)))).toBe("succeeded");
  expect(groups()).toEqual(["shop-v001 2 0 %", "shop-v002 3 100 %"]);
});

function destroy(cluster: Cluster, force: boolean): ReturnType<typeof pipeline<null>> {
  return pipeline<null>(`destroy ${force}`).stage("gone", destroyGroup, () => ({
    cluster,
    group: "serving" as const,
    force,
  }));
}

it("never destroys what has traffic, unless it is forced, and in a guarded cluster not even then", async () => {
  const open = bed();
  const refused = await open.clock.drive(open.delivery.start(destroy(open.cluster, false), null));
  expect(await open.ended(refused)).toBe("failed");
  expect((await refused.state()).stages[0]?.error?.message).toContain(
    "shop-v002 still has 100 % of the traffic",
  );
  expect(
    await open.ended(await open.clock.drive(open.delivery.start(destroy(open.cluster, true), null))),
  ).toBe("succeeded");
  expect(open.groups()).toEqual(["shop-v001 2 0 %"]);

  const guarded = bed(true);
  const kept = await guarded.clock.drive(guarded.delivery.start(destroy(guarded.cluster, true), null));
  expect(await guarded.ended(kept)).toBe("failed");
  expect((await kept.state()).stages[0]?.error?.message).toContain("is the last group that serves");
  expect(guarded.groups()).toEqual(["shop-v001 2 0 %", "shop-v002 3 100 %"]);
});

it("waits for its turn behind a rollout on the same cluster, and holds up the next one", async () => {
  const { clock, cluster, delivery, ended } = bed();
  const rollout = await clock.drive(delivery.deploy({ cluster, release: "v3", strategy: redBlack() }));
  const grow = pipeline("grow").stage("grow", resizeGroup, () => ({
    cluster,
    group: "serving" as const,
    size: 5,
  }));
  const run = await clock.drive(delivery.start(grow, null));
  await clock.advance(1000);
  expect((await run.state()).stages[0]).toMatchObject({ status: "queued", position: 1 });
  expect(await ended(rollout)).toBe("succeeded");
  expect(await ended(run)).toBe("succeeded");
  expect((await run.state()).stages[0]?.output).toMatchObject({
    groups: [{ name: "shop-v003", desired: 5 }],
  });
});

it("leaves a queue when its run is cancelled, and stops where it is when it has begun", async () => {
  const { clock, cluster, delivery, ended } = bed();
  const rollout = await clock.drive(
    delivery.deploy({ cluster, release: "v3", strategy: redBlack({ soak: "1h" }) }),
  );
  const grow = pipeline("grow").stage("grow", resizeGroup, () => ({
    cluster,
    group: "serving" as const,
    size: 5,
  }));
  const waiting = await clock.drive(delivery.start(grow, null));
  await clock.advance(1000);
  await clock.drive(waiting.cancel({ actor: "ana" }));
  expect(await ended(waiting)).toBe("cancelled");
  expect(await ended(rollout)).toBe("succeeded");
  const begun = await clock.drive(delivery.start(grow, null));
  await clock.advance(1000);
  await clock.drive(begun.cancel({ actor: "ana", reason: "enough" }));
  expect(await ended(begun)).toBe("cancelled");
  const next = await clock.drive(delivery.deploy({ cluster, release: "v4", strategy: redBlack() }));
  expect(await ended(next)).toBe("succeeded");
});

it("wants the same after a crash as before it: a size is not added twice", async () => {
  const clock = virtualClock();
  const cloud = simulatedCloud({ clock });
  cloud.behaviour(() => ({ bootMs: 60_000 }));
  const engine = memory();
  const grow = pipeline<null>("grow").stage("grow", resizeGroup, () => ({
    cluster: cloud.provider().cluster("shop"),
    group: "newest" as const,
    size: { by: 2 },
  }));
  const first = cloud.provider();
  const cluster = first.cluster("shop");
  cloud.seed(cluster, [{ size: 3, share: 100 }]);
  const before = createDelivery({ engine, clock, providers: [first], pipelines: [grow] });
  const run = await clock.drive(before.start(grow, null));
  await clock.advance(30_000);
  expect(cloud.world(cluster).groups[0]).toMatchObject({ desired: 5, healthy: 3 });
  cloud.crash(first);
  await clock.drive(before.close());
  const after = createDelivery({ engine, clock, providers: [cloud.provider()], pipelines: [grow] });
  const again = await clock.drive(after.run(run.id));
  expect(await clock.drive(again.outcome())).toBe("succeeded");
  expect(cloud.world(cluster).groups[0]).toMatchObject({ desired: 5, healthy: 5 });
});

it("goes on through lost, refused and late commands", async () => {
  const { clock, cloud, cluster, delivery, groups, ended } = bed();
  cloud.failNext("scaleGroup", "lostCommand");
  cloud.failNext("setTraffic", "lateCommand");
  cloud.failNext("scaleGroup", "conflict");
  const back = pipeline("back by hand")
    .stage("grow", resizeGroup, () => ({ cluster, group: "previous" as const, size: 4 }))
    .stage("shift", shiftTraffic, () => ({ cluster, shares: [{ group: "oldest" as const, share: 100 }] }));
  expect(await ended(await clock.drive(delivery.start(back, null)))).toBe("succeeded");
  expect(groups()).toEqual(["shop-v001 4 100 %", "shop-v002 3 0 %"]);
});

it("stops at once at a command that is denied, and says so", async () => {
  const { clock, cloud, cluster, delivery, ended } = bed();
  cloud.failNext("scaleGroup", "denied");
  const grow = pipeline("grow").stage("grow", resizeGroup, () => ({
    cluster,
    group: "serving" as const,
    size: 5,
  }));
  const run = await clock.drive(delivery.start(grow, null));
  expect(await ended(run)).toBe("failed");
  expect((await run.state()).stages[0]?.error?.details).toMatchObject({
    kind: "denied",
    operation: "scaleGroup",
  });
});

it("gives up when it takes too long, and says what it waited for", async () => {
  const { clock, cluster, delivery, ended } = bed();
  const grow = pipeline("grow").stage("grow", resizeGroup, () => ({
    cluster,
    group: "serving" as const,
    size: 5,
    timeout: "30s" as const,
  }));
  const run = await clock.drive(delivery.start(grow, null));
  expect(await ended(run)).toBe("failed");
  expect((await run.state()).stages[0]?.error?.message).toBe(
    "resize was not done within 30s: shop-v002 has 3 of 5 healthy instances",
  );
});

it("says everything that is wrong with what is asked before anything is done", async () => {
  const { clock, cluster, delivery, ended } = bed();
  const bad = pipeline("bad").stage("bad", shiftTraffic, () => ({
    cluster,
    shares: [
      { group: "newst" as never, share: 60 },
      { group: "oldest" as const, share: 140 },
    ],
  }));
  const run = await clock.drive(delivery.start(bad, null));
  expect(await ended(run)).toBe("failed");
  const message = (await run.state()).stages[0]?.error?.message;
  expect(message).toContain('shares[0].group: "newst" is not one of');
  expect(message).toContain('(did you mean "newest"?)');
  expect(message).toContain("shares[1].share: 140 is not a whole percentage of 0 to 100");
});

it("says commands of its own when it is retried", async () => {
  const { clock, cloud, cluster, delivery, ended } = bed();
  const twice = pipeline("twice").stage("grow", resizeGroup, () => ({
    cluster,
    group: "serving" as const,
    size: { by: 1 },
  }));
  const run = await clock.drive(delivery.start(twice, null));
  expect(await ended(run)).toBe("succeeded");
  await clock.drive(run.retryFrom("grow"));
  expect(await ended(run)).toBe("succeeded");
  const commands = cloud.history.map(({ token }) => token.command);
  expect(commands.length).toBe(2);
  expect(new Set(commands).size).toBe(2);
});

it("lets what always runs fail by itself, although the run was cancelled", async () => {
  const { clock, cluster, delivery, ended } = bed();
  const cancelled = pipeline("cancelled")
    .stage("rest", wait, () => ({ for: "1h" }))
    .finally("remove", destroyGroup, () => ({ cluster, group: "serving" as const }));
  const run = await clock.drive(delivery.start(cancelled, null));
  await clock.drive(run.cancel({ actor: "ana" }));
  expect(await ended(run)).toBe("failed");
  expect((await run.state()).stages[1]).toMatchObject({
    status: "failed",
    error: { code: "operation-refused" },
  });
});
