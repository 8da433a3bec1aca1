// A newer release arrives while an older one is being rolled out to the same cluster.
import {
  type Cluster,
  createDelivery,
  type Delivery,
  deploy,
  type Event,
  memory,
  type OnBusy,
  pipeline,
  type RunHandle,
} from "@gennaker/core";
import { redBlack, type RedBlackOptions } from "@gennaker/strategies";
import { expect, it } from "vitest";
import { type SimulatedCloud, simulatedCloud, virtualClock, type VirtualClock } from "../src/index.ts";

interface Bed {
  readonly clock: VirtualClock;
  readonly cloud: SimulatedCloud;
  readonly cluster: Cluster;
  readonly delivery: Delivery;
  readonly ship: (release: string, more?: Deploy) => Promise<RunHandle>;
  readonly until: (run: RunHandle, phase: string) => Promise<void>;
  readonly outcomes: (...runs: readonly RunHandle[]) => Promise<string[]>;
  readonly events: (run: RunHandle) => Promise<readonly Event[]>;
  readonly groups: () => string[];
}

const SOAK: RedBlackOptions = { soak: "10s" };

interface Deploy {
  readonly options?: RedBlackOptions;
  readonly onBusy?: OnBusy;
  readonly actor?: string;
}

function bed(): Bed {
  const clock = virtualClock();
  const cloud = simulatedCloud({ clock });
  cloud.behaviour(() => ({ bootMs: 2000 }));
  const provider = cloud.provider();
  const cluster = provider.cluster("shop");
  cloud.seed(cluster, [{ size: 3, share: 100, release: "v1" }]);
  const engine = memory();
  const delivery = createDelivery({ engine, clock, providers: [provider] });
  return {
    clock,
    cloud,
    cluster,
    delivery,
    ship: (release, { options = SOAK, onBusy, actor } = {}) =>
      clock.drive(
        delivery.deploy(
          { cluster, release, strategy: redBlack(options), ...(onBusy && { onBusy }) },
          { ...(actor !== undefined && { actor }) },
        ),
      ),
    async until(run, phase) {
      let there = false;
      const off = delivery.on("rollout-phase-started", (event) => {
        there ||= event.run === run.id && event.phase === phase;
      });
      await clock.runUntil(() => there);
      off();
    },
    outcomes: async (...runs) => {
      const ends: string[] = [];
      for (const run of runs) ends.push(await clock.drive(run.outcome()));
      return ends;
    },
    events: (run) => clock.drive(engine.read(run.id, 0, 1000)),
    groups: () =>
      cloud
        .world(cluster)
        .groups.map(
          ({ name, healthy, share, release }) => `${name} ${JSON.stringify(release)} ${healthy} ${share} %`,
        ),
  };
}

it("sends the half-done rollout back first, and compares the newer release with the stable one", async () => {
  const { ship, until, outcomes, events, groups } = bed();
  const older = await ship("v2");
  await until(older, "soak");
  const newer = await ship("v3", { actor: "ana" });
  expect(await outcomes(older, newer)).toEqual(["cancelled", "succeeded"]);
  expect(groups()).toEqual(['shop-v001 "v1" 0 0 %', 'shop-v003 "v3" 3 100 %']);

  const reason = `superseded by run ${newer.id} (ana)`;
  const by = { run: newer.id, stage: "deploy", actor: "ana" };
  const story = await events(older);
  expect(story.find(({ type }) => type === "stage-superseded")).toMatchObject({
    stage: "deploy",
    by,
    reason,
  });
  expect(story.find(({ type }) => type === "rollout-turned-back")).toMatchObject({ reason, cancelled: true });
  expect(story.find(({ type }) => type === "stage-cancelled")).toMatchObject({
    reason,
    supersededBy: by,
    rolledBack: true,
  });
  expect(story.at(-1)).toMatchObject({
    type: "run-finished",
    outcome: "cancelled",
    reason,
    supersededBy: by,
  });
  const planned = (await events(newer)).find(({ type }) => type === "rollout-planned");
  expect(planned).toMatchObject({ before: { group: "shop-v001", desired: 3, share: 100 } });
});

it("shows who took the place of a run", async () => {
  const { clock, ship, until, outcomes } = bed();
  const older = await ship("v2");
  await until(older, "launch");
  const newer = await ship("v3");
  await outcomes(older);
  expect(await clock.drive(older.state())).toMatchObject({
    status: "cancelled",
    reason: `superseded by run ${newer.id}`,
    supersededBy: { run: newer.id, stage: "deploy" },
    stages: [{ status: "cancelled", superseded: { by: { run: newer.id } } }],
  });
});

it("lets only the newest of several survive, and never begins those between", async () => {
  const { ship, until, outcomes, events, groups } = bed();
  const first = await ship("v2");
  await until(first, "soak");
  const waiting = [await ship("v3"), await ship("v4", { onBusy: "queue" }), await ship("v5")];
  const last = await ship("v6");
  expect(await outcomes(first, ...waiting, last)).toEqual([
    "cancelled",
    "cancelled",
    "cancelled",
    "cancelled",
    "succeeded",
  ]);
  for (const run of waiting)
    expect((await events(run)).some(({ type }) => type === "rollout-planned")).toBe(false);
  expect(groups()).toEqual(['shop-v001 "v1" 0 0 %', 'shop-v003 "v6" 3 100 %']);
});

it("lets a rollout past its point of no return finish, without its holds", async () => {
  const { clock, ship, until, outcomes, groups } = bed();
  const older = await ship("v2", { options: { scaleDownDelay: "6h" } });
  await until(older, "warm");
  const begun = clock.now();
  const newer = await ship("v3");
  expect(await outcomes(older, newer)).toEqual(["succeeded", "succeeded"]);
  expect(clock.now() - begun).toBeLessThan(600_000);
  expect(groups()).toEqual(['shop-v001 "v1" 0 0 %', 'shop-v002 "v2" 0 0 %', 'shop-v003 "v3" 3 100 %']);
});

it("waits its turn when it is told to queue, and shows its place", async () => {
  const { clock, ship, until, outcomes } = bed();
  const older = await ship("v2");
  await until(older, "soak");
  const newer = await ship("v3", { onBusy: "queue" });
  await clock.settle();
  expect((await clock.drive(newer.state())).stages[0]).toMatchObject({ status: "queued", position: 1 });
  expect(await outcomes(older, newer)).toEqual(["succeeded", "succeeded"]);
});

it("fails at once when it is told to reject, and names the run that has the cluster", async () => {
  const { clock, ship, until, outcomes } = bed();
  const older = await ship("v2");
  await until(older, "soak");
  const newer = await ship("v3", { onBusy: "reject" });
  const asked = clock.now();
  expect(await outcomes(newer)).toEqual(["failed"]);
  expect(clock.now()).toBe(asked);
  const { error } = (await clock.drive(newer.state())).stages[0] ?? {};
  expect(error).toMatchObject({
    code: "GENNAKER_CONFLICT",
    details: { run: older.id, stage: "deploy" },
    message: expect.stringContaining(`is taken by run ${older.id} (stage "deploy")`) as string,
  });
  expect(await outcomes(older)).toEqual(["succeeded"]);
  expect(await outcomes(await ship("v4", { onBusy: "reject" }))).toEqual(["succeeded"]);
});

it.for(["supersede", "reject"] as const)(
  "lets two stages of one run wait for each other, although they say %s",
  async (onBusy) => {
    const { clock, cluster, delivery, outcomes, groups } = bed();
    const strategy = redBlack();
    const both = pipeline("both")
      .stage("a", deploy, () => ({ cluster, release: "va", strategy, onBusy }))
      .stage("b", deploy, () => ({ cluster, release: "vb", strategy, onBusy }), { after: [] });
    expect(await outcomes(await clock.drive(delivery.start(both, null)))).toEqual(["succeeded"]);
    expect(groups()).toHaveLength(3);
  },
);

it("does not let an older run, whose deploy comes late, undo a newer one", async () => {
  const { clock, cluster, delivery, until, outcomes, ship, groups } = bed();
  const strategy = redBlack({ soak: "10m" });
  const slow = pipeline("slow")
    .stage("first", deploy, () => ({ cluster, release: "old", strategy: redBlack() }))
    .stage("second", deploy, () => ({ cluster, release: "old again", strategy }));
  const older = await clock.drive(delivery.start(slow, null));
  await until(older, "retire");
  const newer = await ship("new", { options: { soak: "10m" } });
  await until(newer, "soak");
  await clock.advance(1000);
  expect((await clock.drive(older.state())).stages[1]).toMatchObject({ status: "queued", position: 1 });
  expect(await outcomes(newer, older)).toEqual(["succeeded", "succeeded"]);
  expect(groups().at(-1)).toContain('"old again" 3 100 %');
});

it("takes the way back of a paused rollout too", async () => {
  const { clock, ship, until, outcomes } = bed();
  const older = await ship("v2");
  await until(older, "soak");
  await clock.drive(older.pause({ actor: "rui" }));
  const newer = await ship("v3");
  expect(await outcomes(newer, older)).toEqual(["succeeded", "cancelled"]);
});

it("leaves a failure that came first as the reason", async () => {
  const { cloud, clock, cluster, ship, until, outcomes } = bed();
  const older = await ship("v2");
  await until(older, "soak");
  cloud.sicken(cluster, "shop-v002");
  await until(older, "restore");
  const newer = await ship("v3");
  expect(await outcomes(older, newer)).toEqual(["rolled-back", "succeeded"]);
  expect((await clock.drive(older.state())).supersededBy).toBeUndefined();
});

it("refuses a policy that it does not know", async () => {
  const { clock, cluster, delivery } = bed();
  await expect(
    clock.drive(
      delivery.deploy({ cluster, release: "v2", strategy: redBlack(), onBusy: "replace" as "queue" }),
    ),
  ).rejects.toThrow('onBusy: "replace" is not one of supersede, queue, reject');
});
