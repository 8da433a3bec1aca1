// Stages and runs whose time is over, on the real engine, in virtual time.
import {
  type Cluster,
  createDelivery,
  defineStage,
  type Delivery,
  deploy,
  pipeline,
  type RunHandle,
} from "@gennaker/core";
import { redBlack } from "@gennaker/strategies";
import { expect, it } from "vitest";
import { type SimulatedCloud, simulatedCloud, virtualClock, type VirtualClock } from "../src/index.ts";

interface Bed {
  readonly clock: VirtualClock;
  readonly cloud: SimulatedCloud;
  readonly cluster: Cluster;
  readonly delivery: Delivery;
  readonly groups: () => string[];
}

function bed(bootMs = 2000): Bed {
  const clock = virtualClock();
  const cloud = simulatedCloud({ clock });
  cloud.behaviour(() => ({ bootMs }));
  const provider = cloud.provider();
  const cluster = provider.cluster("shop-api");
  cloud.seed(cluster, [{ size: 3, share: 100, release: { image: "v1" } }]);
  const delivery = createDelivery({ clock, providers: [provider] });
  const groups = (): string[] =>
    cloud
      .world(cluster)
      .groups.map(({ name, desired, healthy, share }) => `${name} ${healthy}/${desired} ${share} %`);
  return { clock, cloud, cluster, delivery, groups };
}
const shown = async (run: RunHandle): Promise<string> =>
  (await run.state()).stages.map(({ name, status }) => `${name} ${status}`).join(", ");

it("tells code whose time is over by its signal, and goes on without it", async () => {
  const { clock, delivery } = bed();
  const told: unknown[] = [];
  const deaf = defineStage({
    type: "deaf",
    run: ({ signal }) =>
      new Promise<null>(() => {
        signal.addEventListener("abort", () => told.push(signal.reason));
      }),
  });
  const ok = defineStage({ type: "ok", run: () => null });
  const shape = pipeline("p")
    .stage("deaf", deaf, () => null, { timeout: "10m", onFailure: "ignore" })
    .stage("next", ok, () => null);
  const run = await clock.drive(delivery.start(shape, null));
  const begun = clock.now();
  expect(await clock.drive(run.outcome())).toBe("succeeded");
  expect(clock.now() - begun).toBe(600_000);
  expect(told).toHaveLength(1);
  expect((await run.state()).stages[0]?.error).toMatchObject({ code: "timeout" });
  expect(await shown(run)).toBe("deaf failed, next succeeded");
});

it("takes a rollout back whose time is over", async () => {
  const { clock, delivery, cluster, groups } = bed(120_000);
  const shape = pipeline("p").stage(
    "ship",
    deploy,
    () => ({ cluster, release: { image: "v2" }, strategy: redBlack({ soak: "10m" }) }),
    { timeout: "1m" },
  );
  const run = await clock.drive(delivery.start(shape, null));
  expect(await clock.drive(run.outcome())).toBe("rolled-back");
  expect((await run.state()).reason).toBe("ship: it took longer than 1 m");
  expect(groups()).toEqual(["shop-api-v001 3/3 100 %"]);
});

it("takes all rollouts back when the time of the run is over, then runs what always runs", async () => {
  const { clock, delivery, cluster, groups } = bed();
  const ok = defineStage({ type: "ok", run: () => null });
  const shape = pipeline("p", { timeout: "5m" })
    .stage("ship", deploy, () => ({ cluster, release: { image: "v2" }, strategy: redBlack({ soak: "1h" }) }))
    .stage("next", ok, () => null)
    .finally("report", ok, () => null);
  const run = await clock.drive(delivery.start(shape, null));
  expect(await clock.drive(run.outcome())).toBe("rolled-back");
  expect(await shown(run)).toBe("ship failed, next skipped, report succeeded");
  expect(groups()).toEqual(["shop-api-v001 3/3 100 %"]);
});

it("counts no time in the queue of a cluster", async () => {
  const { clock, delivery, cluster } = bed();
  const strategy = redBlack({ soak: "10m" });
  const first = await clock.drive(delivery.deploy({ cluster, release: { image: "v2" }, strategy }));
  const shape = pipeline("p").stage(
    "ship",
    deploy,
    () => ({ cluster, release: { image: "v3" }, strategy: redBlack({ soak: "1s" }), onBusy: "queue" }),
    { timeout: "5m" },
  );
  const second = await clock.drive(delivery.start(shape, null));
  expect(await clock.drive(second.outcome())).toBe("succeeded");
  expect(await first.outcome()).toBe("succeeded");
});

it("lets what clears up after a failure be a rollout, which a cancel does not turn back", async () => {
  const { clock, delivery, cluster, groups } = bed();
  const boom = defineStage({
    type: "boom",
    run: () => {
      throw new Error("smoke");
    },
  });
  const shape = pipeline("p")
    .stage("ship", deploy, () => ({ cluster, release: { image: "v2" }, strategy: redBlack({ soak: "1s" }) }))
    .stage("smoke", boom, () => null)
    .onFailure(
      "old",
      deploy,
      () => ({ cluster, release: { image: "v1" }, strategy: redBlack({ soak: "10m" }) }),
      { undoes: true },
    );
  const run = await clock.drive(delivery.start(shape, null));
  let soaking = false;
  delivery.on("rollout-phase-reached", ({ stage, phase }) => {
    soaking ||= stage === "old" && phase === "soak";
  });
  await clock.runUntil(() => soaking);
  await clock.drive(run.cancel({ actor: "ana" }));
  expect(await clock.drive(run.outcome())).toBe("rolled-back");
  expect(groups().at(-1)).toBe("shop-api-v003 3/3 100 %");
});
