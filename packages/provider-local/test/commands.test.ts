import { afterEach, beforeEach, expect, test } from "vitest";
import { type Bed, marked, openBed, service } from "./fixtures/bed.ts";

let bed: Bed;
beforeEach(async () => {
  bed = await openBed();
});
afterEach(() => bed.end());

test("one key makes one group, however often and at once it is asked for", async () => {
  const { provider, cluster } = bed;
  const spec = { key: "run-1/deploy", release: service(), size: 1 };
  const made = await Promise.all(
    [1, 2, 3].map(() => provider.createGroup(cluster, spec, { run: "r", epoch: 1, command: "c" })),
  );
  expect(new Set(made.map(({ group }) => group))).toEqual(new Set(["shop-api-v001"]));
  expect((await provider.observe(cluster)).groups).toHaveLength(1);
});

test("a create that is said again after the group's end names it and makes nothing", async () => {
  const { provider, cluster } = bed;
  const spec = { key: "run-1/deploy", release: service(), size: 0 };
  const { group } = await provider.createGroup(cluster, spec, bed.token());
  await provider.destroyGroup(cluster, { group }, bed.token());
  expect(await provider.createGroup(cluster, spec, bed.token())).toEqual({ group });
  expect((await provider.observe(cluster)).groups).toEqual([]);
});

test("after a claim, commands of the older epoch are fenced off and change nothing", async () => {
  const { provider, cluster } = bed;
  const group = await bed.healthyGroup(1);
  const old = bed.token();
  const epoch = await provider.claim(cluster, { run: "run-2" });
  expect(epoch).toBe(old.epoch + 1);
  const before = await provider.observe(cluster);
  const fenced = {
    code: "GENNAKER_PROVIDER",
    kind: "fenced",
    claimedBy: "run-2",
    retryable: false,
    ambiguous: false,
  };
  const late = [
    provider.createGroup(cluster, { key: "late", release: service(), size: 1 }, old),
    provider.scaleGroup(cluster, { group, size: 9 }, old),
    provider.setTraffic(cluster, { shares: { [group]: 100 } }, old),
    provider.destroyGroup(cluster, { group }, old),
  ];
  for (const command of late) await expect(command).rejects.toMatchObject(fenced);
  expect(await provider.observe(cluster)).toEqual(before);
});

test("a command whose condition does not hold is refused and changes nothing", async () => {
  const { provider, cluster } = bed;
  const group = await bed.healthyGroup(2);
  const conflict = { kind: "conflict", retryable: true };
  const enough = { [group]: { healthyAtLeast: 3 } };
  await expect(
    provider.setTraffic(cluster, { shares: { [group]: 100 }, condition: enough }, bed.token()),
  ).rejects.toMatchObject({
    ...conflict,
    message: expect.stringMatching(/has 2 healthy instances, at least 3 are required/),
  });
  expect(await bed.group(group)).toMatchObject({ share: 0 });

  const held = { [group]: { healthyAtLeast: 2, shareAtMost: 0 } };
  await provider.setTraffic(cluster, { shares: { [group]: 100 }, condition: held }, bed.token());
  await expect(provider.destroyGroup(cluster, { group, condition: held }, bed.token())).rejects.toMatchObject(
    conflict,
  );
  await expect(
    provider.scaleGroup(cluster, { group, size: 0, condition: held }, bed.token()),
  ).rejects.toMatchObject(conflict);
  expect(await bed.group(group)).toMatchObject({ share: 100, desired: 2 });
});

test("a scale-up that came too late, because the group is larger by now, is refused", async () => {
  const { provider, cluster } = bed;
  const group = await bed.healthyGroup(2);
  const scale = (condition: object): Promise<void> =>
    provider.scaleGroup(cluster, { group, size: 1, condition: { [group]: condition } }, bed.token());
  await expect(scale({ desiredAtMost: 1 })).rejects.toMatchObject({
    kind: "conflict",
    message: expect.stringContaining(`${group} is to have 2 instances, at most 1 are allowed`),
  });
  await expect(scale({ biggerThan: 1 })).rejects.toMatchObject({ kind: "invalid" });
  expect(await bed.group(group)).toMatchObject({ desired: 2 });
  await scale({ desiredAtMost: 2 });
  expect(await bed.group(group)).toMatchObject({ desired: 1 });
});

test("any text can be a key, also one that every object has", async () => {
  const names: string[] = [];
  for (const key of ["constructor", "__proto__", "7"]) {
    const spec = { key, release: service(), size: 0 };
    const create = (): Promise<{ group: string }> => bed.provider.createGroup(bed.cluster, spec, bed.token());
    names.push((await create()).group, (await create()).group);
  }
  const [one, two, three] = ["shop-api-v001", "shop-api-v002", "shop-api-v003"];
  expect(names).toEqual([one, one, two, two, three, three]);
});

test("a command that is said again, because its answer was lost, is a success though its condition no longer holds", async () => {
  const { provider, cluster } = bed;
  const group = await bed.healthyGroup(1);
  const token = bed.token();
  const change = { shares: { [group]: 100 }, condition: { [group]: { shareAtMost: 0 } } };
  await provider.setTraffic(cluster, change, token);
  await expect(provider.setTraffic(cluster, change, token)).resolves.toBeUndefined();
  await expect(provider.setTraffic(cluster, change, bed.token())).rejects.toMatchObject({ kind: "conflict" });
});

test("shares that do not sum to 100 are refused; naming nobody takes all traffic away", async () => {
  const { provider, cluster } = bed;
  const group = await bed.healthyGroup(1);
  const invalid = { kind: "invalid", retryable: false };
  for (const share of [50, -100, 101, Number.NaN])
    await expect(
      provider.setTraffic(cluster, { shares: { [group]: share } }, bed.token()),
    ).rejects.toMatchObject(invalid);
  await provider.setTraffic(cluster, { shares: { [group]: 100 } }, bed.token());
  await provider.setTraffic(cluster, { shares: {} }, bed.token());
  expect(await bed.group(group)).toMatchObject({ share: 0 });
});

test("a release that makes no sense is refused with all its problems", async () => {
  const release = { command: [], env: { PORT: "1" }, drainMs: -1, replicas: 3 } as never;
  const asked = bed.provider.createGroup(bed.cluster, { key: "k", release, size: 1 }, bed.token());
  await expect(asked).rejects.toMatchObject({ kind: "invalid" });
  await expect(asked).rejects.toThrow(/replicas: .*command: .*env: PORT.*drainMs: /s);
});

test("a cluster of another provider is refused", async () => {
  const other = { ...bed.cluster, provider: "elsewhere" };
  await expect(bed.provider.observe(other)).rejects.toMatchObject({ kind: "invalid" });
});

test("a call ends when its signal aborts, with the reason of the abort", async () => {
  const reason = new Error("called off");
  const options = { signal: AbortSignal.abort(reason) };
  await expect(bed.provider.observe(bed.cluster, options)).rejects.toBe(reason);
  await expect(bed.provider.claim(bed.cluster, { run: "r" }, options)).rejects.toBe(reason);
  await expect(bed.provider.check(bed.cluster, service(), options)).rejects.toBe(reason);
});

test("a secret gets to the instance and into nothing that others see", async () => {
  process.env["TEST_SECRET"] = "s3cret-value";
  const release = service({ passEnv: ["TEST_SECRET"], env: { GREETING: "hi" } });
  const group = await bed.healthyGroup(1, release);
  await bed.provider.setTraffic(bed.cluster, { shares: { [group]: 100 } }, bed.token());
  const response = await fetch(`${await bed.provider.address(bed.cluster)}/environment`);
  const environment = (await response.json()) as Record<string, string>;
  expect(environment).toMatchObject({ TEST_SECRET: "s3cret-value", GREETING: "hi", GENNAKER_GROUP: group });
  expect(environment).not.toHaveProperty("VITEST");
  expect(JSON.stringify(await bed.provider.observe(bed.cluster))).not.toContain("s3cret-value");
  delete process.env["TEST_SECRET"];
  await expect(
    bed.provider.createGroup(bed.cluster, { key: "again", release, size: 1 }, bed.token()),
  ).rejects.toThrow("TEST_SECRET");
  expect(marked(bed.directory)).toHaveLength(1);
});
