import { clusterId, type Provider, ProviderError, type Token } from "@gennaker/core/ports";
import { expect, test } from "vitest";
import {
  type CloudOptions,
  type SimulatedCloud,
  simulatedCloud,
  type VirtualClock,
  virtualClock,
} from "../src/index.ts";

const token = (epoch: number, command = "c"): Token => ({ run: "r", epoch, command });

interface Scene {
  readonly clock: VirtualClock;
  readonly cloud: SimulatedCloud;
  readonly provider: Provider;
}

function scene(options: Partial<CloudOptions> = {}): Scene {
  const clock = virtualClock();
  const cloud = simulatedCloud({ clock, ...options });
  return { clock, cloud, provider: cloud.provider() };
}

const shop = (provider: Provider): ReturnType<Provider["cluster"]> => provider.cluster("shop");
const share = (size: number, of = 0): { size: number; share: number } => ({ size, share: of });

/** How a call ended: its value's absence, or the kind of its error and whether it may have landed. */
async function ending(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "acknowledged";
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    return error.ambiguous ? `${error.kind}, perhaps landed` : error.kind;
  }
}

test("instances of a new group boot one after the other, as the release behaves", async () => {
  const { clock, cloud, provider } = scene();
  cloud.behaviour((release) => ({ bootMs: release === "quick" ? 100 : [1000, 2000] }));
  const cluster = shop(provider);
  const { group } = await clock.drive(
    provider.createGroup(cluster, { key: "k", release: "slow", size: 4 }, token(0)),
  );
  expect(group).toBe("shop-v001");
  expect(cloud.world(cluster).groups[0]).toMatchObject({
    desired: 4,
    starting: 4,
    healthy: 0,
    share: 0,
    key: "k",
  });
  await clock.advance(2000);
  expect(cloud.world(cluster).groups[0]).toMatchObject({ starting: 0, healthy: 4 });
});

test("a bad release never becomes healthy, a doomed one says so for good", async () => {
  const { clock, cloud, provider } = scene();
  cloud.behaviour((release) => ({
    bootMs: 100,
    ...(release === "bad" ? { neverHealthy: true } : { fatal: "no such image" }),
  }));
  const cluster = shop(provider);
  await clock.drive(provider.createGroup(cluster, { key: "a", release: "bad", size: 1 }, token(0)));
  await clock.drive(provider.createGroup(cluster, { key: "b", release: "gone", size: 1 }, token(0)));
  await clock.advance(1000);
  expect(cloud.world(cluster).groups.map((group) => group.problem)).toEqual([
    { message: "GET /healthz answered 500, 1 of 1 instances", fatal: false },
    { message: "no such image", fatal: true },
  ]);
});

test("killed instances are started again; sick and lost ones wait to be healed", async () => {
  const { clock, cloud, provider } = scene();
  cloud.behaviour(() => ({ bootMs: 1000, restartMs: 500 }));
  const cluster = shop(provider);
  const [name = ""] = cloud.seed(cluster, [share(4, 100)]);
  cloud.kill(cluster, name, 1);
  cloud.sicken(cluster, name, 1);
  cloud.lose(cluster, name, 1);
  expect(cloud.world(cluster).groups[0]).toMatchObject({ healthy: 1, unhealthy: 2, unknown: 1 });
  await clock.advance(600);
  expect(cloud.world(cluster).groups[0]).toMatchObject({ healthy: 1, starting: 1, unhealthy: 1, unknown: 1 });
  await clock.advance(1000);
  cloud.heal(cluster, name);
  expect(cloud.world(cluster).groups[0]).toMatchObject({ healthy: 4, unhealthy: 0, unknown: 0 });
});

test("a release can die after a while, and fall sick once it has traffic", async () => {
  const { clock, cloud, provider } = scene({ latencyMs: 0 });
  cloud.behaviour((release) => (release === "dies" ? { diesAfterMs: 1000 } : { sickAfterTrafficMs: 1000 }));
  cloud.behaviour((release) => ({
    bootMs: 100,
    ...(release === "dies" ? { diesAfterMs: 1000 } : { sickAfterTrafficMs: 1000 }),
  }));
  const cluster = shop(provider);
  const dies = await clock.drive(
    provider.createGroup(cluster, { key: "a", release: "dies", size: 1 }, token(0)),
  );
  const sick = await clock.drive(
    provider.createGroup(cluster, { key: "b", release: "sick", size: 2 }, token(0)),
  );
  await clock.advance(500);
  expect(cloud.world(cluster).groups.map((group) => group.healthy)).toEqual([1, 2]);
  await clock.advance(700);
  expect(cloud.world(cluster).groups.map((group) => group.healthy)).toEqual([0, 2]);
  await clock.drive(provider.setTraffic(cluster, { shares: { [sick.group]: 100 } }, token(0)));
  await clock.advance(1000);
  expect(cloud.world(cluster).groups[1]).toMatchObject({ name: sick.group, unhealthy: 2, share: 100 });
  expect(dies.group).not.toBe(sick.group);
});

test("a shrinking group lets go of instances that serve nobody first", async () => {
  const { clock, cloud, provider } = scene();
  const cluster = shop(provider);
  const [group = ""] = cloud.seed(cluster, [{ size: 4, healthy: 2 }]);
  await clock.drive(provider.scaleGroup(cluster, { group, size: 2 }, token(0)));
  expect(cloud.world(cluster).groups[0]).toMatchObject({ desired: 2, healthy: 2, unhealthy: 0 });
});

test("proportional traffic follows healthy instances of the groups that are in, and sums to 100", async () => {
  const { clock, cloud } = scene();
  const provider = cloud.provider({ traffic: "proportional" });
  const cluster = shop(provider);
  const [a = "", b = "", c = ""] = cloud.seed(cluster, [share(1), share(1), share(1)]);
  await clock.drive(provider.setTraffic(cluster, { shares: { [a]: 1, [b]: 1, [c]: 98 } }, token(0)));
  const shares = (): number[] => cloud.world(cluster).groups.map((group) => group.share);
  expect(shares()).toEqual([34, 33, 33]);
  cloud.sicken(cluster, a);
  expect(shares()).toEqual([0, 50, 50]);
  cloud.sicken(cluster, b);
  cloud.sicken(cluster, c);
  expect(shares()).toEqual([34, 33, 33]);
});

test("a lost command changes nothing, a lost answer does; the caller cannot tell", async () => {
  const { clock, cloud, provider } = scene();
  const cluster = shop(provider);
  const [group = ""] = cloud.seed(cluster, [share(2, 100)]);
  const scale = (size: number): Promise<string> =>
    clock.drive(ending(provider.scaleGroup(cluster, { group, size }, token(0))));
  cloud.failNext("scaleGroup", "lostCommand");
  cloud.failNext("any", "lostAnswer");
  expect(await scale(3)).toBe("unavailable, perhaps landed");
  expect(cloud.world(cluster).groups[0]?.desired).toBe(2);
  expect(await scale(4)).toBe("unavailable, perhaps landed");
  expect(cloud.world(cluster).groups[0]?.desired).toBe(4);
  expect(await scale(5)).toBe("acknowledged");
});

test("a late command lands after its caller gave up, unless a newer claim forbids it", async () => {
  const { clock, cloud, provider } = scene();
  const cluster = shop(provider);
  const [group = ""] = cloud.seed(cluster, [share(2, 100)]);
  cloud.failNext("scaleGroup", "lateCommand", 2);
  const epoch = await clock.drive(provider.claim(cluster, { run: "r" }));
  await clock.drive(ending(provider.scaleGroup(cluster, { group, size: 3 }, token(epoch))));
  expect(cloud.world(cluster).groups[0]?.desired).toBe(2);
  await clock.advance(120_000);
  expect(cloud.history).toMatchObject([{ late: true, command: { do: "scale-group", size: 3 } }]);

  await clock.drive(ending(provider.scaleGroup(cluster, { group, size: 4 }, token(epoch))));
  await clock.drive(provider.claim(cluster, { run: "s" }));
  await clock.advance(120_000);
  expect(cloud.history).toHaveLength(1);
});

test("where the world cannot refuse, a claim waits for what is on its way", async () => {
  const { clock, cloud } = scene();
  const provider = cloud.provider({ fencing: "drain" });
  const cluster = shop(provider);
  const [group = ""] = cloud.seed(cluster, [share(2, 100)]);
  cloud.failNext("scaleGroup", "lateCommand");
  expect(await clock.drive(ending(provider.scaleGroup(cluster, { group, size: 3 }, token(0))))).toContain(
    "unavailable",
  );
  expect(await clock.drive(provider.claim(cluster, { run: "s" }))).toBe(1);
  expect(cloud.world(cluster).groups[0]?.desired).toBe(3);
  expect(await clock.drive(ending(provider.scaleGroup(cluster, { group, size: 9 }, token(0))))).toBe(
    "fenced",
  );
});

test("throttling, conflicts, missing permissions and quotas are refused without any change", async () => {
  const { clock, cloud, provider } = scene();
  const cluster = shop(provider);
  const [group = ""] = cloud.seed(cluster, [share(2, 100)]);
  for (const fault of ["throttled", "conflict", "denied", "quota"] as const) {
    cloud.failNext("any", fault);
    expect(await clock.drive(ending(provider.destroyGroup(cluster, { group }, token(0))))).toBe(fault);
  }
  expect(cloud.world(cluster).groups).toHaveLength(1);
});

test("a stale observation is older, and says so", async () => {
  const { clock, cloud, provider } = scene();
  const cluster = shop(provider);
  const [group = ""] = cloud.seed(cluster, [share(2, 100)]);
  await clock.drive(provider.observe(cluster));
  await clock.drive(provider.scaleGroup(cluster, { group, size: 5 }, token(0)));
  cloud.failNext("observe", "staleRead");
  const stale = await clock.drive(provider.observe(cluster));
  const fresh = await clock.drive(provider.observe(cluster));
  expect(stale).toMatchObject({ stale: true, groups: [{ desired: 2 }] });
  expect(fresh).toMatchObject({ groups: [{ desired: 5 }] });
  expect(fresh.stale).toBeUndefined();
  expect(stale.revision).toBeLessThan(fresh.revision);
});

test("a partition loses calls and silences watches until it is restored", async () => {
  const { clock, cloud, provider } = scene();
  const cluster = shop(provider);
  const [group = ""] = cloud.seed(cluster, [share(2, 100)]);
  const seen: number[] = [];
  const stop = new AbortController();
  const watching = (async () => {
    for await (const state of provider.watch(cluster, { signal: stop.signal }))
      seen.push(state.groups[0]!.desired);
  })();
  await clock.advance(100);
  cloud.partition();
  cloud.scaleExternally(cluster, group, 3);
  expect(await clock.drive(ending(provider.observe(cluster)))).toBe("unavailable, perhaps landed");
  expect(seen).toEqual([2]);
  cloud.restore();
  await clock.advance(100);
  expect(seen).toEqual([2, 3]);
  stop.abort();
  await clock.drive(watching);
});

test("calls of a crashed caller land as told, and nothing ever comes back to it", async () => {
  for (const [fate, landings] of [
    ["never", 0],
    ["on-time", 1],
    ["late", 1],
  ] as const) {
    const { clock, cloud, provider } = scene();
    const cluster = shop(provider);
    const [group = ""] = cloud.seed(cluster, [share(2, 100)]);
    let settled = false;
    void provider.scaleGroup(cluster, { group, size: 3 }, token(0)).finally(() => (settled = true));
    cloud.crash(provider, fate);
    void provider.observe(cluster).finally(() => (settled = true));
    await clock.advance(200_000);
    expect(cloud.history).toHaveLength(landings);
    expect(settled).toBe(false);
    const survivor = cloud.provider();
    expect(await clock.drive(survivor.observe(cluster))).toMatchObject({
      groups: [{ desired: 2 + landings }],
    });
  }
});

test("a command tells what its speaker had seen, and what the cluster was before and after", async () => {
  const { clock, cloud, provider } = scene();
  const cluster = shop(provider);
  const [group = ""] = cloud.seed(cluster, [share(2, 100)]);
  const { revision } = await clock.drive(provider.observe(cluster));
  cloud.kill(cluster, group, 1);
  await clock.drive(provider.scaleGroup(cluster, { group, size: 1 }, token(0)));
  const [landing] = cloud.history;
  expect(landing).toMatchObject({
    seen: revision,
    before: { revision: revision + 1, groups: [{ healthy: 1 }] },
    after: { revision: revision + 2, groups: [{ healthy: 1, desired: 1 }] },
  });
});

test("faults stop when the cloud is calmed", async () => {
  const { clock, cloud, provider } = scene({ faults: { lostCommand: 1, dyingInstance: 1 } });
  const cluster = shop(provider);
  cloud.failNext("any", "quota", 5);
  cloud.calm();
  expect(await clock.drive(provider.claim(cluster, { run: "r" }))).toBe(1);
});

/** What happens in ten minutes of a faulty cloud. */
const tell = async (seed: number): Promise<string> => {
  const { clock, cloud, provider } = scene({
    seed,
    faults: {
      lostAnswer: 0.2,
      lateCommand: 0.2,
      throttled: 0.1,
      staleRead: 0.2,
      slowBoot: 0.2,
      dyingInstance: 0.5,
      autoscaler: 0.3,
    },
  });
  const cluster = shop(provider);
  const story: unknown[] = [];
  cloud.onChange((change) => story.push([clock.now(), clusterId(change.cluster), change.landing?.command]));
  const [group = ""] = cloud.seed(cluster, [share(3, 100)]);
  for (let size = 0; size < 20; size++) {
    story.push(
      await clock.drive(ending(provider.scaleGroup(cluster, { group, size }, token(0, `c${size}`)))),
    );
    await clock.advance(30_000);
  }
  return JSON.stringify([story, cloud.world(cluster)]);
};

test("the same seed tells the same story, another seed another one", async () => {
  const [first, again, other] = [await tell(1), await tell(1), await tell(2)];
  expect(again).toBe(first);
  expect(other).not.toBe(first);
});

test("chance alone makes bad groups, kills instances and scales what has traffic", async () => {
  const { clock, cloud, provider } = scene({ faults: { neverHealthy: 1, dyingInstance: 1, autoscaler: 1 } });
  const cluster = shop(provider);
  const [group = ""] = cloud.seed(cluster, [share(3, 100)]);
  cloud.kill(cluster, group, 1);
  await clock.drive(provider.createGroup(cluster, { key: "k", release: "x", size: 2 }, token(0)));
  await clock.advance(50_000);
  const [seeded, made] = cloud.world(cluster).groups;
  expect(made).toMatchObject({ healthy: 0, unhealthy: 2 });
  await clock.advance(20_000);
  expect(cloud.world(cluster).groups[0]?.desired).not.toBe(3);
  let deaths = 0;
  cloud.onChange(() => (deaths += cloud.world(cluster).groups[0]!.unhealthy));
  await clock.advance(600_000);
  expect(deaths).toBeGreaterThan(0);
  expect(seeded?.name).toBe(group);
});

test("a lever that points at nothing says what there is", () => {
  const { cloud, provider } = scene();
  const cluster = shop(provider);
  cloud.seed(cluster, [share(1)]);
  expect(() => cloud.kill(cluster, "shop-v009")).toThrow("has no group shop-v009; it has shop-v001");
  expect(() => cloud.world({ ...cluster, provider: "other" })).toThrow("make one with cloud.provider()");
  expect(() => cloud.crash({})).toThrow("give the value that cloud.provider() returned");
});

test("a fresh connection is like the last one, unless told otherwise", () => {
  const { cloud } = scene();
  cloud.provider({ traffic: "switch" });
  const cluster = shop(cloud.provider({ watch: false }));
  expect(cloud.supports(cluster)).toMatchObject({ traffic: "switch", watch: false, fencing: "refuse" });
  expect(cloud.provider({ name: "other" }).supports.traffic).toBe("weighted");
});
