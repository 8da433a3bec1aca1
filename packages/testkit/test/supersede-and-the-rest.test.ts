// A newer run wants a cluster: what becomes of the rest of the older one, of what clears up, of operations, of runs below.
import {
  type Cluster,
  createDelivery,
  deploy,
  memory,
  pipeline,
  resizeGroup,
  type RunHandle,
  runPipeline,
  wait,
  waves,
} from "@gennaker/core";
import { redBlack } from "@gennaker/strategies";
import { expect, it } from "vitest";
import { simulatedCloud, virtualClock } from "../src/index.ts";

function bed() {
  const clock = virtualClock();
  const cloud = simulatedCloud({ clock });
  cloud.behaviour((release) => ({ bootMs: 60_000, neverHealthy: release === "sick" }));
  const provider = cloud.provider();
  const [eu, us] = [provider.cluster("shop-eu"), provider.cluster("shop-us")];
  for (const cluster of [eu, us]) cloud.seed(cluster, [{ size: 2, share: 100, release: "v1" }]);
  const engine = memory();
  const delivery = createDelivery({ engine, clock, providers: [provider] });
  return {
    clock,
    delivery,
    eu,
    us,
    input: (cluster: Cluster, release: string, soak: "10m" | "1h" | "2h" = "10m") => ({
      cluster,
      release,
      strategy: redBlack({ soak, deadline: "5m" }),
    }),
    until: async (run: RunHandle, phase: string, cluster?: Cluster) => {
      let there = false;
      let planned: string | undefined;
      const named = delivery.on("rollout-planned", (event) => {
        if (event.run === run.id) planned = event.cluster.name;
      });
      const off = delivery.on("rollout-phase-started", (event) => {
        there ||= event.run === run.id && event.phase === phase && (!cluster || planned === cluster.name);
      });
      await clock.runUntil(() => there);
      off();
      named();
    },
    serving: (cluster: Cluster) =>
      cloud
        .world(cluster)
        .groups.filter(({ share }) => share > 0)
        .map(({ release }) => release),
    end: (run: RunHandle) => clock.drive(run.outcome()),
    stages: async (run: RunHandle) =>
      Object.fromEntries((await run.state()).stages.map(({ name, status }) => [name, status])),
  };
}

it("begins nothing more in a run whose deploy made room, also beside it, whatever its failure would mean", async () => {
  const { clock, delivery, eu, us, input, until, end, stages, serving } = bed();
  const shape = pipeline("both")
    .stage("eu", deploy, () => input(eu, "v2"), { onFailure: "continue" })
    .stage("beside", wait, () => ({ for: "5m" }), { after: [] })
    .stage("us", deploy, () => input(us, "v2"))
    .finally("last", wait, () => ({ for: "1m" }));
  const older = await clock.drive(delivery.start(shape, null));
  await until(older, "launch");
  const newer = await clock.drive(delivery.deploy(input(eu, "v3")));
  expect(await end(older)).toBe("cancelled");
  expect(await stages(older)).toEqual({
    eu: "cancelled",
    beside: "succeeded",
    us: "skipped",
    last: "succeeded",
  });
  expect((await older.state()).supersededBy?.run).toBe(newer.id);
  expect(await end(newer)).toBe("succeeded");
  expect([serving(eu), serving(us)]).toEqual([["v3"], ["v1"]]);
});

it("clears up after a run whose deploy made room, where that is for cancels as well", async () => {
  const { clock, delivery, eu, input, until, end, stages } = bed();
  const shape = pipeline("p")
    .stage("ship", deploy, () => input(eu, "v2"))
    .onFailure("migrate back", wait, () => ({ for: "1m" }), { onCancel: true })
    .onFailure("only for failures", wait, () => ({ for: "1m" }));
  const older = await clock.drive(delivery.start(shape, null));
  await until(older, "launch");
  await clock.drive(delivery.deploy(input(eu, "v3")));
  expect(await end(older)).toBe("cancelled");
  expect(await stages(older)).toEqual({
    ship: "cancelled",
    "migrate back": "succeeded",
    "only for failures": "skipped",
  });
});

it("has a deploy that clears up make room as well, while it waits for its cluster", async () => {
  const { clock, delivery, eu, us, input, until, end, stages, serving } = bed();
  const shape = pipeline("p")
    .stage("ship", deploy, () => input(us, "sick"))
    .onFailure("back", deploy, () => ({ ...input(eu, "v2"), onBusy: "queue" as const }));
  const first = await clock.drive(delivery.deploy(input(eu, "v1.5", "1h")));
  await until(first, "soak");
  const older = await clock.drive(delivery.start(shape, null));
  await clock.advance(10 * 60_000);
  expect((await stages(older))["back"]).toBe("queued");
  const newer = await clock.drive(delivery.deploy(input(eu, "v3")));
  expect(await end(newer)).toBe("succeeded");
  expect(await end(older)).toBe("rolled-back");
  expect((await stages(older))["back"]).toBe("cancelled");
  expect(serving(eu)).toEqual(["v3"]);
});

it("leaves an operation that clears up alone in a graceful cancel, and tells its failure as one", async () => {
  const { clock, delivery, eu, end, stages } = bed();
  const shape = pipeline("p")
    .stage("wait", wait, () => ({ for: "1h" }))
    .finally("shrink", resizeGroup, () => ({ cluster: eu, group: { name: "nobody" }, size: 1 }));
  const run = await clock.drive(delivery.start(shape, null));
  await clock.drive(run.cancel());
  expect(await end(run)).toBe("failed");
  expect(await stages(run)).toEqual({ wait: "cancelled", shrink: "failed" });
});

it("cancels an operation that makes room, and says for whom", async () => {
  const { clock, delivery, eu, input, end } = bed();
  const shape = pipeline("p").stage("grow", resizeGroup, () => ({
    cluster: eu,
    group: "serving" as const,
    size: { by: 2 },
  }));
  const older = await clock.drive(delivery.start(shape, null));
  await clock.advance(1000);
  const newer = await clock.drive(delivery.deploy(input(eu, "v3")));
  expect(await end(older)).toBe("cancelled");
  expect(await older.state()).toMatchObject({
    supersededBy: { run: newer.id },
    stages: [{ status: "cancelled", reason: `superseded by run ${newer.id}` }],
  });
  expect(await end(newer)).toBe("succeeded");
});

it("has runs above and below wait for each other like stages of one run", async () => {
  const { clock, delivery, eu, input, end } = bed();
  const child = pipeline("child").stage("ship", deploy, () => input(eu, "v3"));
  const shape = pipeline("p")
    .stage("ship", deploy, () => input(eu, "v2"))
    .stage("soon", wait, () => ({ for: "1m" }), { after: [] })
    .stage("below", runPipeline(child), () => null);
  const run = await clock.drive(delivery.start(shape, null));
  expect(await end(run)).toBe("succeeded");
});

it("forgets for whom it made room, when it is retried", async () => {
  const { clock, delivery, eu, input, until, end } = bed();
  const older = await clock.drive(delivery.deploy(input(eu, "v2")));
  await until(older, "launch");
  const newer = await clock.drive(delivery.deploy(input(eu, "v3")));
  expect([await end(older), await end(newer)]).toEqual(["cancelled", "succeeded"]);
  await clock.drive(older.retryFrom("deploy"));
  expect(await end(older)).toBe("succeeded");
  expect((await older.state()).supersededBy).toBeUndefined();
});

it("does not take back what a newer run has brought meanwhile, when waves go back together", async () => {
  const { clock, delivery, eu, us, input, until, end, serving, stages } = bed();
  const everywhere = pipeline<string>("everywhere").use(
    waves("regions", {
      waves: [["eu"], ["us"]],
      deploy: ({ input: release, item }) =>
        item === "eu" ? input(eu, release) : input(us, release, release === "v2" ? "2h" : "10m"),
    }),
  );
  const older = await clock.drive(delivery.start(everywhere, "v2"));
  await until(older, "soak", us);
  expect(serving(eu)).toEqual(["v2"]);
  const newer = await clock.drive(delivery.start(everywhere, "v3"));
  expect(await end(newer)).toBe("succeeded");
  expect(await end(older)).toBe("cancelled");
  expect(await stages(older)).toMatchObject({
    "regions 2[us]": "cancelled",
    "regions undo 1[eu]": "succeeded",
  });
  expect([serving(eu), serving(us)]).toEqual([["v3"], ["v3"]]);
});
