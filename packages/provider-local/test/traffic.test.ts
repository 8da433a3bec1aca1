import { expect, test } from "vitest";
import { type Bed, openOwnBed } from "./fixtures/bed.ts";
import { ask, Load } from "./fixtures/traffic.ts";

/** A bed, its balancer's address, and how to divide its traffic. */
async function open(
  onTestFinished: (end: () => Promise<void>) => void,
): Promise<{ bed: Bed; url: string; route: (shares: Record<string, number>) => Promise<void> }> {
  const bed = await openOwnBed(onTestFinished);
  const url = await bed.provider.address(bed.cluster);
  return { bed, url, route: (shares) => bed.provider.setTraffic(bed.cluster, { shares }, bed.token()) };
}

test.concurrent("shares of 20 and 80 give exactly 20 and 80 of 100 requests", async ({ onTestFinished }) => {
  const { bed, url, route } = await open(onTestFinished);
  const [a, b] = [await bed.healthyGroup(1), await bed.healthyGroup(2)];
  await route({ [a]: 20, [b]: 80 });
  const answers = await Promise.all(Array.from({ length: 100 }, () => ask(url)));
  const of = (group: string): number => answers.filter((one) => one.group === group).length;
  expect([of(a), of(b)]).toEqual([20, 80]);
  expect((await bed.provider.stats(bed.cluster)).groups).toMatchObject({
    [a]: { requests: 20, failures: 0, serverErrors: 0 },
    [b]: { requests: 80, failures: 0, serverErrors: 0 },
  });
});

test.concurrent("a group's requests go evenly to its instances", async ({ onTestFinished }) => {
  const { bed, url, route } = await open(onTestFinished);
  const group = await bed.healthyGroup(2);
  await route({ [group]: 100 });
  const instances: string[] = [];
  for (let n = 0; n < 20; n += 1) instances.push((await ask(url)).instance ?? "");
  expect(instances.filter((one) => one === `${group}-1`)).toHaveLength(10);
  expect(instances.filter((one) => one === `${group}-2`)).toHaveLength(10);
});

test.concurrent("no request is lost while groups are added, re-weighted, scaled, drained and destroyed under load", async ({
  onTestFinished,
}) => {
  const { bed, url, route } = await open(onTestFinished);
  const a = await bed.healthyGroup(2);
  await route({ [a]: 100 });
  const load = new Load(url);
  await load.more(100);
  const b = await bed.healthyGroup(3);
  for (const share of [5, 25, 50, 75, 100]) {
    await route({ [a]: 100 - share, [b]: share });
    await load.more(100);
  }
  await bed.provider.scaleGroup(bed.cluster, { group: b, size: 1 }, bed.token());
  await load.more(100);
  await bed.provider.destroyGroup(bed.cluster, { group: a }, bed.token());
  await load.more(100);
  await load.stop();
  expect(load.failures).toEqual([]);
  expect(load.byGroup.get(b)).toBeGreaterThan(200);
});

test.concurrent("a group that loses its last healthy instance loses its turn to the others, but never to one without a share", async ({
  onTestFinished,
}) => {
  const { bed, url, route } = await open(onTestFinished);
  const a = await bed.healthyGroup(1);
  const b = await bed.healthyGroup(1);
  const idle = await bed.healthyGroup(1);
  await route({ [a]: 50, [b]: 50 });
  expect((await ask(`${url}/crash`, { method: "POST" })).status).toBe(502);
  const answers = await Promise.all(Array.from({ length: 10 }, () => ask(url)));
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
  expect(answers.map(({ group }) => group)).not.toContain(idle);
});

test.concurrent("without a healthy instance the balancer says 503, when to come again, and counts it", async ({
  onTestFinished,
}) => {
  const { bed, url } = await open(onTestFinished);
  await bed.healthyGroup(1);
  const response = await fetch(url);
  expect(response.status).toBe(503);
  expect(response.headers.get("retry-after")).toBe("1");
  expect(await response.text()).toBe("no healthy instance has a share of the traffic\n");
  expect((await bed.provider.stats(bed.cluster)).unserved).toBe(1);
});

test.concurrent("a request that its instance hangs up on is repeated once if it may be repeated, then answered 502", async ({
  onTestFinished,
}) => {
  const { bed, url, route } = await open(onTestFinished);
  const group = await bed.healthyGroup(3);
  await route({ [group]: 100 });
  const post = await ask(`${url}/crash`, { method: "POST", body: "order" });
  expect(post).toMatchObject({
    status: 502,
    body: expect.stringMatching(/^shop-api-v001-\d broke the connection before it answered\n$/),
  });
  await bed.until(({ groups }) => groups[0]?.healthy === 2);
  await bed.until(({ groups }) => groups[0]?.healthy === 3);
  expect((await ask(`${url}/crash`)).status).toBe(502);
  await bed.until(({ groups }) => groups[0]?.healthy === 1);
  await bed.until(({ groups }) => groups[0]?.healthy === 3);
  const { failures, serverErrors } = (await bed.provider.stats(bed.cluster)).groups[group] ?? {};
  expect({ failures, serverErrors }).toEqual({ failures: 2, serverErrors: 2 });
});

test.concurrent("the port stays when a provider with a fixed port opens the balancer there, and says so", async ({
  onTestFinished,
}) => {
  const { bed, url, route } = await open(onTestFinished);
  const group = await bed.healthyGroup(1);
  await route({ [group]: 100 });
  expect(await bed.provider.address(bed.cluster)).toBe(url);
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
});
