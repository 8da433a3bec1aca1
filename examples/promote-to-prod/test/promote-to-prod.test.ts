import { createDelivery, memory, type RunHandle } from "@gennaker/core";
import { simulatedCloud, type SimulatedCloud, virtualClock, type VirtualClock } from "@gennaker/testkit";
import { expect, it } from "vitest";
import { type Places, promoteToProd } from "../pipeline.ts";

interface Bed {
  readonly clock: VirtualClock;
  readonly cloud: SimulatedCloud;
  readonly places: Places;
  readonly run: RunHandle;
}

async function bed(): Promise<Bed> {
  const clock = virtualClock();
  const cloud = simulatedCloud({ clock });
  cloud.behaviour(() => ({ bootMs: 40_000 }));
  const provider = cloud.provider();
  const places = {
    staging: provider.cluster("shop-api-staging"),
    canary: provider.cluster("shop-api-canary"),
    prod: provider.cluster("shop-api-prod"),
  };
  cloud.seed(places.staging, [{ size: 1, share: 100, release: "1.4.2" }]);
  cloud.seed(places.prod, [{ size: 20, share: 100, release: "1.4.1" }]);
  const promote = promoteToProd(places);
  const delivery = createDelivery({
    engine: memory(),
    clock,
    providers: [provider],
    pipelines: [promote],
    guarded: [places.prod],
  });
  const run = await clock.drive(delivery.start(promote, { keepOld: "2h" }, { actor: "ana" }));
  let asked = false;
  delivery.on("judgement-requested", () => {
    asked = true;
  });
  await clock.runUntil(() => asked);
  return { clock, cloud, places, run };
}

function runs({ cloud, places }: Bed): Record<keyof Places, string[]> {
  const of = (place: keyof Places): string[] =>
    cloud
      .world(places[place])
      .groups.map(({ release, healthy, share }) => `${JSON.stringify(release)} × ${healthy}, ${share} %`);
  return { staging: of("staging"), canary: of("canary"), prod: of("prod") };
}

it("brings staging's release to production by way of a canary and a person, and clears up two hours later", async () => {
  const here = await bed();
  expect(runs(here)).toMatchObject({ canary: ['"1.4.2" × 1, 100 %'], prod: ['"1.4.1" × 20, 100 %'] });
  await here.clock.drive(here.run.judge("cut over?", { verdict: "pass", actor: "rui" }));
  await here.clock.advance(3_600_000);
  expect(runs(here)).toMatchObject({
    canary: [],
    prod: ['"1.4.1" × 20, 0 %', '"1.4.2" × 20, 100 %'],
  });
  expect(await here.clock.drive(here.run.outcome())).toBe("succeeded");
  expect(runs(here)).toEqual({
    staging: ['"1.4.2" × 1, 100 %'],
    canary: [],
    prod: ['"1.4.2" × 20, 100 %'],
  });
});

it("leaves production alone when the person says no", async () => {
  const here = await bed();
  await here.clock.drive(here.run.judge("cut over?", { verdict: "fail", actor: "rui", reason: "errors" }));
  expect(await here.clock.drive(here.run.outcome())).toBe("failed");
  expect(runs(here).prod).toEqual(['"1.4.1" × 20, 100 %']);
});
