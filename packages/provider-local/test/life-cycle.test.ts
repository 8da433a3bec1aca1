import { afterEach, beforeEach, expect, test } from "vitest";
import { type Bed, eventually, marked, openBed, service } from "./fixtures/bed.ts";

let bed: Bed;
beforeEach(async () => {
  bed = await openBed();
});
afterEach(() => bed.end());

test("a cluster that never had a group is empty and at revision 0", async () => {
  expect(await bed.provider.observe(bed.cluster)).toEqual({ groups: [], revision: 0 });
});

test("a group is created, scaled up and down, and destroyed, and nothing is left of it", async () => {
  const { provider, cluster } = bed;
  const group = await bed.healthyGroup(2);
  expect(group).toBe("shop-api-v001");
  expect(await bed.group(group)).toMatchObject({
    sequence: 1,
    desired: 2,
    healthy: 2,
    share: 0,
    release: service(),
  });
  expect(marked(bed.directory)).toHaveLength(2);

  await provider.scaleGroup(cluster, { group, size: 3 }, bed.token());
  await bed.until(({ groups }) => groups[0]?.healthy === 3);
  await provider.scaleGroup(cluster, { group, size: 1 }, bed.token());
  expect(await bed.group(group)).toMatchObject({ desired: 1, healthy: 1 });
  await eventually(() => marked(bed.directory).length === 1);

  await provider.destroyGroup(cluster, { group }, bed.token());
  expect((await provider.observe(cluster)).groups).toEqual([]);
  await eventually(() => marked(bed.directory).length === 0);
});

test("a name is never given twice, even when its group is gone", async () => {
  const first = await bed.healthyGroup(0);
  await bed.provider.destroyGroup(bed.cluster, { group: first }, bed.token());
  expect(await bed.healthyGroup(0)).toBe("shop-api-v002");
});

test("destroying what does not exist is a success", async () => {
  await expect(
    bed.provider.destroyGroup(bed.cluster, { group: "shop-api-v009" }, bed.token()),
  ).resolves.toBeUndefined();
});

test("scaling or routing to what does not exist says not-found", async () => {
  const group = "shop-api-v009";
  await expect(bed.provider.scaleGroup(bed.cluster, { group, size: 1 }, bed.token())).rejects.toMatchObject({
    kind: "not-found",
    message: "local shop-api: scale: there is no group shop-api-v009 in shop-api",
  });
  const change = { shares: { [group]: 100 } };
  await expect(bed.provider.setTraffic(bed.cluster, change, bed.token())).rejects.toMatchObject({
    kind: "not-found",
  });
});
