import { checkGate, createDelivery, defineCheck, type Strategy } from "@gennaker/core";
import { expect, test } from "vitest";
import { openOwnBed, service } from "./fixtures/bed.ts";
import { ask } from "./fixtures/traffic.ts";

const STEP = { deadlineMs: 30_000, after: "back" } as const;

test.concurrent("a check reaches the candidate through its own door before anybody else can", async ({
  onTestFinished,
}) => {
  const bed = await openOwnBed(onTestFinished);
  const { provider, cluster } = bed;
  const old = await bed.healthyGroup(1);
  await provider.setTraffic(cluster, { shares: { [old]: 100 } }, bed.token());
  const front = await provider.address(cluster);
  const smoke = defineCheck({
    name: "smoke",
    async run({ preview, candidate }) {
      const [behind, before] = [await ask(preview ?? ""), await ask(front)];
      const well = behind.group === candidate.name && before.group === old;
      return {
        verdict: well ? "pass" : "fail",
        reason: `${behind.group} behind the door, ${before.group} in front`,
      };
    },
  });
  const strategy: Strategy = {
    name: "look first",
    version: 1,
    options: {},
    size: "match",
    modes: ["weighted"],
    checks: [smoke],
    rollout: () => ({
      minHealthy: 100,
      onRollback: "destroy",
      phases: [
        { name: "launch", want: { candidate: 100 }, gate: checkGate({ check: smoke }), ...STEP },
        { name: "shift", want: { candidate: 100, traffic: { candidate: 100 } }, ...STEP },
      ],
    }),
  };
  const delivery = createDelivery({ providers: [provider] });
  onTestFinished(() => delivery.close());
  const run = await delivery.deploy({ cluster, release: service({ version: "2" }), strategy });
  expect({ outcome: await run.outcome(), reason: (await run.state()).reason }).toEqual({
    outcome: "succeeded",
    reason: undefined,
  });
  expect((await ask(front)).group).not.toBe(old);
});

test.concurrent("a door closes with its group", async ({ onTestFinished }) => {
  const bed = await openOwnBed(onTestFinished);
  const group = await bed.healthyGroup(1);
  const { address } = await bed.provider.preview(bed.cluster, group);
  expect((await ask(address)).group).toBe(group);
  await bed.provider.destroyGroup(bed.cluster, { group }, bed.token());
  await bed.until(({ groups }) => groups.length === 0);
  await expect
    .poll(() =>
      ask(address).then(
        () => "open",
        () => "closed",
      ),
    )
    .toBe("closed");
});

test.concurrent("a door leads to the instances that a group has by now", async ({ onTestFinished }) => {
  const bed = await openOwnBed(onTestFinished);
  const group = await bed.healthyGroup(1);
  const { address } = await bed.provider.preview(bed.cluster, group);
  await bed.provider.scaleGroup(bed.cluster, { group, size: 2 }, bed.token());
  await bed.until(({ groups }) => groups.some(({ healthy }) => healthy === 2));
  const seen = new Set<string | undefined>();
  for (let n = 0; n < 10; n += 1) seen.add((await ask(address)).instance);
  expect(seen).toEqual(new Set([`${group}-1`, `${group}-2`]));
});
