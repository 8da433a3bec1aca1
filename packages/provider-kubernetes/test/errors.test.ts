import { expect, it } from "vitest";
import { openBed, release } from "./fixtures/bed.ts";
import { status } from "./fixtures/fake-api.ts";

const scale = (group: string) => ({ group, size: 2 });

it.each([
  [
    403,
    "Forbidden",
    'replicasets.apps is forbidden: User "u" cannot patch resource "replicasets/scale"',
    "denied",
  ],
  [403, "Forbidden", "pods is forbidden: exceeded quota: tight", "quota"],
  [401, "Unauthorized", "Unauthorized", "denied"],
  [422, "Invalid", 'ReplicaSet.apps "x" is invalid: spec.replicas: Invalid value', "invalid"],
  [400, "BadRequest", "bad", "invalid"],
  [500, "InternalError", "etcdserver: leader changed", "unavailable"],
  [503, "ServiceUnavailable", "apiserver is shutting down", "unavailable"],
])("an answer %i %s (%s) is %s", async (code, reason, message, kind) => {
  const bed = await openBed();
  const group = await bed.group("shop:1");
  bed.api.fault = ({ path }) => (path.includes("/scale") ? status(code, reason, message) : undefined);
  const call = bed.provider.scaleGroup(bed.cluster, scale(group), bed.token());
  await expect(call).rejects.toMatchObject({
    kind,
    ambiguous: kind === "unavailable",
    resource: `prod/${group}`,
  });
  await expect(call).rejects.toThrow(message);
});

it("names the Role where a permission is missing", async () => {
  const bed = await openBed();
  const group = await bed.group("shop:1");
  bed.api.denied.add("patch replicasets");
  await expect(bed.provider.scaleGroup(bed.cluster, scale(group), bed.token())).rejects.toThrow(
    /cannot patch resource "replicasets".*role\(cluster\)/,
  );
});

it("waits as long as a throttling server says and tries again; a long wait is the caller's", async () => {
  const bed = await openBed();
  const group = await bed.group("shop:1");
  let left = 2;
  bed.api.fault = ({ path }) =>
    path.includes("/scale") && left-- > 0
      ? { ...status(429, "TooManyRequests", "slow down"), headers: { "retry-after": "0.01" } }
      : undefined;
  await bed.provider.scaleGroup(bed.cluster, scale(group), bed.token());
  bed.api.fault = () => ({
    ...status(429, "TooManyRequests", "slow down"),
    headers: { "retry-after": "30" },
  });
  await expect(bed.provider.observe(bed.cluster)).rejects.toMatchObject({
    kind: "throttled",
    retryAfterMs: 30_000,
    ambiguous: false,
  });
});

const broken = (code: string) => () => {
  throw new TypeError("fetch failed", { cause: Object.assign(new Error(`connect ${code}`), { code }) });
};

it("tells a connection that was refused, which changed nothing, from one that broke", async () => {
  const bed = await openBed();
  const group = await bed.group("shop:1");
  bed.api.fault = broken("ECONNREFUSED");
  await expect(bed.provider.claim(bed.cluster, { run: "r" })).rejects.toMatchObject({
    kind: "unavailable",
    ambiguous: false,
  });
  bed.api.fault = ({ path }) => (path.includes("/scale") ? broken("ECONNRESET")() : undefined);
  await expect(bed.provider.scaleGroup(bed.cluster, scale(group), bed.token())).rejects.toMatchObject({
    kind: "unavailable",
    ambiguous: true,
    message: expect.stringContaining("fetch failed: connect ECONNRESET"),
  });
});

it("gives up a request that gets no answer in time, and says that it may have landed", async () => {
  const bed = await openBed({ requestTimeoutMs: 30 });
  const group = await bed.group("shop:1");
  bed.api.fault = ({ path, signal }) =>
    path.includes("/scale")
      ? new Promise((_, fail) => signal.addEventListener("abort", () => fail(signal.reason)))
      : undefined;
  await expect(bed.provider.scaleGroup(bed.cluster, scale(group), bed.token())).rejects.toMatchObject({
    kind: "unavailable",
    ambiguous: true,
    message: expect.stringContaining("no answer within 30 ms"),
  });
});

it("goes on through a storm of conflicts, and ends it when somebody fights for the object", async () => {
  const bed = await openBed();
  const group = await bed.group("shop:1");
  let storm = 6;
  bed.api.fault = ({ path }) =>
    path.includes("/scale") && storm-- > 0 ? status(409, "Conflict", "modified") : undefined;
  await bed.provider.scaleGroup(bed.cluster, scale(group), bed.token());
  expect(bed.api.get("replicasets", group)).toMatchObject({ spec: { replicas: 2 } });
  bed.api.fault = ({ path }) => (path.includes("/scale") ? status(409, "Conflict", "modified") : undefined);
  await expect(bed.provider.scaleGroup(bed.cluster, { group, size: 3 }, bed.token())).rejects.toMatchObject({
    kind: "conflict",
    message: expect.stringContaining("is a controller fighting for it?"),
  });
});

it("makes a group although others use the same quota at the same time", async () => {
  const bed = await openBed();
  let storm = 3;
  bed.api.fault = ({ method, path }) =>
    method === "POST" && path.includes("/replicasets") && storm-- > 0
      ? status(
          409,
          "Conflict",
          'Operation cannot be fulfilled on resourcequotas "tight": the object has been modified',
        )
      : undefined;
  expect(await bed.group("shop:1")).toBe("shop-v001");
});

it("understands an answer that is not Kubernetes': a proxy's page", async () => {
  const bed = await openBed();
  bed.api.fault = () => ({ status: 502, body: "<html>Bad gateway</html>" });
  await expect(bed.provider.observe(bed.cluster)).rejects.toMatchObject({ kind: "unavailable" });
});

it("refuses a cluster of another provider, and a name that is none", async () => {
  const { provider, cluster } = await openBed();
  expect(() => provider.cluster("Shop")).toThrow(/is no name of a cluster/);
  await expect(provider.observe({ ...cluster, location: "other" })).rejects.toMatchObject({
    kind: "invalid",
  });
  await expect(provider.observe({ ...cluster, name: "../x" })).rejects.toMatchObject({ kind: "invalid" });
});

it("lists all problems of a release, and of its images, before anything is made", async () => {
  const bed = await openBed();
  const create = (of: object) =>
    bed.provider.createGroup(bed.cluster, { key: "k", release: of, size: 1 }, bed.token());
  await expect(create({ image: "x", minReadySeconds: -1 })).rejects.toThrow(
    /image: there is no such field.*names neither images.*minReadySeconds: -1/,
  );
  await expect(create({ images: { app: "shop:1" } })).rejects.toThrow(/template: is missing/);
  await expect(create(release("shop:1", { images: { web: "shop:2" } }))).rejects.toThrow(
    /images.web: the template has no such container \(it has app\)/,
  );
  expect(bed.api.all("replicasets")).toEqual([]);
});
