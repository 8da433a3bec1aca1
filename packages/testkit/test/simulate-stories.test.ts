// Pipelines with everything in them, on the real engine, in virtual time, with crashes, faults and people.
import {
  defineStage,
  deploy,
  judgement,
  pipeline,
  runPipeline,
  type StageContext,
  wait,
  waves,
} from "@gennaker/core";
import type { Cluster } from "@gennaker/core/ports";
import { redBlack } from "@gennaker/strategies";
import { expect, it } from "vitest";
import {
  type PipelineSimulation,
  type SimulatedPipeline,
  simulatePipeline,
  type StageWorld,
} from "../src/index.ts";

const cluster = (name: string): Cluster => ({
  provider: "kubernetes",
  account: "prod",
  location: "shop",
  name,
});
const [api, web] = [cluster("shop-api"), cluster("shop-web")];
const running = [{ size: 3, share: 100, release: { image: "v1" } }];
const clusters = [
  { cluster: api, groups: running },
  { cluster: web, groups: running },
];
const FAULTS = {
  slowBoot: 0.1,
  neverHealthy: 0.2,
  dyingInstance: 0.1,
  lostCommand: 0.05,
  lostAnswer: 0.05,
  throttled: 0.05,
};
const PEOPLE = { pause: 0.2, cancel: 0.2, forcedCancel: 0.1, promote: 0.2, skip: 0.3, retry: 0.7 };

const check = defineStage({ type: "check", run: async (_: StageContext<null>): Promise<null> => null });
const strategy = redBlack({ soak: "5m" });
const promote = pipeline<{ image: string }>("promote", { timeout: "20h" })
  .stage("lint", check, () => null, { onFailure: "continue", retry: { attempts: 2, delay: "10s" } })
  .stage("smoke", check, () => null, { after: [], timeout: "1m", skippable: true, onFailure: "ignore" })
  .stage("api", deploy, ({ input }) => ({ cluster: api, release: input, strategy }), {
    after: ["lint", "smoke"],
  })
  .stage("web", deploy, ({ input }) => ({ cluster: web, release: input, strategy }), {
    after: ["lint"],
    timeout: "6m",
    when: ({ input }) => input.image !== "api-only",
  })
  .stage("rest", wait, () => ({ for: "2h" }), { after: ["api", "web"], skippable: true })
  .stage("go?", judgement, () => ({ roles: ["qa"], timeout: "1d" }))
  .stage("verify", check, () => null, { onFailure: "fail-branch" })
  .onFailure("page", check, () => null)
  .onFailure("restore", deploy, () => ({ cluster: api, release: { image: "v1" }, strategy }), {
    clears: ["verify"],
    undoes: true,
  })
  .finally("report", check, () => null, { timeout: "10m" });

const trouble = (probability: number) => async (_: unknown, world: StageWorld) => {
  await world.sleep("30s");
  if (world.chance(probability)) throw Object.assign(new Error("no luck"), { retryable: world.chance(0.5) });
  return null;
};
const wild: PipelineSimulation<{ image: string }, { readonly [stage: string]: null }> = {
  input: { image: "v2" },
  clusters,
  crashes: 3,
  faults: FAULTS,
  people: PEOPLE,
  stages: {
    lint: trouble(0.3),
    smoke: trouble(0.2),
    verify: trouble(0.3),
    page: trouble(0.1),
    report: trouble(0.1),
  },
};
const simulated = (seed: number): Promise<SimulatedPipeline> => simulatePipeline(promote, { ...wild, seed });
const typesIn = ({ events }: SimulatedPipeline): string[] => events.map(({ type }) => type);

it("holds every invariant through failures, conditions, time limits, skips, retries and clearing up", async () => {
  const outcomes = new Map<string | undefined, number>();
  const seen = new Set<string>();
  for (let seed = 1; seed <= 80; seed += 1) {
    const told = await simulated(seed);
    expect({ seed, violations: told.violations.map(({ message }) => message) }).toEqual({
      seed,
      violations: [],
    });
    outcomes.set(told.outcome, (outcomes.get(told.outcome) ?? 0) + 1);
    for (const type of typesIn(told)) seen.add(type);
  }
  expect([...outcomes.keys()]).toEqual(
    expect.arrayContaining(["cancelled", "failed", "rolled-back", "succeeded"]),
  );
  expect([...seen]).toEqual(
    expect.arrayContaining([
      "run-retried",
      "stage-bypassed",
      "stage-timed-out",
      "stage-retried",
      "run-timed-out",
    ]),
  );
}, 120_000);

const migrate = pipeline<{ image: string }>("migrate")
  .stage("apply", check, () => null, { timeout: "10m" })
  .stage("dba?", judgement, () => ({ roles: ["dba"], timeout: "1d" }))
  .finally("unlock", check, () => null);
const audit = pipeline("audit").stage("audit", check, () => null);
const everywhere = pipeline<{ image: string }>("everywhere", { timeout: "10d" })
  .stage("database", runPipeline(migrate, { returns: () => "done" }), ({ input }) => input, { timeout: "2d" })
  .use(
    waves("regions", {
      waves: [["api"], (input: { image: string }) => (input.image === "" ? [] : ["web"])],
      deploy: ({ input, item }) => ({ cluster: item === "api" ? api : web, release: input, strategy }),
      gate: { type: judgement, input: () => ({ roles: ["qa"], timeout: "1d" }) },
    }),
  )
  .expand(
    "verify",
    ({ outputs }) => (outputs.database.returned === "done" ? ["api", "web"] : []),
    check,
    () => null,
    { onFailure: "continue" },
  )
  .stage("then audit", runPipeline(audit, { wait: false }), () => null);

it("holds every invariant through runs below runs, lists, and waves that come back together", async () => {
  const outcomes = new Set<string | undefined>();
  const seen = new Set<string>();
  let below = 0;
  for (let seed = 1; seed <= 80; seed += 1) {
    const told = await simulatePipeline(everywhere, {
      input: { image: "v2" },
      clusters,
      crashes: 3,
      faults: FAULTS,
      people: { ...PEOPLE, cancel: 0.1, forcedCancel: 0.05 },
      stages: { apply: trouble(0.1), unlock: trouble(0.05), verify: trouble(0.2), audit: trouble(0.2) },
      seed,
    } as PipelineSimulation<{ image: string }>);
    expect({ seed, violations: told.violations.map(({ message }) => message) }).toEqual({
      seed,
      violations: [],
    });
    outcomes.add(told.outcome);
    below += told.below.length;
    for (const { type } of [...told.events, ...told.below.flatMap(({ events }) => events)]) seen.add(type);
  }
  expect([...outcomes]).toEqual(expect.arrayContaining(["cancelled", "failed", "rolled-back", "succeeded"]));
  expect([...seen]).toEqual(expect.arrayContaining(["plan-expanded", "stage-run-started", "run-retried"]));
  expect(below).toBeGreaterThan(80);
}, 120_000);
