import type { Provider, Token } from "@gennaker/core/ports";
import { expect, test } from "vitest";
import {
  type CloudProviderOptions,
  type SeedGroup,
  type SimulatedCloud,
  simulatedCloud,
  virtualClock,
  watchInvariants,
} from "../src/index.ts";

type Speak = (
  provider: Provider,
  cluster: ReturnType<Provider["cluster"]>,
  token: Token,
  names: readonly string[],
  cloud: SimulatedCloud,
) => Promise<unknown>;

/** The invariants that commands violate in a cluster that starts like this, with a floor of 2 instances. */
async function violated(
  groups: readonly SeedGroup[],
  speak: Speak,
  features: CloudProviderOptions = {},
): Promise<string[]> {
  const clock = virtualClock();
  const cloud = simulatedCloud({ clock });
  const provider = cloud.provider(features);
  const cluster = provider.cluster("shop");
  const names = cloud.seed(cluster, groups);
  await clock.drive(provider.observe(cluster));
  const { violations } = watchInvariants(cloud, cluster, { floor: 2 });
  await clock.drive(speak(provider, cluster, { run: "r", epoch: 0, command: "c" }, names, cloud));
  return violations.map((violation) => violation.invariant + (violation.window ? " (window)" : ""));
}

const serving: SeedGroup = { size: 3, share: 100 };
const idle: SeedGroup = { size: 3 };
const dead: SeedGroup = { size: 3, healthy: 0 };

const to =
  (index: number): Speak =>
  (provider, cluster, token, names) =>
    provider.setTraffic(cluster, { shares: { [names[index] ?? ""]: 100 } }, token);

const scale =
  (index: number, size: number): Speak =>
  (provider, cluster, token, names) =>
    provider.scaleGroup(cluster, { group: names[index] ?? "", size }, token);

const split =
  (candidate: number): Speak =>
  (provider, cluster, token, [a = "", b = ""]) =>
    provider.setTraffic(cluster, { shares: { [a]: 100 - candidate, [b]: candidate } }, token);

const destroy: Speak = (provider, cluster, token, [group = ""]) =>
  provider.destroyGroup(cluster, { group }, token);

const createTwice: Speak = async (provider, cluster, token) => {
  const spec = { key: "k", release: "x", size: 1 };
  await provider.createGroup(cluster, spec, token);
  await provider.observe(cluster);
  await provider.createGroup(cluster, spec, token);
};

const sickenOnTheWay: Speak = (provider, cluster, token, names, cloud) => {
  const call = to(1)(provider, cluster, token, names, cloud);
  cloud.sicken(cluster, names[1] ?? "");
  return call;
};

const killAndShrink: Speak = async (_provider, cluster, _token, [group = ""], cloud) => {
  cloud.kill(cluster, group);
  cloud.scaleExternally(cluster, group, 1);
};

test("a whole red/black in the right order violates nothing", async () => {
  expect(await violated([serving, idle], to(1))).toEqual([]);
  expect(await violated([{ size: 3 }, serving], scale(0, 0))).toEqual([]);
});

test("traffic moved to a group without a healthy instance is told", async () => {
  expect(await violated([serving, dead], to(1))).toEqual(["traffic-to-healthy", "serving-capacity"]);
  expect(await violated([{ ...dead, share: 100 }, dead], to(1)), "nobody is healthy anyway").toEqual([]);
});

test("capacity taken below the floor is told, capacity that was below before is not", async () => {
  expect(await violated([serving], scale(0, 1))).toEqual(["serving-capacity"]);
  expect(await violated([serving], scale(0, 2))).toEqual([]);
  expect(await violated([{ ...serving, healthy: 1 }], scale(0, 1))).toEqual([]);
});

test("capacity counts what a share of the traffic needs", async () => {
  const inBoth = { traffic: "proportional" } as const;
  expect(await violated([serving, { size: 1 }], split(50))).toEqual([]);
  expect(await violated([serving, { size: 1 }], split(60))).toEqual(["serving-capacity"]);
  expect(await violated([serving, { size: 1 }], split(60), inBoth)).toEqual([]);
});

test("a group with traffic that is emptied or destroyed is told", async () => {
  const removed = "nothing-with-traffic-removed";
  expect(await violated([serving, idle], scale(0, 0))).toEqual(["serving-capacity", removed]);
  expect(await violated([serving, idle], destroy)).toEqual(["serving-capacity", removed]);
});

test("a second group of one key is told", async () => {
  expect(await violated([serving], createTwice, { createOnce: false })).toEqual(["one-key-one-group"]);
  expect(await violated([serving], createTwice)).toEqual([]);
});

test("an overtaken command is told as a window: its speaker could not know", async () => {
  expect(await violated([serving, idle], sickenOnTheWay)).toEqual([
    "traffic-to-healthy (window)",
    "serving-capacity (window)",
  ]);
});

// 1 of 3 serves; on the way the others heal.
const healOnTheWay: Speak = (provider, cluster, token, names, cloud) => {
  const call = to(1)(provider, cluster, token, names, cloud);
  cloud.heal(cluster, names[0] ?? "");
  return call;
};

test("what healed unseen was not counted on, and so is not taken away; what was seen is", async () => {
  const sick: SeedGroup = { size: 3, healthy: 1, share: 100 };
  const small: SeedGroup = { size: 1 };
  expect(await violated([sick, small], healOnTheWay)).toEqual([]);
  expect(await violated([{ size: 3, share: 100 }, small], to(1))).toEqual(["serving-capacity"]);
});

test("what the world does by itself is no violation", async () => {
  expect(await violated([serving], killAndShrink)).toEqual([]);
});

test("a violation reads like a report", async () => {
  const clock = virtualClock(0);
  const cloud = simulatedCloud({ clock, latencyMs: 10 });
  const provider = cloud.provider();
  const cluster = provider.cluster("shop");
  const [group = ""] = cloud.seed(cluster, [serving]);
  await clock.drive(provider.observe(cluster));
  const { violations, stop } = watchInvariants(cloud, cluster, { floor: 2 });
  const token = { run: "r", epoch: 0, command: "c" };
  await clock.drive(provider.scaleGroup(cluster, { group, size: 1 }, token));
  expect(violations[0]?.message.split("\n")).toEqual([
    "1970-01-01T00:00:00.030Z shop: serving capacity fell from 3 to 1 instances; the floor is 2",
    '  command  scale-group {"group":"shop-v001","size":1}',
    "  before   shop-v001 3 of 3 healthy, 100 %",
    "  after    shop-v001 1 of 1 healthy, 100 %",
  ]);
  stop();
  await clock.drive(provider.scaleGroup(cluster, { group, size: 0 }, token));
  expect(violations).toHaveLength(1);
});
