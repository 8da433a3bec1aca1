// Several clusters in waves, with a joint gate and a joint way back, in the simulated cloud.
import {
  type Cluster,
  createDelivery,
  defineStage,
  deploy,
  type Event,
  judgement,
  pipeline,
  type RunHandle,
  type StageContext,
  undo,
  waves,
} from "@gennaker/core";
import { redBlack } from "@gennaker/strategies";
import { expect, expectTypeOf, it } from "vitest";
import { simulatedCloud, virtualClock } from "../src/index.ts";

type Region = "eu" | "us" | "ap";
const REGIONS: readonly Region[] = ["eu", "us", "ap"];

function bed(sick: (cluster: string) => boolean = () => false, seeded = REGIONS) {
  const clock = virtualClock();
  const cloud = simulatedCloud({ clock });
  cloud.behaviour((release) => ({
    bootMs: 2000,
    neverHealthy: sick((release as { region?: string } | null)?.region ?? ""),
  }));
  const provider = cloud.provider();
  const clusterIn = (region: Region): Cluster => provider.cluster(`shop-${region}`);
  for (const region of seeded)
    cloud.seed(clusterIn(region), [{ size: 2, share: 100, release: { image: "v1", region: "old" } }]);
  const delivery = createDelivery({ clock, providers: [provider] });
  const asked: Event<"judgement-requested">[] = [];
  delivery.on("judgement-requested", (event) => asked.push(event));
  return {
    clock,
    delivery,
    asked,
    clusterIn,
    serving: () =>
      REGIONS.map((region) => {
        const { groups } = cloud.world(clusterIn(region));
        const serves = groups.filter(({ share }) => share > 0);
        return `${region} ${serves.map(({ name, healthy }) => `${name.slice(-4)} ${healthy}`).join("+")}`;
      }).join(", "),
    groups: (region: Region) =>
      cloud
        .world(clusterIn(region))
        .groups.map(({ name, desired, share }) => `${name.slice(-4)} ${desired} ${share} %`),
  };
}
type Bed = ReturnType<typeof bed>;

const everywhere = ({ clusterIn }: Bed) =>
  pipeline<{ image: string }>("everywhere").use(
    waves("regions", {
      waves: [["eu"], ["us", "ap"]],
      deploy: ({ input, item }) => {
        expectTypeOf(item).toEqualTypeOf<Region>();
        const release = { image: input.image, region: item };
        return { cluster: clusterIn(item), release, strategy: redBlack({ soak: "1m", deadline: "2m" }) };
      },
      gate: { type: judgement, input: ({ wave }) => ({ roles: ["qa"], instructions: `wave ${wave}` }) },
    }),
  );
const statuses = async (run: RunHandle): Promise<Record<string, string>> =>
  Object.fromEntries((await run.state()).stages.map(({ name, status }) => [name, status]));
const judged = async ({ clock, asked }: Bed, run: RunHandle, times: number, verdict: "pass" | "fail") => {
  await clock.runUntil(() => asked.length >= times);
  const { stage, instructions } = asked[times - 1]!;
  await clock.drive(run.judge(stage, { verdict, actor: "rui" }));
  return instructions;
};

it("deploys wave after wave, side by side within one, each gate after all of its wave", async () => {
  const world = bed();
  const { clock, delivery, serving } = world;
  const run = await clock.drive(delivery.start(everywhere(world), { image: "v2" }));
  expect(await judged(world, run, 1, "pass")).toBe("wave 1");
  expect(serving()).toBe("eu v002 2, us v001 2, ap v001 2");
  expect(await judged(world, run, 2, "pass")).toBe("wave 2");
  expect(await clock.drive(run.outcome())).toBe("succeeded");
  expect(serving()).toBe("eu v002 2, us v002 2, ap v002 2");
  expect(await statuses(run)).toMatchObject({
    "regions 2[us]": "succeeded",
    "regions undo 1[eu]": "skipped",
  });
});

it("takes every cluster back, the last one first, when a gate says no", async () => {
  const world = bed();
  const { clock, delivery, serving, groups } = world;
  const backs: string[] = [];
  delivery.on("rollout-finished", ({ stage }) => /undo/.test(stage) && backs.push(stage));
  const run = await clock.drive(delivery.start(everywhere(world), { image: "v2" }));
  await judged(world, run, 1, "pass");
  await judged(world, run, 2, "fail");
  expect(await clock.drive(run.outcome())).toBe("rolled-back");
  expect(backs).toEqual(["regions undo 2[ap]", "regions undo 2[us]", "regions undo 1[eu]"]);
  expect(serving()).toBe("eu v001 2, us v001 2, ap v001 2");
  expect(groups("us")).toEqual(["v001 2 100 %", "v002 0 0 %"]);
});

it("takes the waves before back when a deploy comes back by itself", async () => {
  const world = bed((region) => region === "ap");
  const { clock, delivery, serving } = world;
  const run = await clock.drive(delivery.start(everywhere(world), { image: "v2" }));
  await judged(world, run, 1, "pass");
  expect(await clock.drive(run.outcome())).toBe("rolled-back");
  expect(serving()).toBe("eu v001 2, us v001 2, ap v001 2");
  expect(await statuses(run)).toMatchObject({
    "regions 2[us]": "succeeded",
    "regions 2[ap]": "failed",
    "regions gate 2": "skipped",
    "regions undo 2[ap]": "skipped",
    "regions undo 2[us]": "succeeded",
    "regions undo 1[eu]": "succeeded",
  });
});

it("takes all of them back when the run is cancelled between waves", async () => {
  const world = bed();
  const { clock, delivery, serving, asked } = world;
  const run = await clock.drive(delivery.start(everywhere(world), { image: "v2" }));
  await clock.runUntil(() => asked.length > 0);
  await clock.drive(run.cancel({ actor: "ana" }));
  expect(await clock.drive(run.outcome())).toBe("cancelled");
  expect(serving()).toBe("eu v001 2, us v001 2, ap v001 2");
});

it("fails, rather than call it rolled back, when a first deploy has nothing to go back to", async () => {
  const world = bed(() => false, ["us", "ap"]);
  const { clock, delivery, serving } = world;
  const run = await clock.drive(delivery.start(everywhere(world), { image: "v2" }));
  await judged(world, run, 1, "pass");
  await judged(world, run, 2, "fail");
  expect(await clock.drive(run.outcome())).toBe("failed");
  expect(serving()).toBe("eu v001 1, us v001 2, ap v001 2");
  const { stages } = await run.state();
  expect(stages.find(({ name }) => name === "regions undo 1[eu]")?.error?.message).toMatch(
    /group: there is nothing to go back to \(a first deploy has no group before it\)/,
  );
});

it("leaves things as they are when no joint way back is wanted", async () => {
  const world = bed();
  const { clock, delivery, serving, clusterIn } = world;
  const check = defineStage({
    type: "check",
    run: ({ input }: StageContext<{ wave: number }>) => {
      if (input.wave === 2) throw new Error("too slow");
      return null;
    },
  });
  const shape = pipeline<{ first: Region[]; rest: Region[] }>("everywhere").use(
    waves("regions", {
      waves: [(input) => input.first, (input) => input.rest],
      deploy: ({ item }) => ({
        cluster: clusterIn(item),
        release: { image: "v2" },
        strategy: redBlack({ soak: "1m" }),
      }),
      gate: { type: check, input: ({ wave }) => ({ wave }) },
      rollback: false,
    }),
  );
  const run = await clock.drive(delivery.start(shape, { first: ["ap"], rest: ["us"] }));
  expect(await clock.drive(run.outcome())).toBe("failed");
  expect(serving()).toBe("eu v001 2, us v002 2, ap v002 2");
});

it("undoes one deploy by a stage, and says what the group runs", async () => {
  const world = bed();
  const { clock, delivery, serving, clusterIn } = world;
  const boom = defineStage({
    type: "boom",
    run: () => {
      throw new Error("smoke");
    },
  });
  const cluster = clusterIn("eu");
  const shape = pipeline("p")
    .stage("ship", deploy, () => ({ cluster, release: { image: "v2" }, strategy: redBlack({ soak: "1m" }) }))
    .stage("smoke", boom, () => null)
    .onFailure("back", undo, ({ outputs }) => ({ cluster, group: outputs.ship.previous }), {
      clears: ["smoke"],
      undoes: true,
    });
  const run = await clock.drive(delivery.start(shape, null));
  expect(await clock.drive(run.outcome())).toBe("rolled-back");
  expect(serving()).toBe("eu v001 2, us v001 2, ap v001 2");
  expect((await run.state()).stages.at(-1)?.output).toMatchObject({
    release: { image: "v1" },
    previous: "shop-eu-v002",
  });
});
