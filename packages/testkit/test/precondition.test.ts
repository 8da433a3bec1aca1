import {
  type Cluster,
  createDelivery,
  defineStage,
  type Delivery,
  memory,
  pipeline,
  precondition,
  type PreconditionInput,
  type Requirement,
} from "@gennaker/core";
import { expect, it } from "vitest";
import { type SimulatedCloud, simulatedCloud, virtualClock, type VirtualClock } from "../src/index.ts";

interface Bed {
  readonly clock: VirtualClock;
  readonly cloud: SimulatedCloud;
  readonly cluster: Cluster;
  readonly delivery: Delivery;
  /** How a run with these requirements ends, and why. */
  readonly ends: (input: PreconditionInput) => Promise<string>;
}

function bed(): Bed {
  const clock = virtualClock();
  const cloud = simulatedCloud({ clock });
  cloud.behaviour(() => ({ bootMs: 10_000 }));
  const provider = cloud.provider();
  const cluster = provider.cluster("shop");
  cloud.seed(cluster, [{ size: 5 }, { size: 3, share: 100, healthy: 2 }]);
  const delivery = createDelivery({ engine: memory(), clock, providers: [provider] });
  let count = 0;
  return {
    clock,
    cloud,
    cluster,
    delivery,
    async ends(input) {
      const asking = pipeline(`asking ${(count += 1)}`).stage("so?", precondition, () => input);
      const run = await clock.drive(delivery.start(asking, null));
      const outcome = await clock.drive(run.outcome());
      return (await run.state()).stages[0]?.error?.message ?? outcome;
    },
  };
}

it("looks at what serves in a cluster, and says what is missing", async () => {
  const { cluster, ends } = bed();
  expect(
    await ends({ require: [{ cluster, desired: { atLeast: 3, atMost: 3 }, serving: { atMost: 1 } }] }),
  ).toBe("succeeded");
  expect(await ends({ require: [{ cluster, healthy: { atLeast: 3 }, because: "two may die" }] })).toBe(
    "simulated:account/virtual/shop has 2 healthy instances, 3 needed (two may die)",
  );
});

it("says everything that does not hold, in one error", async () => {
  const { cluster, ends } = bed();
  const message = await ends({
    require: [
      { cluster, desired: { atMost: 2 } },
      { that: false, because: "no change ticket" },
      { pipeline: "backup", ended: "succeeded" },
    ],
  });
  expect(message.split("; ")).toEqual([
    "simulated:account/virtual/shop has 3 instances asked for, 2 allowed",
    "no change ticket",
    'pipeline "backup" has no finished run',
  ]);
});

it("asks how the last finished run of another pipeline ended", async () => {
  const { clock, delivery, ends } = bed();
  let works = false;
  const run = defineStage({
    type: "backup",
    run: () => {
      if (!works) throw new Error("disk is full");
      return null;
    },
  });
  const backup = pipeline("backup").stage("backup", run, () => null);
  const require: readonly Requirement[] = [{ pipeline: "backup", ended: "succeeded" }];
  await clock.drive((await clock.drive(delivery.start(backup, null))).outcome());
  await clock.advance(1);
  expect(await ends({ require })).toMatch(/the last run of "backup" \(.+\) ended failed, not succeeded/);
  works = true;
  await clock.drive((await clock.drive(delivery.start(backup, null))).outcome());
  await clock.advance(1);
  expect(await ends({ require })).toBe("succeeded");
});

it("waits until all hold where it may, and fails with what is still missing", async () => {
  const { clock, cloud, cluster, ends } = bed();
  const healthy = { require: [{ cluster, healthy: { atLeast: 3 } }], within: "10m" } as const;
  clock.after(60_000, () => cloud.heal(cluster, "shop-v002"));
  expect(await ends(healthy)).toBe("succeeded");
  cloud.sicken(cluster, "shop-v002", 1);
  expect(await ends(healthy)).toContain("has 2 healthy instances, 3 needed");
});

it("says what is wrong with requirements before anything is looked at", async () => {
  const { cluster, ends } = bed();
  const bad = [
    { cluster },
    { pipeline: "backup", ended: "fine" },
    { that: "yes" },
    { cluster, healthy: { atLeast: 3, atMost: 2 } },
  ] as unknown as readonly Requirement[];
  const message = await ends({ require: bad });
  for (const problem of [
    "require[0].cluster: nothing is asked of it",
    'require[1].ended: "fine" is not one of',
    "require[2].that: must be true or false",
    "require[3].healthy: at least 3 and at most 2 cannot be",
  ])
    expect(message).toContain(problem);
});
