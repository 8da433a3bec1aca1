import type { ClusterState } from "@gennaker/core/ports";
import { expect, it } from "vitest";
import { type Bed, openBed } from "./fixtures/bed.ts";
import { status } from "./fixtures/fake-api.ts";

const watchesIn = ({ api }: Bed): number =>
  api.requests.filter(({ path }) => path.includes("watch=true") && !path.includes("/events")).length;
const listsIn = ({ api }: Bed): number =>
  api.requests.filter(
    ({ path, method }) => method === "GET" && path.includes("/replicasets?") && !path.includes("watch=true"),
  ).length;

async function until(bed: Bed, holds: (state: ClusterState) => boolean): Promise<ClusterState> {
  for await (const state of bed.provider.watch(bed.cluster)) if (holds(state)) return state;
  throw new Error("the watch ended");
}

it("is one for all who follow a cluster, and ends with the last of them", async () => {
  const bed = await openBed();
  const before = watchesIn(bed);
  const stop = new AbortController();
  const states: ClusterState[] = [];
  const follow = async (): Promise<void> => {
    for await (const state of bed.provider.watch(bed.cluster, { signal: stop.signal })) states.push(state);
  };
  const all = [follow(), follow(), follow()];
  await bed.group("shop:1");
  // ReplicaSets, pods and the Service.
  expect(watchesIn(bed) - before).toBe(3);
  stop.abort();
  await Promise.all(all);
  await bed.group("shop:2");
  expect(watchesIn(bed) - before).toBe(6);
});

it("is resumed where it ended, without a list, when it is cut", async () => {
  const bed = await openBed();
  await bed.group("shop:1");
  const lists = listsIn(bed);
  const seen = until(bed, ({ groups }) => groups[0]?.desired === 3);
  await expect.poll(() => watchesIn(bed)).toBeGreaterThan(3);
  const listed = listsIn(bed);
  bed.api.cutWatches();
  bed.api.touch("replicasets", "shop-v001", (object) => void (object.spec = { ...object.spec, replicas: 3 }));
  await seen;
  expect(listed - lists).toBe(1);
  expect(listsIn(bed)).toBe(listed);
});

it("begins with a list again when its version is too old", async () => {
  const bed = await openBed();
  await bed.group("shop:1");
  const seen = until(bed, ({ groups }) => groups[0]?.desired === 3);
  await expect.poll(() => watchesIn(bed)).toBeGreaterThan(3);
  const lists = listsIn(bed);
  bed.api.compacted = Number.MAX_SAFE_INTEGER;
  bed.api.cutWatches();
  bed.api.touch("replicasets", "shop-v001", (object) => void (object.spec = { ...object.spec, replicas: 3 }));
  await expect.poll(() => listsIn(bed)).toBeGreaterThan(lists);
  bed.api.compacted = 0;
  expect((await seen).groups[0]?.desired).toBe(3);
});

it("is opened anew when it is silent for too long", async () => {
  const bed = await openBed({ watchIdleMs: 30 });
  const stop = new AbortController();
  const follow = (async () => {
    for await (const _ of bed.provider.watch(bed.cluster, { signal: stop.signal }));
  })();
  await expect.poll(() => watchesIn(bed)).toBeGreaterThan(6);
  stop.abort();
  await follow;
});

it("fails when the server cannot be reached time and again, so that whoever watches hears of it", async () => {
  const bed = await openBed();
  bed.api.fault = ({ path }) =>
    path.includes("watch=true") ? status(503, "ServiceUnavailable", "gone") : undefined;
  await expect(until(bed, () => false)).rejects.toMatchObject({ kind: "unavailable" });
  bed.api.fault = () => undefined;
  expect((await until(bed, () => true)).groups).toEqual([]);
});

it("fails at once where it is not allowed", async () => {
  const bed = await openBed();
  bed.api.denied.add("list pods");
  await expect(until(bed, () => true)).rejects.toMatchObject({ kind: "denied" });
});

it("never goes back behind what was observed", async () => {
  const bed = await openBed();
  const revisions: number[] = [];
  const stop = new AbortController();
  const follow = (async () => {
    for await (const { revision } of bed.provider.watch(bed.cluster, { signal: stop.signal }))
      revisions.push(revision);
  })();
  const group = await bed.group("shop:1");
  for (let size = 2; size < 8; size++) {
    await bed.provider.scaleGroup(bed.cluster, { group, size }, bed.token());
    const { revision } = await bed.provider.observe(bed.cluster);
    expect(revision).toBeGreaterThanOrEqual(revisions.at(-1) ?? 0);
  }
  stop.abort();
  await follow;
  expect(revisions).toEqual(revisions.toSorted((a, b) => a - b));
});

it("counts what it asks, by verb, resource and code", async () => {
  const bed = await openBed();
  await bed.group("shop:1");
  expect(bed.provider.requests()).toContainEqual({
    verb: "create",
    resource: "replicasets",
    code: 201,
    count: 1,
  });
  expect(bed.provider.requests()).toContainEqual({ verb: "list", resource: "pods", code: 200, count: 2 });
});

it("tells what Kubernetes warns of a pod, where the pod itself says too little", async () => {
  const bed = await openBed();
  const group = await bed.group("shop:1");
  const asked = (): number => bed.api.requests.filter(({ path }) => path.includes("/events?")).length;
  const before = asked();
  const seen = until(bed, ({ groups }) => /statuscode: 503, 1 of 1/.test(groups[0]?.problem?.message ?? ""));
  await expect.poll(asked).toBeGreaterThan(before);
  const [pod] = bed.api.all("pods");
  const name = pod?.metadata.name ?? "";
  bed.api.make("events", {
    metadata: { name: "e" },
    involvedObject: { kind: "Pod", name },
    type: "Warning",
    reason: "Unhealthy",
    message: "Readiness probe failed: statuscode: 503",
  });
  bed.api.touch("pods", name, (object) => {
    const at = "2026-01-01T01:00:00Z";
    object.status = {
      ...object.status,
      conditions: [{ type: "Ready", status: "False", lastTransitionTime: at }],
    };
  });
  expect((await seen).groups[0]).toMatchObject({ name: group, unhealthy: 1 });
});

it("tells of a claim, a command and a removal without another look, as long as somebody follows", async () => {
  const bed = await openBed();
  const { provider, cluster, token } = bed;
  const [old, group] = [await bed.group("shop:1"), await bed.group("shop:2")];
  const stop = new AbortController();
  const follow = (async () => {
    for await (const _ of provider.watch(cluster, { signal: stop.signal }));
  })();
  await provider.observe(cluster);
  const seen = async (): Promise<readonly string[]> => {
    const before = bed.api.requests.length;
    const { groups } = await provider.observe(cluster);
    const asked = bed.api.requests.slice(before).filter(({ path }) => !path.includes("watch=true"));
    return [...groups.map(({ name, desired }) => `${name} ${desired}`), `${asked.length} asked`];
  };
  await bed.claim("run-2");
  expect(await seen()).toEqual([`${old} 1`, `${group} 1`, "0 asked"]);
  await provider.scaleGroup(cluster, { group, size: 2 }, token());
  expect(await seen()).toEqual([`${old} 1`, `${group} 2`, "0 asked"]);
  await provider.destroyGroup(cluster, { group: old }, token());
  expect(await seen()).toEqual([`${group} 2`, "0 asked"]);
  stop.abort();
  await follow;
});

it("is joined by whoever looks while it is being opened", async () => {
  const bed = await openBed();
  await bed.group("shop:1");
  const before = listsIn(bed);
  const seen = until(bed, () => true);
  const { groups } = await bed.provider.observe(bed.cluster);
  expect([groups.length, (await seen).groups.length, listsIn(bed) - before]).toEqual([1, 1, 1]);
});

it("does not say after a claim what it knows from before, where a group was removed meanwhile", async () => {
  const bed = await openBed();
  await bed.group("shop:1");
  await bed.group("shop:2");
  const stop = new AbortController();
  const follow = (async () => {
    for await (const _ of bed.provider.watch(bed.cluster, { signal: stop.signal }));
  })();
  await bed.provider.observe(bed.cluster);
  bed.api.fault = ({ method, path }) =>
    method === "PATCH" && path.includes("/replicasets/shop-v001")
      ? status(404, "NotFound", "gone")
      : undefined;
  await bed.claim("run-2");
  const before = listsIn(bed);
  await bed.provider.observe(bed.cluster);
  expect(listsIn(bed) - before).toBe(1);
  stop.abort();
  await follow;
});
