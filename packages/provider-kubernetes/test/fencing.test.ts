import { ProviderError } from "@gennaker/core/ports";
import { expect, it } from "vitest";
import { type ApiRequest, kubernetes } from "../src/index.ts";
import { type Bed, openBed, release, TRAFFIC } from "./fixtures/bed.ts";

/** Holds the first request of a sort on its way; the newcomer claims; then the request goes on. */
async function lateUntilClaimed(
  bed: Bed,
  isHeld: (request: ApiRequest) => boolean,
  say: () => Promise<unknown>,
): Promise<string> {
  const held = Promise.withResolvers<void>();
  const goesOn = Promise.withResolvers<undefined>();
  bed.api.fault = (request) => {
    if (!isHeld(request)) return undefined;
    bed.api.fault = () => undefined;
    held.resolve();
    return goesOn.promise;
  };
  const end = say().then(
    () => "carried out",
    (error: unknown) =>
      error instanceof ProviderError ? `${error.kind} ${error.claimedBy ?? ""}` : String(error),
  );
  await held.promise;
  await bed.provider.claim(bed.cluster, { run: "newcomer" });
  goesOn.resolve(undefined);
  return end;
}

const wanted = async ({ provider, cluster }: Bed): Promise<unknown> =>
  (await provider.observe(cluster)).groups.map(({ name, desired, share }) => `${name} ${desired} ${share}`);

const labelsPod = ({ method, path }: ApiRequest): boolean => method === "PATCH" && path.includes("/pods/");

const marksSet = ({ method, path, body }: ApiRequest): boolean =>
  method === "PATCH" && path.includes("/replicasets/") && (body ?? "").includes("epoch.gennaker.io");

it.each([
  ["scale", ({ path }: ApiRequest) => path.includes("/scale")],
  ["traffic", ({ path, method }: ApiRequest) => method === "PATCH" && path.includes("/services/")],
  ["destroy", ({ method }: ApiRequest) => method === "DELETE"],
  [
    "create before its reservation",
    ({ method, path }: ApiRequest) => method === "POST" && path.includes("/replicasets"),
  ],
  [
    "create before its number",
    ({ method, path }: ApiRequest) => method === "PATCH" && path.includes("/configmaps/"),
  ],
  [
    "create before its last step",
    ({ method, path }: ApiRequest) => method === "PATCH" && path.includes("/replicasets/"),
  ],
])("a command that lands after another run's claim changes nothing: %s", async (what, isHeld) => {
  const bed = await openBed();
  const { provider, cluster } = bed;
  const group = await bed.group("shop:1");
  const before = await wanted(bed);
  const token = bed.token();
  const say = (): Promise<unknown> => {
    if (what === "scale") return provider.scaleGroup(cluster, { group, size: 5 }, token);
    if (what === "traffic") return provider.setTraffic(cluster, { shares: { [group]: 100 } }, token);
    if (what === "destroy") return provider.destroyGroup(cluster, { group }, token);
    return provider.createGroup(cluster, { key: "late", release: release("shop:2"), size: 3 }, token);
  };
  expect(await lateUntilClaimed(bed, isHeld, say)).toBe("fenced newcomer");
  expect(await wanted(bed)).toEqual(before);
});

it("a pod's label that arrives after another run's claim is not set", async () => {
  const bed = await openBed({ traffic: TRAFFIC.proportional });
  const group = await bed.group("shop:1");
  const say = (): Promise<unknown> =>
    bed.provider.setTraffic(bed.cluster, { shares: { [group]: 100 } }, bed.token());
  expect(await lateUntilClaimed(bed, labelsPod, say)).toBe("fenced newcomer");
  expect(bed.api.all("pods")[0]?.metadata.labels).not.toHaveProperty(["gennaker.io/serving"]);
});

it("what a create that was overtaken leaves behind is no group, has no pods, and the next claim discards it", async () => {
  const bed = await openBed();
  const create = (): Promise<unknown> =>
    bed.provider.createGroup(bed.cluster, { key: "late", release: release("shop:2"), size: 3 }, bed.token());
  await lateUntilClaimed(
    bed,
    ({ method, path }) => method === "POST" && path.includes("/replicasets"),
    create,
  );
  expect(bed.api.all("replicasets")).toHaveLength(1);
  expect(bed.api.all("pods")).toEqual([]);
  expect((await bed.provider.observe(bed.cluster)).groups).toEqual([]);
  await bed.claim();
  expect(bed.api.all("replicasets")).toEqual([]);
});

it("a claim that lands late itself does not take the mark off a newer one", async () => {
  const bed = await openBed();
  const group = await bed.group("shop:1");
  await lateUntilClaimed(bed, marksSet, () => bed.provider.claim(bed.cluster, { run: "slow" }));
  const marks = bed.api
    .all("replicasets")
    .map(({ metadata }) => metadata.annotations?.["epoch.gennaker.io/shop"]);
  expect(marks).toEqual(["3 newcomer"]);
  expect(group).toBe("shop-v001");
});

it("epochs and names go on where they were when somebody deletes the record", async () => {
  const bed = await openBed();
  await bed.claim();
  await bed.group("shop:1");
  bed.api.remove("configmaps", "gennaker-shop");
  expect(await bed.provider.claim(bed.cluster, { run: "x" })).toBe(3);
  expect(bed.api.get("configmaps", "gennaker-shop")).toMatchObject({ data: { sequence: "1" } });
});

it("traffic objects that are made anew after the claim are written under its epoch alone", async () => {
  const bed = await openBed();
  const group = await bed.group("shop:1");
  const stale = bed.token();
  bed.api.remove("services", "shop");
  bed.api.make("services", { metadata: { name: "shop" }, spec: { selector: { app: "shop" } } });
  await bed.provider.setTraffic(bed.cluster, { shares: { [group]: 100 } }, stale);
  await bed.claim("other");
  bed.api.remove("services", "shop");
  bed.api.make("services", { metadata: { name: "shop" }, spec: { selector: { app: "shop" } } });
  await expect(bed.provider.setTraffic(bed.cluster, { shares: {} }, stale)).rejects.toMatchObject({
    kind: "fenced",
    claimedBy: "other",
  });
});

it("a claim is above one of another process that it has not heard of", async () => {
  const bed = await openBed();
  const other = kubernetes({ namespace: "prod", api: bed.api });
  const first = await bed.provider.claim(bed.cluster, { run: "run-2" });
  const second = await other.claim(other.cluster("shop"), { run: "run-3" });
  const third = await bed.provider.claim(bed.cluster, { run: "run-4" });
  expect([second - first, third - second]).toEqual([1, 1]);
});

it("a claim makes the record anew when somebody deleted it, and epochs go on", async () => {
  const bed = await openBed();
  await bed.group("shop:1");
  const before = await bed.provider.claim(bed.cluster, { run: "run-2" });
  bed.api.remove("configmaps", "gennaker-shop");
  expect(await bed.provider.claim(bed.cluster, { run: "run-3" })).toBe(before + 1);
});

it("one key makes one group, when another has made it between the look and the record", async () => {
  const bed = await openBed();
  const spec = { key: "one", release: release("shop:1"), size: 1 };
  const token = bed.token();
  const create = async (): Promise<string> =>
    (await bed.provider.createGroup(bed.cluster, spec, token)).group;
  const goesOn = Promise.withResolvers<undefined>();
  const held = Promise.withResolvers<void>();
  bed.api.fault = ({ method, path }) => {
    if (method !== "GET" || !path.includes("/configmaps/")) return undefined;
    bed.api.fault = () => undefined;
    held.resolve();
    return goesOn.promise;
  };
  const slow = create();
  await held.promise;
  const quick = await create();
  goesOn.resolve(undefined);
  expect([await slow, bed.api.all("replicasets").length]).toEqual([quick, 1]);
});
