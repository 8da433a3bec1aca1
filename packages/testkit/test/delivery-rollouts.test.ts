// What an operator does to a deploy, tried on the real engine and the simulated cloud in virtual time.
import {
  type Cluster,
  createDelivery,
  type Delivery,
  type Event,
  memory,
  type OnBusy,
  type RunHandle,
} from "@gennaker/core";
import { redBlack, type RedBlackOptions } from "@gennaker/strategies";
import { expect, it } from "vitest";
import { type SimulatedCloud, simulatedCloud, virtualClock, type VirtualClock } from "../src/index.ts";

interface Bed {
  readonly clock: VirtualClock;
  readonly cloud: SimulatedCloud;
  readonly cluster: Cluster;
  readonly delivery: Delivery;
  readonly deploy: (image: string, options?: RedBlackOptions, onBusy?: OnBusy) => Promise<RunHandle>;
  /** Runs until the stage's rollout is in a phase. */
  readonly until: (run: RunHandle, phase: string) => Promise<void>;
  readonly groups: () => string[];
  readonly eventsOf: (run: RunHandle) => Promise<Event[]>;
}

function bed(): Bed {
  const clock = virtualClock();
  const cloud = simulatedCloud({ clock });
  cloud.behaviour(() => ({ bootMs: 2000 }));
  const provider = cloud.provider();
  const cluster = provider.cluster("shop-api");
  cloud.seed(cluster, [{ size: 3, share: 100, release: { image: "v1" } }]);
  const delivery = createDelivery({ engine: memory(), clock, providers: [provider], strategies: [redBlack] });
  return {
    clock,
    cloud,
    cluster,
    delivery,
    deploy: (image, options = { soak: "10s" }, onBusy = "queue") =>
      clock.drive(delivery.deploy({ cluster, release: { image }, strategy: redBlack(options), onBusy })),
    async until(run, phase) {
      let there = false;
      const off = delivery.on("rollout-phase-started", (event) => {
        if (event.run === run.id && event.phase === phase) there = true;
      });
      await clock.runUntil(() => there);
      off();
    },
    groups: () =>
      cloud
        .world(cluster)
        .groups.map(({ name, desired, healthy, share }) => `${name} ${healthy}/${desired} ${share} %`),
    async eventsOf(run) {
      const events: Event[] = [];
      for await (const event of run.events()) events.push(event);
      return events;
    },
  };
}

it("lets the second deploy to a cluster wait for the first, and shows its place", async () => {
  const { clock, deploy, groups, delivery } = bed();
  const first = await deploy("v2");
  const second = await deploy("v3");
  const third = await deploy("v4");
  await clock.advance(1000);
  expect((await clock.drive(second.state())).stages[0]).toMatchObject({ status: "queued", position: 1 });
  expect((await clock.drive(third.state())).stages[0]).toMatchObject({ status: "queued", position: 2 });
  const overlaps: string[] = [];
  let acting: string | undefined;
  delivery.on("stage-admitted", ({ run }) => {
    if (acting) overlaps.push(run);
    acting = run;
  });
  delivery.on("rollout-finished", () => {
    acting = undefined;
  });
  acting = first.id;
  expect(await clock.drive(third.outcome())).toBe("succeeded");
  expect(overlaps).toEqual([]);
  // Of the previous groups two are kept, scaled to zero.
  expect(groups()).toEqual(["shop-api-v002 0/0 0 %", "shop-api-v003 0/0 0 %", "shop-api-v004 3/3 100 %"]);
});

it("withdraws a queued deploy that is cancelled, and the next one moves up", async () => {
  const { clock, deploy } = bed();
  const first = await deploy("v2");
  const second = await deploy("v3");
  const third = await deploy("v4");
  await clock.drive(second.cancel({ actor: "ana" }));
  expect(await clock.drive(second.outcome())).toBe("cancelled");
  expect(await clock.drive(first.outcome())).toBe("succeeded");
  expect(await clock.drive(third.outcome())).toBe("succeeded");
});

it("takes the way back when it is cancelled within the soak", async () => {
  const { clock, deploy, until, groups } = bed();
  const run = await deploy("v2");
  await until(run, "soak");
  expect(groups()).toEqual(["shop-api-v001 3/3 0 %", "shop-api-v002 3/3 100 %"]);
  await clock.drive(run.cancel({ actor: "ana", reason: "p99 is up" }));
  expect(await clock.drive(run.outcome())).toBe("cancelled");
  expect(groups()).toEqual(["shop-api-v001 3/3 100 %"]);
  expect((await clock.drive(run.state())).reason).toBe("p99 is up");
});

it("stops at once on a forced cancel, and lists what is left", async () => {
  const { clock, deploy, until, groups } = bed();
  const run = await deploy("v2");
  await until(run, "soak");
  await clock.drive(run.cancel({ mode: "forced", actor: "ana" }));
  expect(await clock.drive(run.outcome())).toBe("cancelled");
  await clock.advance(60_000);
  expect(groups()).toEqual(["shop-api-v001 3/3 0 %", "shop-api-v002 3/3 100 %"]);
  expect((await clock.drive(run.state())).left).toEqual([
    'stage "deploy": shop-api has candidate shop-api-v002 beside shop-api-v001',
  ]);
});

it("lets no time pass while it is paused, and cuts the soak short when it is promoted", async () => {
  const { clock, deploy, until, delivery } = bed();
  const run = await deploy("v2", { soak: "1h" });
  await until(run, "soak");
  await clock.drive(run.pause({ actor: "ana" }));
  await clock.advance(7_200_000);
  expect((await clock.drive(run.state())).status).toBe("paused");
  expect(await clock.drive(delivery.runs({ status: "paused" }))).toHaveLength(1);
  await clock.drive(run.resume());
  await clock.advance(60_000);
  expect((await clock.drive(run.state())).stages[0]?.rollout?.phase).toBe("soak");
  await clock.drive(run.promote("deploy", { actor: "ana" }));
  await clock.advance(60_000);
  expect(await clock.drive(run.outcome())).toBe("succeeded");
});

it("asks before the cut-over, and cuts over only when somebody says yes", async () => {
  const { clock, deploy, groups, eventsOf } = bed();
  const gate = { roles: ["qa"], instructions: "try the preview" };
  const run = await deploy("v2", { gate });
  await clock.advance(3_600_000);
  expect(groups()).toEqual(["shop-api-v001 3/3 100 %", "shop-api-v002 3/3 0 %"]);
  expect((await clock.drive(run.state())).stages[0]?.judgement).toMatchObject(gate);
  await clock.drive(run.judge("deploy", { verdict: "pass", actor: "rui" }));
  expect(await clock.drive(run.outcome())).toBe("succeeded");
  const answered = (await clock.drive(eventsOf(run))).find(({ type }) => type === "judgement-answered");
  expect(answered).toMatchObject({ actor: "rui", verdict: "pass" });
});

it("rolls back when somebody says no", async () => {
  const { clock, deploy, groups } = bed();
  const run = await deploy("v2", { gate: { roles: ["qa"] } });
  await clock.advance(60_000);
  await clock.drive(run.judge("deploy", { verdict: "fail", actor: "rui" }));
  expect(await clock.drive(run.outcome())).toBe("rolled-back");
  expect(groups()).toEqual(["shop-api-v001 3/3 100 %"]);
});

it("rolls a candidate back that never becomes healthy, and says why", async () => {
  const { clock, cloud, deploy, groups } = bed();
  cloud.behaviour(() => ({ bootMs: 2000, neverHealthy: true }));
  const run = await deploy("v2", { deadline: "1m" });
  expect(await clock.drive(run.outcome())).toBe("rolled-back");
  expect(groups()).toEqual(["shop-api-v001 3/3 100 %"]);
  expect((await clock.drive(run.state())).reason).toMatch(/^deploy: shop-api-v002 never became healthy/);
});

it("turns back when the candidate falls sick within the soak", async () => {
  const { clock, cloud, cluster, deploy, until, groups } = bed();
  const run = await deploy("v2", { soak: "10m" });
  await until(run, "soak");
  cloud.sicken(cluster, "shop-api-v002", 1);
  expect(await clock.drive(run.outcome())).toBe("rolled-back");
  expect(groups()).toEqual(["shop-api-v001 3/3 100 %"]);
});

it("goes on watching after it failed, and heals what it left as soon as it can", async () => {
  const { clock, cloud, cluster, deploy, until, groups, delivery } = bed();
  const run = await deploy("v2", { soak: "10m", deadline: "1m" });
  await until(run, "soak");
  cloud.sicken(cluster, "shop-api-v001");
  cloud.sicken(cluster, "shop-api-v002");
  expect(await clock.drive(run.outcome())).toBe("failed");
  expect((await clock.drive(run.state())).stages[0]?.rollout).toMatchObject({ watching: true });
  let healed = false;
  delivery.on("rollout-healed", () => {
    healed = true;
  });
  cloud.heal(cluster, "shop-api-v001");
  await clock.runUntil(() => healed);
  expect(groups()).toEqual(["shop-api-v001 3/3 100 %"]);
});

it("makes room for the next deploy when a failed one still watches", async () => {
  const { clock, cloud, cluster, deploy, until, groups } = bed();
  const failed = await deploy("v2", { soak: "10m", deadline: "1m" });
  await until(failed, "soak");
  cloud.sicken(cluster, "shop-api-v001");
  cloud.sicken(cluster, "shop-api-v002");
  expect(await clock.drive(failed.outcome())).toBe("failed");
  const next = await deploy("v3");
  expect(await clock.drive(next.outcome())).toBe("succeeded");
  await clock.advance(600_000);
  expect(groups().at(-1)).toBe("shop-api-v003 3/3 100 %");
});

it("stands down when a delivery with another log takes the cluster", async () => {
  const { clock, cloud, deploy, until } = bed();
  const run = await deploy("v2", { soak: "10m" });
  await until(run, "soak");
  const provider = cloud.provider();
  const rival = createDelivery({ clock, providers: [provider], strategies: [redBlack] });
  const theirs = await clock.drive(
    rival.deploy({ cluster: provider.cluster("shop-api"), release: { image: "v3" }, strategy: redBlack() }),
  );
  expect(await clock.drive(theirs.outcome())).toBe("succeeded");
  expect(await clock.drive(run.outcome())).toBe("failed");
  expect((await clock.drive(run.state())).reason).toMatch(/taken over by another rollout/);
});

it("deploys for the first time where there is nothing yet", async () => {
  const { clock, cloud, delivery } = bed();
  const cluster = cloud.provider().cluster("shop-web");
  const run = await clock.drive(
    delivery.deploy({ cluster, release: { image: "v1" }, strategy: redBlack({ size: 2 }) }),
  );
  expect(await clock.drive(run.outcome())).toBe("succeeded");
  expect(cloud.world(cluster).groups).toMatchObject([{ name: "shop-web-v001", healthy: 2, share: 100 }]);
});
