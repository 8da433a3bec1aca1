import { expect, it } from "vitest";
import { openBed, release, TRAFFIC } from "./fixtures/bed.ts";

it("labels and annotates a group so that people and tools find it", async () => {
  const { api, group } = await openBed();
  const set = api.get("replicasets", await group("shop:1", 2));
  expect(set?.metadata.labels).toMatchObject({
    "gennaker.io/cluster": "shop",
    "gennaker.io/group": "shop-v001",
    "app.kubernetes.io/managed-by": "gennaker",
  });
  expect(set?.metadata.annotations).toMatchObject({
    "gennaker.io/application": "shop",
    "gennaker.io/sequence": "1",
    "gennaker.io/run": "run-1",
    "gennaker.io/key": "shop:1",
    "gennaker.io/release": JSON.stringify(release("shop:1")),
  });
  expect(set?.spec).toMatchObject({
    replicas: 2,
    selector: { matchLabels: { "gennaker.io/group": "shop-v001" } },
    template: { metadata: { labels: { app: "shop", "gennaker.io/group": "shop-v001" } } },
  });
});

it("puts images into the template of the group that serves, not of one that failed", async () => {
  const { api, provider, cluster, token, group } = await openBed();
  const serving = await group("shop:1");
  await provider.setTraffic(cluster, { shares: { [serving]: 100 } }, token());
  const other = {
    template: {
      spec: {
        containers: [
          { name: "app", image: "x" },
          { name: "odd", image: "y" },
        ],
      },
    },
  };
  await provider.createGroup(cluster, { key: "odd", release: other, size: 0 }, token());
  const next = {
    images: { app: "shop:3" },
    patch: { spec: { containers: [{ name: "app", env: [{ name: "A", value: "1" }] }] } },
  };
  const { group: third } = await provider.createGroup(
    cluster,
    { key: "third", release: next, size: 0 },
    token(),
  );
  expect(api.get("replicasets", third)?.spec).toMatchObject({
    template: {
      metadata: { labels: { app: "shop", "gennaker.io/group": third } },
      spec: { containers: [{ name: "app", image: "shop:3", env: [{ name: "A", value: "1" }] }] },
    },
  });
});

it("gives a group copies of its settings, wherever the template refers to them, which go with it", async () => {
  const { api, provider, cluster, token } = await openBed();
  api.make("configmaps", { metadata: { name: "settings" }, data: { greeting: "hello" } });
  api.make("secrets", { metadata: { name: "db" }, type: "Opaque", data: { password: "cGFzcw==" } });
  const containers = [
    {
      name: "app",
      image: "shop:1",
      envFrom: [{ configMapRef: { name: "settings" } }, { secretRef: { name: "other" } }],
      env: [{ name: "PASSWORD", valueFrom: { secretKeyRef: { name: "db", key: "password" } } }],
    },
  ];
  const volumes = [
    { name: "a", configMap: { name: "settings" } },
    { name: "b", secret: { secretName: "db" } },
    { name: "c", projected: { sources: [{ secret: { name: "db" } }] } },
  ];
  const versioned = { configMaps: ["settings"], secrets: ["db"] };
  const spec = { key: "k", release: { template: { spec: { containers, volumes } }, versioned }, size: 1 };
  const { group } = await provider.createGroup(cluster, spec, token());
  expect(api.get("configmaps", `${group}-settings`)).toMatchObject({
    immutable: true,
    data: { greeting: "hello" },
  });
  const text = JSON.stringify(api.get("replicasets", group)?.spec);
  for (const own of [
    '"configMapRef":{"name":"shop-v001-settings"}',
    '"secretKeyRef":{"name":"shop-v001-db"',
    '"secretName":"shop-v001-db"',
    '"secret":{"name":"shop-v001-db"}',
    '"secretRef":{"name":"other"}',
  ])
    expect(text).toContain(own);
  const observed = JSON.stringify(await provider.observe(cluster));
  expect(observed).not.toContain("cGFzcw==");
  await provider.destroyGroup(cluster, { group }, token());
  expect(api.get("secrets", `${group}-db`)).toBeUndefined();
});

it("refuses a first group whose pods would take traffic away from pods that are served now", async () => {
  const { api, provider, cluster, token } = await openBed();
  api.make("pods", { metadata: { name: "legacy-1", labels: { app: "shop" } } });
  const create = provider.createGroup(cluster, { key: "k", release: release("shop:1"), size: 1 }, token());
  await expect(create).rejects.toThrow(
    /Service shop serves 1 pods that are no group of shop, such as legacy-1: take over.*adopt\(\)/,
  );
  expect(api.all("replicasets")).toEqual([]);
});

it("does not overwrite traffic that somebody moved since it was looked at, and does once it was seen", async () => {
  const { api, provider, cluster, token, group } = await openBed();
  const [first, second] = [await group("shop:1"), await group("shop:2")];
  await provider.setTraffic(cluster, { shares: { [first]: 100 } }, token());
  await provider.observe(cluster);
  api.touch(
    "services",
    "shop",
    (service) => void Object.assign(service.spec?.["selector"] as object, { "gennaker.io/group": "nobody" }),
  );
  const move = () => provider.setTraffic(cluster, { shares: { [second]: 100 } }, token());
  await expect(move()).rejects.toMatchObject({
    kind: "conflict",
    message: expect.stringContaining("changed by somebody else"),
  });
  expect((await provider.observe(cluster)).groups.map(({ share }) => share)).toEqual([0, 0]);
  await move();
  expect((await provider.observe(cluster)).groups.map(({ share }) => share)).toEqual([0, 100]);
});

it("lets the autoscaler follow the traffic, and stay while it is even", async () => {
  const { api, provider, cluster, token, group } = await openBed({
    traffic: TRAFFIC.gatewayRoute,
    clusters: { shop: { autoscaler: "shop" } },
  });
  api.make("horizontalpodautoscalers", {
    metadata: { name: "shop" },
    spec: { maxReplicas: 9, scaleTargetRef: { kind: "Deployment", name: "old" } },
  });
  const [first, second] = [await group("shop:1"), await group("shop:2")];
  const target = () =>
    (api.get("horizontalpodautoscalers", "shop")?.spec?.["scaleTargetRef"] as { name: string } | undefined)
      ?.name;
  const give = async (shares: Record<string, number>) => {
    await provider.observe(cluster);
    await provider.setTraffic(cluster, { shares }, token());
    return target();
  };
  expect(await give({ [first]: 100 })).toBe(first);
  expect(await give({ [first]: 50, [second]: 50 })).toBe(first);
  expect(await give({ [first]: 20, [second]: 80 })).toBe(second);
  expect(await give({})).toBe(second);
  expect(api.get("horizontalpodautoscalers", "shop")?.spec).toMatchObject({ maxReplicas: 9 });
});

it("takes over a Deployment: its ReplicaSets are groups, nothing is made or ended, and it can be said again", async () => {
  const { api, provider, cluster, token } = await openBed();
  api.make("deployments", {
    metadata: { name: "web", uid: "d" },
    spec: { selector: { matchLabels: { app: "shop" } } },
  });
  for (const [name, revision, replicas] of [
    ["web-aaa", "3", 0],
    ["web-bbb", "4", 2],
  ] as const)
    api.make("replicasets", {
      metadata: {
        name,
        labels: { app: "shop" },
        annotations: { "deployment.kubernetes.io/revision": revision },
        ownerReferences: [{ uid: "d", kind: "Deployment" }],
      },
      spec: {
        replicas,
        selector: { matchLabels: { app: "shop", "pod-template-hash": name } },
        template: {
          metadata: { labels: { app: "shop", "pod-template-hash": name } },
          spec: { containers: [{ name: "app", image: `shop:${revision}` }] },
        },
      },
    });
  await expect.poll(() => api.all("pods").length).toBe(2);
  const pods = api.all("pods").map(({ metadata }) => metadata.name);
  const adopted = await provider.adopt(cluster, { deployment: "web", settleMs: 0 });
  expect(adopted).toEqual({ groups: ["web-aaa", "web-bbb"], serving: "web-bbb" });
  expect(api.all("deployments")).toEqual([]);
  expect(api.all("pods").map(({ metadata }) => metadata.name)).toEqual(pods);
  const { groups } = await provider.observe(cluster);
  expect(
    groups.map(({ name, sequence, desired, healthy, share }) => ({
      name,
      sequence,
      desired,
      healthy,
      share,
    })),
  ).toEqual([
    { name: "web-aaa", sequence: 3, desired: 0, healthy: 0, share: 0 },
    { name: "web-bbb", sequence: 4, desired: 2, healthy: 2, share: 100 },
  ]);
  expect(await provider.adopt(cluster, { deployment: "web", settleMs: 0 })).toEqual(adopted);
  const epoch = await provider.claim(cluster, { run: "next" });
  const { group } = await provider.createGroup(
    cluster,
    { key: "n", release: { images: { app: "shop:5" } }, size: 1 },
    { ...token(), epoch },
  );
  expect(group).toBe("shop-v005");
  expect(api.get("replicasets", group)?.spec).toMatchObject({
    template: { metadata: { labels: { app: "shop" } } },
  });
  expect(JSON.stringify(api.get("replicasets", group)?.spec)).not.toContain("pod-template-hash");
});

it("does not take over what is in the middle of a rollout, or what is not there", async () => {
  const { api, provider, cluster } = await openBed();
  await expect(provider.adopt(cluster, { deployment: "web", settleMs: 0 })).rejects.toMatchObject({
    kind: "not-found",
  });
  api.make("deployments", {
    metadata: { name: "web", uid: "d" },
    spec: { selector: { matchLabels: { app: "web" } } },
  });
  for (const name of ["web-a", "web-b"])
    api.make("replicasets", {
      metadata: { name, labels: { app: "web" }, ownerReferences: [{ uid: "d", kind: "Deployment" }] },
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: "web" } },
        template: { metadata: { labels: {} }, spec: { containers: [] } },
      },
    });
  await expect(provider.adopt(cluster, { deployment: "web", settleMs: 0 })).rejects.toThrow(
    /in the middle of a rollout/,
  );
  expect(api.all("deployments")).toHaveLength(1);
});
