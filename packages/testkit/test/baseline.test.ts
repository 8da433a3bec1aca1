// A canary beside a baseline, by the whole engine against the simulated cloud.
import {
  type Cluster,
  createDelivery,
  type Delivery,
  deploy,
  dryRunText,
  type Event,
  memory,
  pipeline,
  type Provider,
  type RunHandle,
} from "@gennaker/core";
import { canary, redBlack } from "@gennaker/strategies";
import { describe, expect, it } from "vitest";
import {
  type SimulatedCloud,
  simulatedCloud,
  simulatePipeline,
  virtualClock,
  type VirtualClock,
} from "../src/index.ts";

interface Bed {
  readonly clock: VirtualClock;
  readonly cloud: SimulatedCloud;
  readonly cluster: Cluster;
  readonly delivery: Delivery;
  readonly start: (release?: string) => Promise<RunHandle>;
  readonly groups: () => readonly string[];
}

const comparing = canary({
  steps: [
    { weight: 10, hold: "1m" },
    { weight: 40, hold: "5m" },
  ],
  baseline: true,
});

function bed(
  traffic: "weighted" | "proportional" = "weighted",
  worn: (provider: Provider) => Provider = (provider) => provider,
): Bed {
  const clock = virtualClock();
  const cloud = simulatedCloud({ clock });
  cloud.behaviour(() => ({ bootMs: 30_000 }));
  const provider = worn(cloud.provider({ traffic }));
  const cluster = provider.cluster("shop");
  cloud.seed(cluster, [{ size: 10, share: 100, release: { image: "v1" } }]);
  const delivery = createDelivery({ engine: memory(), clock, providers: [provider] });
  return {
    clock,
    cloud,
    cluster,
    delivery,
    start: (release = "v2") =>
      clock.drive(delivery.deploy({ cluster, release: { image: release }, strategy: comparing })),
    groups: () =>
      cloud
        .world(cluster)
        .groups.map(
          ({ name, release, desired, share }) =>
            `${name} ${(release as { image: string }).image} × ${desired} ${share} %`,
        ),
  };
}

/** Until a phase was reached; what has happened so far. */
async function reached({ clock, delivery }: Bed, phase: string): Promise<void> {
  let there = false;
  const off = delivery.on("rollout-phase-reached", (event) => {
    there ||= event.phase === phase;
  });
  await clock.runUntil(() => there);
  off();
}

async function eventsOf({ clock }: Bed, run: RunHandle): Promise<readonly Event[]> {
  const events: Event[] = [];
  const read = async (): Promise<void> => {
    for await (const event of run.events()) events.push(event);
  };
  await clock.drive(read());
  return events;
}

it("runs what stable runs, as large as the candidate and with as much traffic, until the cut-over", async () => {
  const lab = bed();
  const run = await lab.start();
  await reached(lab, "canary 10 %");
  expect(lab.groups()).toEqual(["shop-v001 v1 × 10 80 %", "shop-v002 v2 × 1 10 %", "shop-v003 v1 × 1 10 %"]);
  await reached(lab, "canary 40 %");
  expect(lab.groups()).toEqual(["shop-v001 v1 × 10 20 %", "shop-v002 v2 × 4 40 %", "shop-v003 v1 × 4 40 %"]);
  const [stage] = (await lab.clock.drive(run.state())).stages;
  expect(stage?.rollout).toMatchObject({
    stable: "shop-v001",
    candidate: "shop-v002",
    baseline: "shop-v003",
  });
  expect(await lab.clock.drive(run.outcome())).toBe("succeeded");
  expect(lab.groups()).toEqual(["shop-v001 v1 × 0 0 %", "shop-v002 v2 × 10 100 %"]);
  const events = await eventsOf(lab, run);
  const last = events.findLast((event) => event.type === "rollout-observed");
  expect(last?.groups.map(({ role }) => role)).toEqual(["stable", "candidate"]);
  const seen = events.flatMap((event) =>
    event.type === "rollout-baseline-found" || event.type === "rollout-baseline-gone" ? [event.type] : [],
  );
  expect(seen).toEqual(["rollout-baseline-found", "rollout-baseline-gone"]);
});

it("has equal counts where shares follow them", async () => {
  const lab = bed("proportional");
  const run = await lab.start();
  await reached(lab, "canary 40 %");
  expect(lab.groups()).toEqual(["shop-v001 v1 × 2 20 %", "shop-v002 v2 × 4 40 %", "shop-v003 v1 × 4 40 %"]);
  expect(await lab.clock.drive(run.outcome())).toBe("succeeded");
  expect(lab.groups()).toEqual(["shop-v001 v1 × 0 0 %", "shop-v002 v2 × 10 100 %"]);
});

it.each(["weighted", "proportional"] as const)(
  "is removed on the way back of %s traffic",
  async (traffic) => {
    const lab = bed(traffic);
    const run = await lab.start();
    await reached(lab, "canary 40 %");
    await lab.clock.drive(run.cancel({ reason: "errors" }));
    expect(await lab.clock.drive(run.outcome())).toBe("cancelled");
    expect(lab.groups()).toEqual(["shop-v001 v1 × 10 100 %"]);
  },
);

describe("a baseline that falls ill", () => {
  it("gives its traffic to stable, is reported, and leads back only when its phase was not met in time", async () => {
    const lab = bed();
    const run = await lab.start();
    await reached(lab, "canary 40 %");
    lab.cloud.sicken(lab.cluster, "shop-v003");
    await lab.clock.advance(60_000);
    expect(lab.groups()).toEqual(["shop-v001 v1 × 10 60 %", "shop-v002 v2 × 4 40 %", "shop-v003 v1 × 4 0 %"]);
    expect((await lab.clock.drive(run.state())).stages[0]?.rollout?.direction).toBe("forward");
    expect(await lab.clock.drive(run.outcome())).toBe("rolled-back");
    expect(lab.groups()).toEqual(["shop-v001 v1 × 10 100 %"]);
    const events = await eventsOf(lab, run);
    expect(events.find((event) => event.type === "rollout-phase-lost")?.reason).toMatch(
      /^the baseline shop-v003 is not healthy \(/,
    );
    expect(events.find((event) => event.type === "rollout-turned-back")?.reason).toMatch(
      /^canary 40 % was not done within 10 m \(the baseline shop-v003 is not healthy/,
    );
  });

  it("gets its traffic back when it heals, and the step is held anew", async () => {
    const lab = bed();
    const run = await lab.start();
    await reached(lab, "canary 40 %");
    lab.cloud.sicken(lab.cluster, "shop-v003");
    await lab.clock.advance(60_000);
    const again = reached(lab, "canary 40 %");
    lab.cloud.heal(lab.cluster, "shop-v003");
    await again;
    const healed = lab.clock.now();
    expect(lab.groups()).toContain("shop-v003 v1 × 4 40 %");
    await reached(lab, "full");
    expect(lab.clock.now() - healed).toBeGreaterThanOrEqual(5 * 60_000);
    expect(await lab.clock.drive(run.outcome())).toBe("succeeded");
  });
});

describe("a run that was stopped by force", () => {
  it("says that its baseline is left, which is never stable or a target of an undo, and goes with the next deploy", async () => {
    const lab = bed();
    const run = await lab.start();
    await reached(lab, "canary 40 %");
    await lab.clock.drive(run.cancel({ mode: "forced" }));
    await lab.clock.drive(run.outcome());
    expect((await lab.clock.drive(run.state())).left).toEqual([
      'stage "deploy": shop has candidate shop-v002 and baseline shop-v003 beside shop-v001',
    ]);
    const { cluster, delivery, clock } = lab;
    const input = { cluster, release: { image: "v3" }, strategy: redBlack({ keep: 3 }) };
    const next = await clock.drive(delivery.deploy(input));
    expect(await clock.drive(next.outcome())).toBe("succeeded");
    // Of two groups with 40 % the baseline is the newer one; it counts for nothing.
    expect((await clock.drive(next.state())).stages[0]?.output).toMatchObject({ previous: "shop-v002" });
    expect(lab.groups()).toEqual(["shop-v001 v1 × 0 0 %", "shop-v002 v2 × 0 0 %", "shop-v004 v3 × 4 100 %"]);
    const targets = await clock.drive(delivery.undoTargets(cluster));
    expect(targets.map(({ group }) => group)).toEqual(["shop-v002", "shop-v001"]);
  });
});

describe("is refused before anything is changed", () => {
  it("where the provider does not tell what stable runs", async () => {
    const lab = bed("weighted", (provider) => ({
      ...provider,
      observe: async (...args) => {
        const state = await provider.observe(...args);
        return { ...state, groups: state.groups.map(({ release: _, ...group }) => group) };
      },
    }));
    const run = await lab.start();
    expect(await lab.clock.drive(run.outcome())).toBe("failed");
    const events = await eventsOf(lab, run);
    expect(JSON.stringify(events.find((event) => event.type === "stage-failed"))).toContain(
      "baseline: simulated:account/virtual/shop does not tell which release shop-v001 runs",
    );
    expect(lab.cloud.history).toEqual([]);
  });

  it("where stable's release can no longer be started", async () => {
    const lab = bed();
    lab.cloud.behaviour((release) =>
      (release as { image: string }).image === "v1" ? { invalid: ["image v1 was deleted"] } : {},
    );
    const input = { cluster: lab.cluster, release: { image: "v2" }, strategy: comparing };
    const plan = await lab.clock.drive(lab.delivery.plan(deploy, input));
    expect(plan.problems).toEqual([
      'stage "deploy"  baseline: the release of shop-v001: image v1 was deleted',
    ]);
    const run = await lab.start();
    expect(await lab.clock.drive(run.outcome())).toBe("failed");
    expect(lab.cloud.history).toEqual([]);
  });
});

it("is foretold with its sizes and shares", async () => {
  const lab = bed();
  const input = { cluster: lab.cluster, release: { image: "v2" }, strategy: comparing };
  const plan = await lab.clock.drive(lab.delivery.plan(deploy, input));
  expect(dryRunText(plan).split("\n").slice(2, 9)).toMatchInlineSnapshot(`
    [
      " stage    phase         what happens                                                                                                            from       takes       serving ≥   running ≤",
      " deploy   canary 10 %   create the candidate × 1, create the baseline × 1, 80 % to shop-v001, 10 % to shop-v002, 10 % to shop-v003, holds 1 m   00:00:00   ~1 m 30 s   10          12",
      "          canary 40 %   shop-v002 × 4, shop-v003 × 4, 20 % to shop-v001, 40 % to shop-v002, 40 % to shop-v003, holds 5 m                        00:01:30   ~5 m 30 s   10          18",
      "          full          shop-v002 × 10, 100 % to shop-v002, destroy shop-v003                                                                   00:07:00   ~30 s       10          24",
      "          retire        shop-v001 × 0                                                                                                           00:07:30   ~1 s        10          20",
      "",
      " way back   deploy: up to the end of full: 100 % to shop-v001, destroy shop-v002, destroy shop-v003",
    ]
  `);
  expect(plan.stages[0]?.rollout?.phases[1]?.groups).toEqual([
    { name: "shop-v001", role: "stable", desired: 10, share: 20 },
    { name: "shop-v002", role: "candidate", desired: 4, share: 40 },
    { name: "shop-v003", role: "baseline", desired: 4, share: 40 },
  ]);
});

it(
  "is found again, goes on and is gone, whatever crashes and fails on the way",
  { timeout: 60_000 },
  async () => {
    const cluster: Cluster = { provider: "simulated", account: "prod", location: "shop", name: "shop-api" };
    const ship = pipeline("ship").stage("prod", deploy, () => ({
      cluster,
      release: "v2",
      strategy: comparing,
    }));
    const ends = new Set<string | undefined>();
    for (let seed = 1; seed <= 60; seed += 1) {
      const told = await simulatePipeline(ship, {
        input: null,
        clusters: [{ cluster, groups: [{ size: 3, share: 100, release: "v1" }] }],
        seed,
        crashes: 4,
        faults: {
          slowBoot: 0.1,
          dyingInstance: 0.1,
          lostCommand: 0.05,
          lostAnswer: 0.05,
          lateCommand: 0.05,
          staleRead: 0.05,
          autoscaler: 0.05,
        },
        people: { cancel: 0.1, forcedCancel: 0.05, pause: 0.1, promote: 0.1 },
        providers: [{ name: "simulated", supports: worldOf(seed) }],
      });
      expect({ seed, violations: told.violations }).toEqual({ seed, violations: [] });
      ends.add(told.outcome);
    }
    expect([...ends]).toEqual(expect.arrayContaining(["succeeded", "rolled-back", "cancelled"]));
  },
);

function worldOf(seed: number): {
  readonly traffic: "weighted" | "proportional";
  readonly fencing: "refuse" | "drain";
  readonly conditions: true;
  readonly createOnce: boolean;
  readonly watch: boolean;
} {
  return {
    traffic: seed % 2 === 0 ? "weighted" : "proportional",
    fencing: seed % 5 === 0 ? "drain" : "refuse",
    conditions: true,
    createOnce: seed % 3 === 0,
    watch: seed % 7 !== 0,
  };
}
