import { CoreV1Api, Watch } from "@kubernetes/client-node";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Access, type Bed, type FaultProxy, startKubernetes, until, whyNoControl } from "../index.ts";

const why = await whyNoControl();

describe.skipIf(why)(`a proxy before the API server${why ? ` (skipped: ${why})` : ""}`, () => {
  let bed: Bed;
  let namespace: string;
  let proxy: FaultProxy;
  let access: Access;
  let api: CoreV1Api;

  beforeAll(async () => {
    bed = await startKubernetes();
    namespace = await bed.namespace();
  });
  afterAll(() => bed.close());
  beforeEach(async () => {
    if (!bed.control) throw new Error(bed.whyNoControl);
    proxy = await bed.control.faultProxy();
    access = await proxy.through(bed.admin);
    api = access.config.makeApiClient(CoreV1Api);
  });
  afterEach(() => proxy.close());

  const names = async (): Promise<(string | undefined)[]> => {
    const direct = bed.admin.config.makeApiClient(CoreV1Api);
    return (await direct.listNamespacedConfigMap({ namespace })).items.map(({ metadata }) => metadata?.name);
  };
  const create = (name: string): Promise<unknown> =>
    api.createNamespacedConfigMap({ namespace, body: { metadata: { name } } });

  test("counts what goes through it by verb, resource and status", async () => {
    await create("counted");
    await api.listNamespacedConfigMap({ namespace });
    await expect(api.readNamespacedConfigMap({ namespace, name: "missing" })).rejects.toMatchObject({
      code: 404,
    });
    expect(proxy.requests).toEqual([
      { verb: "create", resource: "configmaps", namespace, code: 201 },
      { verb: "list", resource: "configmaps", namespace, code: 200 },
      { verb: "get", resource: "configmaps", namespace, name: "missing", code: 404 },
    ]);
  });

  test("conflicts as often as it is told, for the requests it is told, and the API server never hears of them", async () => {
    const storm = proxy.inject({ is: 409, times: 2, only: ({ verb }) => verb === "create" });
    await expect(create("stormy")).rejects.toMatchObject({ code: 409 });
    expect(await api.listNamespacedConfigMap({ namespace })).toBeDefined();
    await expect(create("stormy")).rejects.toMatchObject({ code: 409 });
    expect(await names()).not.toContain("stormy");
    await create("stormy");
    expect(await names()).toContain("stormy");
    expect(storm.hits).toBe(2);
  });

  test("says how long to wait with a 429", async () => {
    const fault = proxy.inject({ is: 429, retryAfter: 7 });
    await expect(create("patient")).rejects.toMatchObject({ code: 429, headers: { "retry-after": "7" } });
    fault.heal();
    await create("patient");
  });

  test("loses an answer after the API server has done it", async () => {
    proxy.inject({ is: "lost-answer", times: 1 });
    await expect(create("done-anyway")).rejects.toThrow("fetch failed");
    expect(await names()).toContain("done-anyway");
  });

  test("resets a request that the API server never hears of", async () => {
    proxy.inject({ is: "reset", times: 1 });
    await expect(create("unheard")).rejects.toThrow("fetch failed");
    expect(await names()).not.toContain("unheard");
  });

  test("holds a request until the fault is healed", async () => {
    const fault = proxy.inject({ is: "hang" });
    const held = create("held");
    await until(() => fault.hits === 1 || undefined, { what: "it is held" });
    fault.heal();
    await expect(held).rejects.toThrow("fetch failed");
    expect(await names()).not.toContain("held");
  });

  test("passes a watch on event by event, and cuts it when told", async () => {
    const seen: (string | undefined)[] = [];
    const { promise, resolve } = Promise.withResolvers<unknown>();
    await new Watch(access.config).watch(
      `/api/v1/namespaces/${namespace}/configmaps`,
      {},
      (_phase, object: { metadata?: { name?: string } }) => seen.push(object.metadata?.name),
      resolve,
    );
    await create("watched");
    await until(() => seen.includes("watched") || undefined, { what: "the watch tells of it" });
    expect(proxy.requests).toContainEqual({ verb: "watch", resource: "configmaps", namespace, code: 200 });
    proxy.cutWatches();
    await promise;
    await create("unwatched");
    expect(seen).not.toContain("unwatched");
  });
});
