// A plan is only worth something when what happens then is what it said.
import {
  type Cluster,
  createDelivery,
  defineCheck,
  defineStage,
  type Delivery,
  deploy,
  dryRunMermaid,
  dryRunText,
  type Event,
  type GroupForecast,
  judgement,
  memory,
  pipeline,
  wait,
} from "@gennaker/core";
import { canary, highlander, redBlack, rolling, rollingRedBlack } from "@gennaker/strategies";
import { describe, expect, it } from "vitest";
import { type SimulatedCloud, simulatedCloud, virtualClock, type VirtualClock } from "../src/index.ts";

function bed(
  traffic: "weighted" | "proportional" | "switch" = "weighted",
  size = 3,
): {
  clock: VirtualClock;
  cloud: SimulatedCloud;
  cluster: Cluster;
  delivery: Delivery;
} {
  const clock = virtualClock(Date.UTC(2026, 10, 21, 14, 2, 11));
  const cloud = simulatedCloud({ clock });
  cloud.behaviour(() => ({ bootMs: 38_000 }));
  const provider = cloud.provider({ traffic });
  const cluster = provider.cluster("shop-api");
  cloud.seed(cluster, [{ size, share: 100, release: "v1" }]);
  const delivery = createDelivery({ engine: memory(), clock, providers: [provider] });
  return { clock, cloud, cluster, delivery };
}

const phasesOf = (events: readonly Event[]): string[] =>
  events.flatMap((event) => (event.type === "rollout-phase-started" ? [event.phase] : []));
const commandsOf = (events: readonly Event[]): string[] =>
  events.flatMap((event) => (event.type === "rollout-command-sent" ? [event.body.do] : []));

const sizeAndShare = ({ name, desired, share }: Omit<GroupForecast, "role">): object => ({
  name,
  desired,
  share,
});

const errors = defineCheck({ name: "error-rate", run: () => ({ verdict: "pass" }) });
const strategies = [
  redBlack({ soak: "10m" }),
  redBlack({ soak: "1m", scaleDownDelay: "5m", keepWarm: 1 }),
  redBlack({ size: 5, keep: 0 }),
  highlander({ soak: "30s" }),
  rollingRedBlack({ percentages: [10, 50], pause: "1m", keepWarm: 1 }),
  rollingRedBlack({ percentages: [100], soak: "1m" }),
  rolling({ pause: "10s", soak: "1m" }),
  rolling({ maxSurge: 0 }),
  rolling({ maxSurge: "100%", maxUnavailable: 1, keep: 0 }),
  canary({ steps: [5, { weight: 25, hold: "10m" }], soak: "1m" }),
  canary({ steps: [{ weight: 25, size: 50 }] }),
  canary({ steps: [5, { weight: 25, hold: "10m" }], baseline: true }),
  canary({ steps: [10, { weight: 40, baseline: true }, { weight: 60, hold: "1m" }], soak: "1m" }),
  canary({
    steps: [{ weight: 25, gate: [{ check: errors, times: 3, every: "1m" }, { check: errors }] }],
    analysis: { check: errors, every: "30s" },
  }),
  redBlack({
    gate: { check: errors },
    soak: "1m",
    postPromotion: { check: errors },
    analysis: { check: errors },
  }),
];

describe.for(["weighted", "proportional", "switch"] as const)("%s traffic", (traffic) => {
  it.for(
    strategies
      .filter(({ modes }) => modes.includes(traffic))
      .map((strategy) => ({
        name: `${strategy.name} ${JSON.stringify(strategy.options)}`,
        strategy,
      })),
  )("goes as planned: $name", async ({ strategy }) => {
    const { clock, cloud, cluster, delivery } = bed(traffic);
    const input = { cluster, release: "v2", strategy };
    const plan = await clock.drive(delivery.plan(deploy, input));
    expect(cloud.history).toEqual([]);
    expect(plan.problems).toEqual([]);
    const run = await clock.drive(delivery.deploy(input));
    expect(await clock.drive(run.outcome())).toBe("succeeded");
    const events: Event[] = [];
    for await (const event of run.events()) events.push(event);
    const planned = plan.stages[0]?.rollout?.phases ?? [];
    expect(phasesOf(events)).toEqual(planned.map(({ phase }) => phase));
    expect(commandsOf(events)).toEqual(
      planned.flatMap(({ commands }) => commands.map((command) => command.do)),
    );
    expect(planned.at(-1)?.groups.map(sizeAndShare)).toEqual(cloud.world(cluster).groups.map(sizeAndShare));
  });
});

const SIZES = Array.from({ length: 10 }, (_, index) => index + 1);
const BOUNDS = [
  [1, 0],
  [0, 1],
  [1, 1],
  ["25%", "25%"],
] as const;

describe.for(["weighted", "proportional"] as const)("rolling with %s traffic", (traffic) => {
  it.for(BOUNDS)("keeps to surge %s and unavailable %s at every size", async ([maxSurge, maxUnavailable]) => {
    for (const size of SIZES) {
      const { clock, cluster, delivery } = bed(traffic, size);
      const strategy = rolling({ maxSurge, maxUnavailable });
      const plan = await clock.drive(delivery.plan(deploy, { cluster, release: "v2", strategy }));
      const { outcome, runningPeak = 0, servingLeast = 0 } = plan.stages[0]?.rollout ?? {};
      const count = (value: number | string, round: typeof Math.ceil): number =>
        typeof value === "number" ? value : round(size / 4);
      // At least one serves, and there is always some room.
      const missing = Math.min(size - 1, count(maxUnavailable, Math.floor));
      const surge = count(maxSurge, Math.ceil) || (missing === 0 ? 1 : 0);
      expect(outcome).toBe("succeeded");
      expect(runningPeak).toBeLessThanOrEqual(size + surge);
      // Weights are whole percents, which cannot express thirds.
      expect(Math.ceil(servingLeast)).toBeGreaterThanOrEqual(size - missing);
    }
  });
});

it("says that 3 serve where 2 of 3 get 67 %: shares are whole percents", async () => {
  const { clock, cluster, delivery } = bed();
  const strategy = rolling({ maxSurge: 1 });
  const plan = await clock.drive(delivery.plan(deploy, { cluster, release: "v2", strategy }));
  expect(plan.stages[0]?.rollout?.servingLeast).toBeCloseTo(2.985, 3);
  expect(dryRunText(plan)).toMatch(/batch 1 .* 3 +4$/m);
});

it("plans a step that waits to be promoted, and the rollout goes on when it is", async () => {
  const { clock, cluster, delivery } = bed();
  const strategy = canary({ steps: [{ weight: 25, hold: "until-promoted" }] });
  const plan = await clock.drive(delivery.plan(deploy, { cluster, release: "v2", strategy }));
  expect(dryRunText(plan)).toMatch(
    /canary 25 % .* 75 % to shop-api-v001, 25 % to shop-api-v002, waits to be promoted/,
  );
  const run = await clock.drive(delivery.deploy({ cluster, release: "v2", strategy }));
  const waits = async (): Promise<void> => {
    for await (const event of run.events())
      if (event.type === "rollout-phase-reached" && event.phase === "canary 25 %") return;
  };
  await clock.drive(waits());
  await clock.drive(run.promote("deploy", { actor: "ana" }));
  expect(await clock.drive(run.outcome())).toBe("succeeded");
});

it("learns from the log how long instances take to boot", async () => {
  const { clock, cluster, delivery } = bed();
  const before = await clock.drive(delivery.plan(deploy, { cluster, release: "v2", strategy: redBlack() }));
  expect(before.stages[0]?.boot).toEqual({ bootMs: 30_000, samples: 0 });
  for (const release of ["v2", "v3"]) {
    const run = await clock.drive(delivery.deploy({ cluster, release, strategy: redBlack() }));
    await clock.drive(run.outcome());
  }
  const after = await clock.drive(delivery.plan(deploy, { cluster, release: "v4", strategy: redBlack() }));
  expect(after.stages[0]?.boot?.samples).toBe(2);
  expect(Math.round((after.stages[0]?.boot?.bootMs ?? 0) / 1000)).toBe(38);
});

it("draws a whole pipeline, with what is asked and what nobody can know", async () => {
  const { clock, cluster, delivery } = bed();
  const find = defineStage<null, { tag: string }>({ type: "find", run: () => ({ tag: "v9" }) });
  const promote = pipeline("promote-to-prod")
    .stage("prod", deploy, () => ({ cluster, release: "v2", strategy: redBlack({ soak: "10m" }) }))
    .stage("rest", wait, () => ({ for: "2h" }))
    .stage("good?", judgement, () => ({ roles: ["qa"], timeout: "2d" }))
    .stage("find", find, () => null)
    .stage("next", deploy, ({ outputs }) => ({ cluster, release: outputs.find.tag, strategy: redBlack() }));
  const plan = await clock.drive(delivery.plan(promote, null));
  expect(dryRunText(plan)).toMatchInlineSnapshot(`
    "promote-to-prod · dry run against the clusters as they are at 14:02:11 UTC · nothing was changed

     stage   phase       what happens                                 from       takes   serving ≥   running ≤
     prod    launch      create the candidate × 3                     14:02:11   ~30 s   3           6
             shift       100 % to shop-api-v002                       14:02:41   ~1 s    3           6
             soak        holds 10 m                                   14:02:41   ~10 m   3           6
             retire      shop-api-v001 × 0                            14:12:41   ~1 s    3           6
     rest    wait        waits                                        14:12:41   ~2 h
     good?   judgement   asks qa, times out after 2 d → fail          16:12:41   ?
     find    find        runs                                         16:12:41   ?
     next    deploy      its input depends on what "find" will find   16:12:41   ?

     way back   prod: up to the end of soak: 100 % to shop-api-v001, destroy shop-api-v002
     boot time  30 s, assumed: there is no history of simulated:account/virtual/shop-api
     problems   none"
  `);
  expect(dryRunMermaid(plan)).toMatchInlineSnapshot(`
    "gantt
      title promote-to-prod
      dateFormat x
      axisFormat %H:%M:%S
      section prod
      launch :1795269731000, 30000ms
      shift :1795269761000, 1ms
      soak :1795269761000, 600000ms
      retire :1795270361000, 1ms
      section rest
      wait :1795270361000, 7200000ms
      section good?
      judgement :milestone, 1795277561000, 1ms
      section find
      find :milestone, 1795277561000, 1ms
      section next
      deploy :milestone, 1795277561000, 1ms"
  `);
});

it("lists every problem of every stage, and changes nothing", async () => {
  const { clock, cloud, cluster, delivery } = bed("switch");
  const odd = { ...redBlack(), modes: ["weighted" as const] };
  const broken = pipeline("broken")
    .stage("a", deploy, () => ({ cluster, release: "v2", strategy: odd }), { after: [] })
    .stage(
      "b",
      deploy,
      () => ({ cluster: { ...cluster, provider: "nowhere" }, release: "v2", strategy: redBlack() }),
      {
        after: [],
      },
    )
    .stage("c", wait, () => ({ for: "soon" as never }), { after: [] });
  const plan = await clock.drive(delivery.plan(broken, null));
  expect(plan.problems.map((problem) => problem.slice(0, 60))).toMatchInlineSnapshot(`
    [
      "stage "a"  strategy red-black: needs traffic to be weighted,",
      "stage "b"  cluster: there is no provider "nowhere"; known: s",
      "stage "c"  for: "soon" is not a duration (write "90s", "10m"",
    ]
  `);
  expect(cloud.history).toEqual([]);
});

it("shows what each gate waits for, and what is measured beside the phases", async () => {
  const { clock, cluster, delivery } = bed("weighted", 4);
  const strategy = canary({
    steps: [
      { weight: 25, gate: { check: errors, times: 3, every: "5m" } },
      { weight: 50, hold: { atLatest: "2h" } },
      { weight: 75, gate: { roles: ["qa"], timeout: "1h", onTimeout: "pass" } },
    ],
    analysis: { check: errors, every: "1m" },
  });
  const plan = await clock.drive(delivery.plan(deploy, { cluster, release: "v2", strategy }));
  const text = dryRunText(plan);
  expect(text).toContain("measures error-rate 3 × every 5 m (~10 m)");
  expect(text).toContain("waits to be promoted, at the latest after 2 h");
  expect(text).toContain("asks qa, after 1 h without an answer → pass");
  expect(text).toContain(
    "deploy: error-rate every 1 m, from the first traffic to the point of no return (~12 ×); a fail leads back at once",
  );
  expect(plan.stages[0]?.rollout?.phases[0]).toMatchObject({ holdMs: 0, measuresMs: 600_000 });
  expect(plan.stages[0]?.openEnded).toBe(true);
});

it("says that the code of a check is missing", async () => {
  const { clock, cluster, delivery } = bed();
  const strategy = redBlack({ gate: { check: "load-test" } });
  const plan = await clock.drive(delivery.plan(deploy, { cluster, release: "v2", strategy }));
  expect(plan.problems).toEqual([
    'stage "deploy"  check "load-test" is not registered here: pass it to createDelivery({ checks: […] })',
  ]);
});

it("foresees lists, conditions, ways back by a stage and what always runs; never what clears up", async () => {
  const { clock, cluster, delivery } = bed();
  const said = defineStage({ type: "said", run: () => null });
  const shape = pipeline<{ regions: string[] }>("p")
    .matrix(
      "rest",
      (input) => input.regions,
      wait,
      ({ item }) => ({ for: item === "eu" ? "1h" : "2h" }),
    )
    .expand(
      "pause",
      ({ input }) => input.regions,
      wait,
      () => ({ for: "10m" }),
    )
    .stage("never", said, () => null, { when: ({ input }) => input.regions.length > 5 })
    .stage("api", deploy, () => ({ cluster, release: "v2", strategy: redBlack({ soak: "5m" }) }))
    .onFailure("page", said, () => null)
    .finally("end", wait, () => ({ for: "1m" }));
  const plan = await clock.drive(delivery.plan(shape, { regions: ["eu", "us"] }));
  expect(plan.problems).toEqual([]);
  expect(plan.stages.map(({ stage, startsMs, bypassed }) => [stage, startsMs / 60_000, bypassed])).toEqual([
    ["rest[eu]", 0, undefined],
    ["rest[us]", 0, undefined],
    ["pause", 120, undefined],
    ["pause[eu]", 120, undefined],
    ["pause[us]", 120, undefined],
    ["never", 130, "its condition does not hold"],
    ["api", 130, undefined],
    ["end", expect.any(Number), undefined],
  ]);
  const [api, end] = plan.stages.slice(-2);
  expect(end?.startsMs).toBe((api?.startsMs ?? 0) + (api?.takesMs ?? 0));
  expect(dryRunText(plan)).toContain("passed by: its condition does not hold");
});
