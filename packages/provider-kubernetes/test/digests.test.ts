// The digest of an image that pods run: recorded on the group's ReplicaSet.
import { expect, it, vi } from "vitest";
import { type Bed, openBed } from "./fixtures/bed.ts";

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const recorded = ({ api }: Bed, name: string): unknown => {
  const text = api.get("replicasets", name)?.metadata.annotations?.["gennaker.io/digests"];
  return text === undefined ? undefined : JSON.parse(text);
};
const serve = ({ provider, cluster, token }: Bed, name: string): Promise<void> =>
  provider.setTraffic(cluster, { shares: { [name]: 100 } }, token());

it("is recorded with the group where the release names it", async () => {
  const bed = await openBed();
  const name = await bed.group(`registry.example:5000/shop/api:1@${digest("a")}`);
  expect(recorded(bed, name)).toEqual({ app: digest("a") });
});

it("is recorded when the group gets traffic, whoever watches", async () => {
  const bed = await openBed();
  bed.api.imageId = `shop@${digest("a")}`;
  const name = await bed.group("shop:1");
  expect(recorded(bed, name)).toBeUndefined();
  await serve(bed, name);
  expect(recorded(bed, name)).toEqual({ app: digest("a") });
});

it("is taken from what a watch told, without a further look", async () => {
  const bed = await openBed();
  bed.api.imageId = `docker-pullable://shop@${digest("a")}`;
  const { provider, cluster, token } = bed;
  const name = await bed.group("shop:1");
  const stop = new AbortController();
  const watch = provider.watch(cluster, { signal: stop.signal })[Symbol.asyncIterator]();
  await watch.next();
  const since = bed.api.requests.length;
  await provider.setTraffic(cluster, { shares: { [name]: 100 } }, token());
  stop.abort();
  const looks = bed.api.requests.slice(since).filter(({ path }) => /\/pods\?/.test(path));
  expect(looks).toEqual([]);
  expect(recorded(bed, name)).toEqual({ app: digest("a") });
});

it("is two where a tag was moved between the pulls of its pods", async () => {
  const bed = await openBed();
  bed.api.imageId = `shop@${digest("b")}`;
  const name = await bed.group("shop:1");
  bed.api.imageId = `shop@${digest("a")}`;
  await bed.provider.scaleGroup(bed.cluster, { group: name, size: 2 }, bed.token());
  await vi.waitUntil(() => bed.api.all("pods").length === 2);
  await serve(bed, name);
  expect(recorded(bed, name)).toEqual({ app: `${digest("a")} ${digest("b")}` });
});

it("is the one that the release names, where it names one", async () => {
  const bed = await openBed();
  // That of the platform's own image, to which the named index leads.
  bed.api.imageId = `shop@${digest("b")}`;
  const name = await bed.group(`shop@${digest("a")}`);
  await serve(bed, name);
  expect(recorded(bed, name)).toEqual({ app: digest("a") });
});

it.each(["", `sha256:${"c".repeat(64)}`, "docker://x"])(
  "is not recorded where no registry gave the image: %j",
  async (id) => {
    const bed = await openBed();
    bed.api.imageId = id;
    const name = await bed.group("shop:1");
    await serve(bed, name);
    expect(recorded(bed, name)).toBeUndefined();
  },
);

it.each([
  [403, "admission webhook denied the request"],
  [422, "metadata.annotations: Too long"],
  [500, "etcdserver: request timed out"],
])("fails nothing when it cannot be recorded: %d", async (status, message) => {
  const bed = await openBed();
  bed.api.imageId = `shop@${digest("a")}`;
  const name = await bed.group("shop:1");
  let refused = 0;
  bed.api.fault = ({ method, body }) => {
    if (method !== "PATCH" || !String(body).includes("digests")) return undefined;
    refused++;
    return { status, body: { kind: "Status", message } };
  };
  await serve(bed, name);
  expect(refused).toBeGreaterThan(0);
  expect(JSON.stringify(bed.api.get("services", "shop"))).toContain(name);
  bed.api.fault = () => undefined;
  await serve(bed, name);
  expect(recorded(bed, name)).toEqual({ app: digest("a") });
});

it("is not that of a pod that is gone, and stays when nobody tells", async () => {
  const bed = await openBed();
  bed.api.imageId = `shop@${digest("a")}`;
  const name = await bed.group("shop:1");
  await serve(bed, name);
  const [pod] = bed.api.all("pods");
  bed.api.make("pods", { ...pod!, status: { ...(pod!["status"] as object), phase: "Failed" } });
  bed.api.imageId = `shop@${digest("b")}`;
  await serve(bed, name);
  expect(recorded(bed, name)).toEqual({ app: digest("a") });
  await bed.provider.scaleGroup(bed.cluster, { group: name, size: 2 }, bed.token());
  await vi.waitUntil(() => bed.api.all("pods").length === 2);
  await serve(bed, name);
  expect(recorded(bed, name)).toEqual({ app: digest("b") });
});

it("is not asked for where the release names all digests", async () => {
  const bed = await openBed();
  const name = await bed.group(`shop@${digest("a")}`);
  const since = bed.api.requests.length;
  await serve(bed, name);
  expect(bed.api.requests.slice(since).filter(({ path }) => /\/pods\?/.test(path))).toEqual([]);
});

it("is left to whoever claims meanwhile", async () => {
  const bed = await openBed();
  bed.api.imageId = `shop@${digest("a")}`;
  const name = await bed.group("shop:1");
  const old = bed.token();
  let claimed = false;
  bed.api.fault = async ({ method, path, body }) => {
    if (method !== "PATCH" || !path.includes(name) || !String(body).includes("digests")) return;
    claimed = true;
    bed.api.fault = () => undefined;
    await bed.claim("run-2");
  };
  await bed.provider.setTraffic(bed.cluster, { shares: { [name]: 100 } }, old);
  expect(claimed).toBe(true);
  expect(recorded(bed, name)).toBeUndefined();
  await serve(bed, name);
  expect(recorded(bed, name)).toEqual({ app: digest("a") });
});
