import {
  type Cluster,
  defineStage,
  deploy,
  judgement,
  pipeline,
  type StageContext,
  wait,
} from "@gennaker/core";
import type { Supports } from "@gennaker/core/ports";
import { canary, redBlack } from "@gennaker/strategies";
import { describe, expect, it } from "vitest";
import {
  type PipelineSimulation,
  type SimulatedPipeline,
  simulatePipeline,
  type StageWorld,
} from "../src/index.ts";
import {
  withoutAnswers,
  withoutDestroy,
  withoutFencing,
  withoutKeys,
  withoutLeases,
  withoutPermits,
  withoutReleases,
  withoutTimers,
} from "./simulate-broken.ts";

const cluster = (name: string, account = "prod"): Cluster => ({
  provider: "kubernetes",
  account,
  location: "shop",
  name,
});
const api = cluster("shop-api");
const web = cluster("shop-web", "staging");
const three = { cluster: api, groups: [{ size: 3, share: 100, release: { image: "v1" } }] };
const ALL = {
  slowBoot: 0.1,
  neverHealthy: 0.1,
  dyingInstance: 0.1,
  lostCommand: 0.05,
  lostAnswer: 0.05,
  lateCommand: 0.05,
  throttled: 0.05,
  staleRead: 0.05,
  conflict: 0.05,
};

const smokeTest = defineStage({
  type: "smoke-test",
  retry: { attempts: 3 },
  run: async (_: StageContext<{ url: string }>): Promise<{ status: number }> => {
    throw new Error("the real world was called");
  },
});
const promote = pipeline<{ image: string }>("promote")
  .stage("smoke", smokeTest, () => ({ url: "https://shop.example" }))
  .stage("rest", wait, () => ({ for: "2h" }))
  .stage("go?", judgement, () => ({ roles: ["qa"], timeout: "2d" }))
  .stage("prod", deploy, ({ input }) => ({
    cluster: api,
    release: input,
    strategy: redBlack({ soak: "10m" }),
  }));
const ship = pipeline<{ image: string }>("ship").stage("prod", deploy, ({ input }) => ({
  cluster: api,
  release: input,
  strategy: redBlack({ soak: "10m" }),
  onBusy: "queue",
}));

const calm: PipelineSimulation<{ image: string }, { smoke: { status: number } }> = {
  input: { image: "v2" },
  clusters: [three],
  answers: { "go?": "pass" },
  stages: { smoke: () => ({ status: 200 }) },
};
const simulatePromote = (more: Partial<typeof calm> = {}): Promise<SimulatedPipeline> =>
  simulatePipeline(promote, { ...calm, ...more });
const broken = ({ violations }: SimulatedPipeline): string[] => [
  ...new Set(violations.map(({ invariant }) => invariant)),
];
const groupsOf = ({ groups }: SimulatedPipeline): string[] =>
  groups.map(({ name, healthy, desired, share }) => `${name} ${healthy}/${desired} ${share} %`);

it("runs a pipeline as it is, with its waits and questions, in no time", async () => {
  const told = await simulatePromote();
  expect(told).toMatchObject({ outcome: "succeeded", violations: [], crashes: 0, faults: 0, seed: 1 });
  expect(told.virtualMs).toBeGreaterThan(7_200_000 + 300_000 + 600_000);
  expect(groupsOf(told)).toEqual(["shop-api-v001 0/0 0 %", "shop-api-v002 3/3 100 %"]);
});

it("tells the same story for the same seed, and another one for another", async () => {
  const wild = { faults: ALL, crashes: 3, people: { pause: 0.5, promote: 0.5 } };
  const [first, again, other] = await Promise.all(
    [7, 7, 8].map((seed) => simulatePromote({ ...wild, seed })),
  );
  expect(again?.trace).toBe(first?.trace);
  expect(other?.trace).not.toBe(first?.trace);
});

it("kills the process so often as it was told, and the run ends as it would have", async () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const { outcome, violations, crashes } = await simulatePromote({ seed, crashes: 2 });
    expect({ seed, outcome, violations }).toEqual({ seed, outcome: "succeeded", violations: [] });
    expect(crashes).toBeLessThanOrEqual(2);
  }
});

it("holds every invariant through faults, crashes and people", async () => {
  const people = { pause: 0.3, cancel: 0.2, forcedCancel: 0.1, promote: 0.3 };
  const { answers: _, ...bySeed } = calm;
  const outcomes = new Set<string | undefined>();
  let crashes = 0;
  let faults = 0;
  for (let seed = 1; seed <= 150; seed += 1) {
    const told = await simulatePipeline(promote, { ...bySeed, seed, faults: ALL, crashes: 3, people });
    expect({ seed, violations: told.violations }).toEqual({ seed, violations: [] });
    outcomes.add(told.outcome);
    crashes += told.crashes;
    faults += told.faults;
  }
  expect([...outcomes]).toEqual(expect.arrayContaining(["cancelled", "failed", "rolled-back", "succeeded"]));
  expect(crashes).toBeGreaterThan(100);
  expect(faults).toBeGreaterThan(100);
});

it("lets two pipelines race for a cluster, one after the other", async () => {
  for (let seed = 1; seed <= 30; seed += 1) {
    const beside = [{ pipeline: { ...ship, name: "hotfix" }, input: { image: "v3" }, after: "1m" as const }];
    const told = await simulatePipeline(ship, {
      input: { image: "v2" },
      clusters: [three],
      beside,
      seed,
      crashes: 2,
    });
    expect({ seed, violations: told.violations }).toEqual({ seed, violations: [] });
    expect([told.outcome, told.beside[0]?.outcome]).toEqual(["succeeded", "succeeded"]);
    expect(groupsOf(told).at(-1)).toBe("shop-api-v003 3/3 100 %");
  }
});

it("answers for every provider and account that clusters name, a first deploy included", async () => {
  const both = ship.stage("web", deploy, ({ input }) => ({
    cluster: web,
    release: input,
    strategy: redBlack({ size: 2 }),
  }));
  const told = await simulatePipeline(both, { input: { image: "v2" }, clusters: [three, { cluster: web }] });
  expect(told).toMatchObject({ outcome: "succeeded", violations: [] });
  expect(groupsOf(told)).toContain("shop-web-v001 2/2 100 %");
});

it("takes over what a real provider can do", async () => {
  const supports: Supports = {
    traffic: "switch",
    fencing: "drain",
    conditions: false,
    createOnce: false,
    watch: false,
  };
  const told = await simulatePipeline(ship, {
    input: { image: "v2" },
    clusters: [three],
    providers: [{ name: "kubernetes", supports }],
  });
  const planned = told.events.find(({ type }) => type === "rollout-planned");
  expect(told).toMatchObject({ outcome: "succeeded", violations: [] });
  expect(planned).toMatchObject({ traffic: "switch" });
});

it("lets releases behave as they are told to", async () => {
  const told = await simulatePipeline(ship, {
    input: { image: "bad" },
    clusters: [three],
    behaviour: (release) => ({ neverHealthy: JSON.stringify(release).includes("bad") }),
  });
  expect(told).toMatchObject({ outcome: "rolled-back", violations: [] });
  expect(groupsOf(told)).toEqual(["shop-api-v001 3/3 100 %"]);
});

it("gives a stand-in virtual time and chance, and repeats it after a crash with the same key", async () => {
  const keys = new Set<string>();
  let calls = 0;
  for (let seed = 1; seed <= 30; seed += 1) {
    const told = await simulatePromote({
      seed,
      crashes: 4,
      stages: {
        async smoke({ idempotencyKey, signal }, world) {
          calls += 1;
          keys.add(`${seed} ${idempotencyKey}`);
          await world.sleep("30s", signal);
          return { status: world.chance(0.5) ? 200 : 204 };
        },
      },
    });
    expect(told).toMatchObject({ outcome: "succeeded", reason: undefined, violations: [] });
  }
  expect(keys.size).toBe(30);
  expect(calls).toBeGreaterThan(30);
});

it("asks again when an answer was inconclusive, and waits in vain for nobody", async () => {
  const told = await simulatePromote({
    answers: { "go?": ["inconclusive", { verdict: "fail", after: "1h" }] },
  });
  expect(told.outcome).toBe("failed");
  expect(told.reason).toMatch(/judged it a fail/);
  const alone = await simulatePromote({ answers: { "go?": "nobody" } });
  expect(alone.reason).toMatch(/nobody of qa answered in time/);
});

it("says which clusters and stand-ins are missing or unknown", async () => {
  await expect(simulatePromote({ clusters: [] })).rejects.toThrow("name every cluster");
  await expect(simulatePromote({ clusters: [{ cluster: cluster("other") }] })).rejects.toThrow(
    'stage "prod" deploys to kubernetes:prod/shop/shop-api: add it to clusters',
  );
  await expect(simulatePromote({ stages: { smok: () => 1, prod: () => 1 } as never })).rejects.toThrow(
    /no stage is called "smok"[^]*"prod" is a deploy/,
  );
});

describe("every planted bug is reported:", () => {
  const beside = [{ pipeline: { ...ship, name: "hotfix" }, input: { image: "v3" }, after: "30s" as const }];
  const slow = {
    stages: {
      async smoke(_: unknown, world: StageWorld) {
        await world.sleep("3m");
        return { status: 200 };
      },
    },
  };
  const rows: readonly (readonly [string, string, (seed: number) => Promise<SimulatedPipeline>])[] = [
    [
      "an engine that forgets leases",
      "lands-once",
      (seed) => simulatePromote({ ...slow, seed, engine: withoutLeases, people: { forcedCancel: 1 } }),
    ],
    [
      "an engine that forgets who has a cluster",
      "one-rollout-per-cluster",
      (seed) =>
        simulatePipeline(ship, {
          input: { image: "v2" },
          clusters: [three],
          seed,
          engine: withoutPermits,
          beside,
        }),
    ],
    [
      "an engine that forgets timers",
      "every-run-ends",
      (seed) => simulatePromote({ seed, engine: withoutTimers }),
    ],
    [
      "an engine that forgets answers",
      "acknowledged-is-recorded",
      (seed) => simulatePromote({ seed, engine: withoutAnswers }),
    ],
    [
      "a provider that forgets keys",
      "one-key-one-group",
      (seed) => simulatePromote({ seed, provider: withoutKeys, providers: [forgetful] }),
    ],
    [
      "a provider without fencing",
      "one-rollout-per-cluster",
      (seed) =>
        simulatePipeline(ship, {
          input: { image: "v2" },
          clusters: [three],
          seed,
          provider: withoutFencing,
          beside,
        }),
    ],
    [
      "a provider that destroys nothing",
      "rolled-back-as-before",
      (seed) =>
        simulatePromote({ seed, provider: withoutDestroy, behaviour: () => ({ neverHealthy: true }) }),
    ],
    [
      "a provider that starts another release than it was given",
      "baseline-is-comparison",
      (seed) =>
        simulatePipeline(compare, { input: null, clusters: [three], seed, provider: withoutReleases }),
    ],
    [
      "a provider that leaves baselines behind",
      "baseline-is-comparison",
      (seed) => simulatePipeline(compare, { input: null, clusters: [three], seed, provider: withoutDestroy }),
    ],
    [
      "a strategy that goes on with less than it had",
      "serving-capacity",
      (seed) =>
        simulatePipeline(
          pipeline("small").stage("prod", deploy, () => ({
            cluster: api,
            release: "v2",
            strategy: redBlack({ size: 1 }),
          })),
          { input: null, clusters: [three], seed },
        ),
    ],
  ];
  const compare = pipeline("compare").stage("prod", deploy, () => ({
    cluster: api,
    release: "v2",
    strategy: canary({ steps: [25], baseline: true }),
  }));
  const forgetful = {
    name: "kubernetes",
    supports: { traffic: "weighted", fencing: "refuse", conditions: true, createOnce: false, watch: false },
  } as const;

  it.for(rows)("%s", { timeout: 60_000 }, async ([, invariant, simulated]) => {
    const found = new Set<string>();
    let trace = "";
    for (let seed = 1; seed <= 20 && !found.has(invariant); seed += 1) {
      const told = await simulated(seed);
      for (const name of broken(told)) found.add(name);
      trace = told.violations[0]?.trace ?? "";
    }
    expect([...found]).toContain(invariant);
    expect(trace).toMatch(/run-1/);
  });
});

it("has as many people approve as it takes, and choose", async () => {
  const several = pipeline("several").stage("go?", judgement, () => ({
    roles: ["qa"],
    approvals: 3,
    choices: ["eu", "us"],
  }));
  const asked = { input: null, clusters: [three] };
  const told = await simulatePipeline(several, {
    ...asked,
    answers: { "go?": { verdict: "pass", choice: "us" } },
  });
  expect(told).toMatchObject({ outcome: "succeeded", violations: [] });
  for (let seed = 1; seed <= 20; seed += 1) {
    const { outcome, violations } = await simulatePipeline(several, { ...asked, seed, crashes: 2 });
    expect({ seed, violations }).toEqual({ seed, violations: [] });
    expect(["succeeded", "failed"]).toContain(outcome);
  }
});
