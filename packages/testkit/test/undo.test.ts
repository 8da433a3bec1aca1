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
    { group: "shop-v001", release: "v1", state: "cold", healthy: 0, starts: 3 },
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
  const { clock, cloud, cluster, delivery, deploy, ended } = bed();
  await expect(clock.drive(delivery.undo(cluster))).rejects.toThrow(
    "simulated:account/virtual/shop has nothing to go back to: no older group with another release is left",
  );
  await deploy("v2");
  await expect(clock.drive(delivery.undo(cluster, { to: "shop-v009" }))).rejects.toThrow(
    "cannot go back to shop-v009: it could go back to shop-v001",
  );
  await ended(delivery.deploy({ cluster, release: "v3", strategy: highlander() }));
  await expect(clock.drive(delivery.undo(cluster))).rejects.toThrow(/nothing to go back to/);
  await expect(clock.drive(delivery.undo({ ...cluster, provider: "nowhere" }))).rejects.toThrow(
    'there is no provider "nowhere"',
  );
  expect(cloud.world(cluster).groups).toHaveLength(1);
});
