import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Bed, eventually, marked, openBed, service } from "./fixtures/bed.ts";
import { ask } from "./fixtures/traffic.ts";

let bed: Bed;
beforeEach(async () => {
  bed = await openBed();
});
afterEach(() => bed.end());

test("each instance has a log file of its own, which is rotated and goes on", async () => {
  const group = await bed.healthyGroup(2, service({ log: { maxBytes: 2048, keep: 1 } }));
  await bed.provider.setTraffic(bed.cluster, { shares: { [group]: 100 } }, bed.token());
  const url = await bed.provider.address(bed.cluster);
  const { instance } = await ask(`${url}/`);
  const logs = join(bed.directory, "logs");
  expect(readdirSync(logs).toSorted()).toEqual([`${group}-1.log`, `${group}-2.log`]);
  const log = join(logs, `${instance}.log`);
  // Round robin: every second request goes to the same instance.
  await ask(`${url}/`);
  await ask(`${url}/log?bytes=3000`);
  await eventually(() => readdirSync(logs).includes(`${instance}.log.1`));
  await eventually(() => statSync(log).size === 0);
  await ask(`${url}/`);
  await ask(`${url}/log?bytes=10`);
  await eventually(() => readFileSync(log, "utf8") === `${"x".repeat(10)}\n`);
  expect(statSync(`${log}.1`).size).toBe(3001);
});

test("the logs of instances that are gone stay for the last ten of their group", async () => {
  const group = await bed.healthyGroup(0);
  const logs = (): string[] => readdirSync(join(bed.directory, "logs"));
  const scale = (size: number): Promise<void> =>
    bed.provider.scaleGroup(bed.cluster, { group, size }, bed.token());
  for (let n = 0; n < 4; n += 1) {
    await scale(4);
    await eventually(() => logs().includes(`${group}-${4 * n + 4}.log`));
    await scale(0);
    await eventually(() => marked(bed.directory).length === 0);
  }
  await eventually(() => logs().length === 10);
  expect(logs().toSorted()[0]).toBe(`${group}-10.log`);
});

test("the logs of destroyed groups stay for the last ten groups", async () => {
  const first = await bed.healthyGroup(1);
  await bed.provider.destroyGroup(bed.cluster, { group: first }, bed.token());
  const logs = (): string[] => readdirSync(join(bed.directory, "logs"));
  for (let n = 2; n <= 10; n += 1) await bed.healthyGroup(0);
  expect(logs()).toEqual([`${first}-1.log`]);
  for (let n = 1; n <= 10; n += 1) {
    const group = `shop-api-v${String(n).padStart(3, "0")}`;
    await bed.provider.destroyGroup(bed.cluster, { group }, bed.token());
  }
  await bed.healthyGroup(0);
  expect(logs()).toEqual([]);
});
