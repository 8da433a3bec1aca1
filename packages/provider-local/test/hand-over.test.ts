import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openSupervisor } from "../src/supervisor/run.ts";
import { eventually, marked, openOwnBed, service } from "./fixtures/bed.ts";
import { ask } from "./fixtures/traffic.ts";

test.concurrent("another supervisor is turned away while one has the directory", async ({
  onTestFinished,
}) => {
  const bed = await openOwnBed(onTestFinished);
  expect(await openSupervisor({ directory: bed.directory, log: () => undefined })).toBeUndefined();
});

test.concurrent("a successor has everybody's health before it answers, and ends what it took over", async ({
  onTestFinished,
}) => {
  const bed = await openOwnBed(onTestFinished);
  const group = await bed.healthyGroup(2);
  await bed.provider.setTraffic(bed.cluster, { shares: { [group]: 100 } }, bed.token());
  const url = await bed.provider.address(bed.cluster);
  const processes = marked(bed.directory);
  await bed.handOver();
  expect(await bed.group(group)).toMatchObject({ desired: 2, healthy: 2, share: 100 });
  expect((await ask(url)).status).toBe(200);
  expect(marked(bed.directory)).toEqual(processes);
  await bed.provider.scaleGroup(bed.cluster, { group, size: 1 }, bed.token());
  await eventually(() => marked(bed.directory).length === 1);
});

test.concurrent("an instance that hangs does not keep the balancer of a successor closed", async ({
  onTestFinished,
}) => {
  const bed = await openOwnBed(onTestFinished);
  const health = { intervalMs: 50, healthyAfter: 1, timeoutMs: 600_000 };
  const group = await bed.healthyGroup(2, service({ health, drainMs: 50 }));
  await bed.provider.setTraffic(bed.cluster, { shares: { [group]: 100 } }, bed.token());
  const url = await bed.provider.address(bed.cluster);
  process.kill(marked(bed.directory)[0] ?? 0, "SIGSTOP");
  await bed.handOver();
  expect(await bed.group(group)).toMatchObject({ healthy: 1, unknown: 1 });
  expect((await ask(url)).status).toBe(200);
});

test.concurrent("a group that was on its way out goes on its way out", async ({ onTestFinished }) => {
  const bed = await openOwnBed(onTestFinished);
  const group = await bed.healthyGroup(1);
  const file = join(bed.directory, "clusters", "shop-api.json");
  const before = readFileSync(file, "utf8");
  await bed.handOver();
  const leaving = before
    .replace('"id":', '"leaving": true, "id":')
    .replace('"born":', '"gone": true, "born":');
  writeFileSync(file, leaving);
  await bed.handOver();
  expect(await bed.group(group)).toBeUndefined();
  await eventually(() => marked(bed.directory).length === 0);
  // Nothing is started only to be ended, either.
  await bed.handOver();
  writeFileSync(file, leaving);
  await bed.handOver();
  await eventually(() => bed.log.filter((line) => line === `${group}-1 is gone`).length === 2);
  expect(bed.log.filter((line) => line.includes("started: pid"))).toHaveLength(1);
});
