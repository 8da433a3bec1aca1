import { type Cluster, createDelivery, type Delivery, memory, type RunHandle } from "@gennaker/core";
import { highlander, redBlack, type RedBlackOptions } from "@gennaker/strategies";
import { expect, it } from "vitest";
import { type SimulatedCloud, simulatedCloud, virtualClock, type VirtualClock } from "../src/index.ts";

interface Bed {
  readonly clock: VirtualClock;
  readonly cloud: SimulatedCloud;
  readonly cluster: Cluster;
  readonly delivery: Delivery;
  readonly deploy: (release: string, options?: RedBlackOptions) => Promise<void>;
  readonly ended: (starting: Promise<RunHandle>) => Promise<string>;
  readonly groups: () => string[];
}

function bed(traffic: "weighted" | "proportional" | "switch" = "weighted"): Bed {
  const clock = virtualClock();
  const cloud = simulatedCloud({ clock });
  cloud.behaviour(() => ({ bootMs: 60_000 }));
  const provider = cloud.provider({ traffic });
  const cluster = provider.cluster("shop");
  cloud.seed(cluster, [{ size: 3, share: 100, release: "v1" }]);
  const delivery = createDelivery({ engine: memory(), clock, providers: [provider] });
  const ended = async (starting: Promise<RunHandle>): Promise<string> =>
    clock.drive((await clock.drive(starting)).outcome());
  return {
    clock,
    cloud,
    cluster,
    delivery,
    ended,
    async deploy(release, options = {}) {
      await ended(delivery.deploy({ cluster, release, strategy: redBlack(options) }));
    },
    groups: () =>
      cloud.world(cluster).groups.map(({ name, healthy, share }) => `${name} ${healthy} ${share} %`),
  };
}

it.for(["weighted", "proportional", "switch"] as const)(
  "goes back to a warm group by one shift of %s traffic, and back again",
  async (traffic) => {
    const { cluster, delivery, deploy, ended, groups, cloud } = bed(traffic);
    await deploy("v2", { keepWarm: 1 });
    const before = cloud.history.length;
    expect(await ended(delivery.undo(cluster, { actor: "ana" }))).toBe("succeeded");
    expect(groups()).toEqual(["shop-v001 3 100 %", "shop-v002 3 0 %"]);
    expect(cloud.history.slice(before).map(({ command }) => command.do)).toEqual(["set-traffic"]);
  },
);

it("starts the instances of a group that was scaled down before it gets traffic", async () => {
  const { clock, cluster, delivery, deploy, ended, groups } = bed();
  await deploy("v2");
  expect(await clock.drive(delivery.undoTargets(cluster))).toEqual([
    {
      group: "shop-v001",
      release: "v1",
      state: "cold",
      healthy: 0,
      starts: 3,
      boot: { bootMs: expect.closeTo(60_000, -2) as number, samples: 1 },
    },
  ]);
  expect(await ended(delivery.undo(cluster))).toBe("succeeded");
  expect(groups()).toEqual(["shop-v001 3 100 %", "shop-v002 3 0 %"]);
});

it("lists the newest first, and never a group with the release that serves", async () => {
  const { clock, cluster, delivery, deploy } = bed();
  await deploy("v2");
  await deploy("v2");
  expect((await clock.drive(delivery.undoTargets(cluster))).map(({ group }) => group)).toEqual(["shop-v001"]);
  await deploy("v3", { keep: 3 });
  expect((await clock.drive(delivery.undoTargets(cluster))).map(({ group }) => group)).toEqual([
    "shop-v003",
    "shop-v002",
    "shop-v001",
  ]);
});

it("goes back to the group that is asked for", async () => {
  const { cluster, delivery, deploy, ended, groups } = bed();
  await deploy("v2");
  await deploy("v3");
  expect(await ended(delivery.undo(cluster, { to: "shop-v001" }))).toBe("succeeded");
  expect(groups()).toEqual(["shop-v001 3 100 %", "shop-v002 0 0 %", "shop-v003 3 0 %"]);
});

it("stays where it is when the older group cannot come back", async () => {
  const { cloud, cluster, delivery, deploy, ended, groups } = bed();
  await deploy("v2");
  cloud.failNext("scaleGroup", "denied");
  expect(await ended(delivery.undo(cluster))).toBe("rolled-back");
  expect(groups()).toEqual(["shop-v001 0 0 %", "shop-v002 3 100 %"]);
});

it("says what there is to go back to", async () => {
  const { clock, cloud, cluster, delivery, deploy } = bed();
  await expect(clock.drive(delivery.undo(cluster))).rejects.toThrow(
    "simulated:account/virtual/shop has nothing to go back to: no older group with another release is left, and the log knows of none",
  );
  await deploy("v2");
  await expect(clock.drive(delivery.undo(cluster, { to: "shop-v009" }))).rejects.toThrow(
    "cannot go back to shop-v009: it could go back to shop-v001",
  );
  await expect(clock.drive(delivery.undo({ ...cluster, provider: "nowhere" }))).rejects.toThrow(
    'there is no provider "nowhere"',
  );
  expect(cloud.world(cluster).groups).toHaveLength(2);
});

it("brings a release up anew whose group is gone, and says beforehand what that costs", async () => {
  const { clock, cloud, cluster, delivery, deploy, ended, groups } = bed();
  await deploy("v2");
  await ended(delivery.deploy({ cluster, release: "v3", strategy: highlander() }));
  expect(groups()).toEqual(["shop-v003 3 100 %"]);
  const targets = await clock.drive(delivery.undoTargets(cluster));
  expect(targets).toMatchObject([
    {
      group: "shop-v002",
      release: "v2",
      state: "gone",
      healthy: 0,
      starts: 3,
      boot: { bootMs: expect.closeTo(60_000, -2) as number, samples: 2 },
      served: { run: expect.any(String) as string, at: expect.any(Number) as number },
    },
  ]);
  const before = cloud.history.length;
  expect(await ended(delivery.undo(cluster, { to: targets[0]!.served!.run }))).toBe("succeeded");
  expect(groups()).toEqual(["shop-v003 3 0 %", "shop-v004 3 100 %"]);
  expect(cloud.world(cluster).groups[1]).toMatchObject({ release: "v2" });
  expect(cloud.history.slice(before).map(({ command }) => command.do)).toEqual([
    "create-group",
    "set-traffic",
  ]);
});

it("removes what it brought up anew when that does not become healthy", async () => {
  const { cloud, cluster, delivery, deploy, ended, groups } = bed();
  await deploy("v2");
  await ended(delivery.deploy({ cluster, release: "v3", strategy: highlander() }));
  cloud.behaviour((release) => (release === "v2" ? { bootMs: 86_400_000 } : { bootMs: 1000 }));
  expect(await ended(delivery.undo(cluster))).toBe("rolled-back");
  expect(groups()).toEqual(["shop-v003 3 100 %"]);
});

it("goes further back with each undo, and never to what an undo has just left", async () => {
  const { clock, cluster, delivery, deploy, ended, groups } = bed();
  for (const release of ["v2", "v3"])
    await ended(delivery.deploy({ cluster, release, strategy: highlander() }));
  await deploy("v4");
  // v4 → v3, whose group is there → v2, which is gone.
  await ended(delivery.undo(cluster));
  expect(groups()).toEqual(["shop-v003 3 100 %", "shop-v004 3 0 %"]);
  await ended(delivery.undo(cluster));
  expect(groups().at(-1)).toBe("shop-v005 3 100 %");
  const targets = await clock.drive(delivery.undoTargets(cluster));
  expect(targets.map(({ release, newer }) => [release, newer ?? false])).toEqual([
    ["v4", true],
    ["v3", true],
  ]);
  await expect(clock.drive(delivery.undo(cluster))).rejects.toThrow(/nothing to go back to/);
  expect(await ended(delivery.undo(cluster, { to: "shop-v004" }))).toBe("succeeded");
  expect(groups()).toContain("shop-v004 3 100 %");
});

it("sends a rollout under way back, and is done when that is what it wanted", async () => {
  const { clock, cloud, cluster, delivery, groups } = bed();
  const strategy = redBlack({ soak: "10m" });
  const rolling = await clock.drive(delivery.deploy({ cluster, release: "v2", strategy }));
  await clock.runUntil(() =>
    cloud.world(cluster).groups.some(({ name, share }) => name === "shop-v002" && share > 0),
  );
  const undo = await clock.drive(delivery.undo(cluster, { actor: "ana" }));
  expect(await clock.drive(rolling.outcome())).toBe("cancelled");
  expect(await clock.drive(undo.outcome())).toBe("succeeded");
  expect((await clock.drive(rolling.state())).reason).toBe(`superseded by run ${undo.id} (ana)`);
  expect((await clock.drive(undo.state())).stages[0]).toMatchObject({ output: { group: "shop-v001" } });
  expect(groups()).toEqual(["shop-v001 3 100 %"]);
});

it("takes the traffic back from a rollout past its point of no return, once that has finished", async () => {
  const { clock, cloud, cluster, delivery, groups } = bed();
  const strategy = redBlack({ scaleDownDelay: "6h", keepWarm: 1 });
  const rolling = await clock.drive(delivery.deploy({ cluster, release: "v2", strategy }));
  await clock.runUntil(() =>
    cloud.world(cluster).groups.some(({ name, share }) => name === "shop-v002" && share > 0),
  );
  await clock.advance(1000);
  const undo = await clock.drive(delivery.undo(cluster));
  expect(await clock.drive(undo.outcome())).toBe("succeeded");
  expect(await clock.drive(rolling.outcome())).toBe("succeeded");
  expect(groups()).toEqual(["shop-v001 3 100 %", "shop-v002 3 0 %"]);
});

it("changes nothing by a cancel after success, and says so", async () => {
  const { clock, cloud, cluster, delivery } = bed();
  const run = await clock.drive(
    delivery.deploy({ cluster, release: "v2", strategy: redBlack({ soak: "1m" }) }),
  );
  expect(await clock.drive(run.outcome())).toBe("succeeded");
  const before = cloud.history.length;
  for (const mode of ["graceful", "forced"] as const)
    expect(await clock.drive(run.cancel({ actor: "ana", mode }))).toEqual({
      requested: false,
      because: "over",
      outcome: "succeeded",
    });
  await clock.advance(3_600_000);
  expect(cloud.history).toHaveLength(before);
  expect((await clock.drive(run.state())).status).toBe("succeeded");
});

it("says that a cancel was asked for before, and takes a forced one all the same", async () => {
  const { clock, cluster, delivery } = bed();
  const run = await clock.drive(delivery.deploy({ cluster, release: "v2", strategy: redBlack() }));
  await clock.advance(1000);
  expect(await clock.drive(run.cancel())).toEqual({ requested: true });
  expect(await clock.drive(run.cancel())).toEqual({ requested: false, because: "requested-before" });
  expect(await clock.drive(run.cancel({ mode: "forced" }))).toEqual({ requested: true });
});
