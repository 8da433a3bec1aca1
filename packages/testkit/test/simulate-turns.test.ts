// Rollouts take turns on a cluster, whatever of an earlier turn comes late.
import { createDelivery, type Delivery, deploy, memory, pipeline, type Pipeline } from "@gennaker/core";
import type { Provider } from "@gennaker/core/ports";
import { redBlack } from "@gennaker/strategies";
import { expect, it } from "vitest";
import { simulatedCloud, simulatePipeline, virtualClock } from "../src/index.ts";

const api = { provider: "simulated", account: "account", location: "virtual", name: "shop-api" };
const strategy = redBlack({ soak: "3m", deadline: "1m" });
const ship = (name: string): Pipeline<string> =>
  pipeline<string>(name).stage("api", deploy, ({ input }) => ({
    cluster: api,
    release: input,
    strategy,
    onBusy: "queue",
  }));

it("is not thrown out by a claim of an earlier run that comes late", { timeout: 60_000 }, async () => {
  for (let seed = 1; seed <= 100; seed += 1) {
    const { violations } = await simulatePipeline(ship("one"), {
      input: "sick",
      seed,
      clusters: [{ cluster: api, groups: [{ size: 3, share: 100, release: "old" }] }],
      crashes: 10,
      faults: { lostAnswer: 0.1, lostCommand: 0.1, lateCommand: 0.1, conflict: 0.1 },
      behaviour: (release) =>
        release === "sick"
          ? { bootMs: 1000, sickAfterTrafficMs: [1, 150_000] }
          : { bootMs: 1000, diesAfterMs: [10_000, 200_000], restartMs: [1000, 200_000] },
      beside: [
        { pipeline: ship("two"), input: "sick", after: "1m" },
        { pipeline: ship("three"), input: "old", after: "2m" },
      ],
    });
    expect({ seed, violations }).toEqual({ seed, violations: [] });
  }
});

it("does not take a cluster back, after a crash, for a rollout that failed and only watches", async () => {
  const clock = virtualClock();
  const cloud = simulatedCloud({ clock });
  cloud.behaviour(() => ({ bootMs: 2000 }));
  cloud.provider();
  cloud.seed(api, [{ size: 3, share: 100, release: "v1" }]);
  const log = memory();
  const claims: string[] = [];
  const open = (): Delivery => {
    const provider = cloud.provider();
    const noted: Provider = {
      ...provider,
      claim(cluster, claimant, options) {
        claims.push(claimant.run);
        return provider.claim(cluster, claimant, options);
      },
    };
    return createDelivery({ engine: log, clock, providers: [noted], strategies: [redBlack] });
  };
  const first = open();
  const start = (release: string) =>
    clock.drive(first.deploy({ cluster: api, release, strategy: redBlack({ soak: "10m", deadline: "1m" }) }));
  const soaks = async (run: string): Promise<void> => {
    let there = false;
    first.on("rollout-phase-started", (event) => (there ||= event.run === run && event.phase === "soak"));
    await clock.runUntil(() => there);
  };

  const failed = await start("v2");
  await soaks(failed.id);
  for (const group of ["shop-api-v001", "shop-api-v002"]) cloud.sicken(api, group);
  expect(await clock.drive(failed.outcome())).toBe("failed");
  const next = await start("v3");
  await soaks(next.id);
  await clock.drive(first.close());

  claims.length = 0;
  const second = open();
  const again = await clock.drive(second.run(next.id));
  expect(await clock.drive(again.outcome())).toBe("succeeded");
  expect([...new Set(claims)]).toEqual([next.id]);
});
