// Goal: a cancel ends a run once, for good, and says so, whatever is under way and wherever the process is killed. Method:
// the real engine against the simulated cloud in virtual time, killed at every point, one at a time.
import {
  type CheckContext,
  createDelivery,
  type Engine,
  memory,
  type MemoryNotifier,
  memoryNotifier,
  pipeline,
  defineCheck,
  defineStage,
  deploy,
  resizeGroup,
  type RunHandle,
  runPipeline,
  wait,
} from "@gennaker/core";
import type { Cluster, Event, IssuedEffect } from "@gennaker/core/ports";
import { redBlack } from "@gennaker/strategies";
import { expect, it } from "vitest";
import { judgeLog } from "../src/simulate/judge-log.ts";
import {
  type KillPoint,
  simulate,
  simulatedCloud,
  type SimulatedCloud,
  type VirtualClock,
  virtualClock,
  watchInvariants,
} from "../src/index.ts";

interface Story {
  /** What is open when somebody cancels. */
  readonly open: "measurement" | "judgement" | "way back";
  /** What is done then, one after the other. */
  readonly modes: readonly ("graceful" | "forced")[];
  readonly kill?: (at: KillPoint) => boolean;
}

interface World {
  readonly clock: VirtualClock;
  readonly cloud: SimulatedCloud;
  readonly cluster: Cluster;
}

interface Told {
  readonly points: number;
  /** The first point after the first cancel was in the log. */
  readonly cancelled: number;
  readonly kills: number;
  readonly outcome: string | undefined;
  readonly reason: string | undefined;
  readonly left: readonly string[];
  readonly tidied: string | undefined;
  readonly problems: readonly string[];
}

/** A red/black from v001 to v002, cancelled in the midst of it. */
async function cancelled(story: Story): Promise<Told> {
  const clock = virtualClock();
  const cloud = simulatedCloud({ clock });
  const cluster = cloud.provider().cluster("shop-api");
  cloud.behaviour((release) => ({
    bootMs: 2000,
    ...(story.open === "way back" && release === "v2" && { sickAfterTrafficMs: 5000 }),
  }));
  cloud.seed(cluster, [{ size: 3, share: 100, release: "v1" }]);
  const watch = watchInvariants(cloud, cluster, { floor: 3 });
  const log = memory();
  const notifier = memoryNotifier();
  let measuring = 0;
  const probe = defineCheck({
    name: "probe",
    run: async ({ sleep }: CheckContext<null>) => {
      measuring += 1;
      await sleep(60_000);
      return { verdict: "pass" };
    },
  });
  const gates = {
    measurement: { gate: { check: probe } },
    judgement: { gate: { roles: ["qa"] } },
    "way back": {},
  };
  const strategy = redBlack({ soak: "1m", ...gates[story.open] });
  const tidy = defineStage({ type: "tidy", run: () => "tidied" as never });
  const ship = pipeline("ship")
    .stage("ship", deploy, () => ({ cluster, release: "v2", strategy }))
    .finally("tidy", tidy, () => null);
  let points = 0;
  let at = Infinity;
  const isOpen = (events: readonly Event[]): boolean =>
    story.open === "measurement"
      ? measuring > 0
      : events.some(
          ({ type }) => type === (story.open === "judgement" ? "judgement-requested" : "rollout-turned-back"),
        );
  // Asks as long as it is not in the log: the process may have died before.
  const person = async (run: RunHandle): Promise<void> => {
    const events = await log.read(run.id, 0, 1000);
    const mode = story.modes[events.filter(({ type }) => type === "run-cancel-requested").length];
    if (mode !== undefined && isOpen(events))
      await run.cancel({ mode, actor: "ana", reason: `${mode}, please` });
  };
  const told = await simulate({
    clock,
    cloud,
    engine: () => log,
    delivery: ({ engine, provider }) =>
      createDelivery({
        engine,
        clock,
        providers: [provider],
        pipelines: [ship],
        notifiers: [notifier],
        checks: [probe],
      }),
    start: (delivery) => delivery.start(ship, null, { idempotencyKey: "ci-1" }),
    kill(point) {
      points = point.index + 1;
      if (point.moment === "before-append" && point.events.includes("run-cancel-requested"))
        at = Math.min(at, point.index);
      return story.kill?.(point) ?? false;
    },
    meanwhile: (run) => void person(run).catch(() => {}),
  });
  const { events, outcome, reason, kills } = told;
  const end = events.find(({ type }) => type === "run-finished");
  const problems = [
    ...judgeLog(events),
    ...watch.violations.map(({ message }) => message),
    ...(end === undefined || events.at(-1) === end ? [] : [`${events.at(-1)?.type} after the end`]),
    ...(await outstanding(log, events[0]?.run ?? "")),
    ...toldOf(notifier, events),
    ...(await afterwards({ clock, cloud, cluster }, log)),
  ];
  const tidied = events.find(
    (event) =>
      "stage" in event && event.stage === "tidy" && /^stage-(succeeded|skipped|cancelled)$/.test(event.type),
  );
  return {
    points,
    cancelled: at,
    kills,
    outcome,
    reason,
    left: (end?.type === "run-finished" && end.left) || [],
    tidied: tidied?.type,
    problems,
  };
}

/** Leases that the log keeps for a run that is over. */
async function outstanding(log: Engine, run: string): Promise<readonly string[]> {
  let effects: readonly IssuedEffect[] = [];
  await log
    .commit(run, 0, (loaded) => {
      effects = loaded?.effects ?? [];
      throw new Error("looked only");
    })
    .catch(() => {});
  return effects.map(({ id }) => `the lease of stage ${id} is left`);
}

/** What the next life of the process says, that has nothing to say; and whether the next deploy has its turn. */
async function afterwards(
  { clock, cloud, cluster }: Pick<World, "clock" | "cloud" | "cluster">,
  log: Engine,
): Promise<readonly string[]> {
  await clock.advance(3_600_000);
  const said: string[] = [];
  const provider = new Proxy(cloud.provider(), {
    get(target, name) {
      if (["claim", "createGroup", "scaleGroup", "setTraffic", "destroyGroup"].includes(String(name)))
        said.push(`${String(name)} after the end`);
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === "function" ? (member.bind(target) as unknown) : member;
    },
  });
  const delivery = createDelivery({ engine: log, clock, providers: [provider] });
  await clock.drive(delivery.ready());
  await clock.advance(3_600_000);
  const late = [...said];
  const next = await clock.drive(delivery.deploy({ cluster, release: "v3", strategy: redBlack() }));
  const outcome = await clock.drive(next.outcome());
  await clock.drive(delivery.close());
  return [...late, ...(outcome === "succeeded" ? [] : [`the next deploy is ${outcome}`])];
}

/** How a person who follows the run in a chat is told of its end: once, with the reason, and with no question open. */
function toldOf(notifier: MemoryNotifier, events: readonly Event[]): readonly string[] {
  const [first] = events;
  const shown = first && notifier.thread(first.run);
  const ends = notifier.told.filter(({ type }) => type === "run-finished").length;
  const open = shown?.questions.filter(({ status }) => status === "open") ?? [];
  const ticks = shown?.ticks.filter(({ over }) => !over) ?? [];
  return [
    ...(ends === 1 ? [] : [`the end was told ${ends} times`]),
    ...(shown?.end?.reason === undefined ? ["the end was told without a reason"] : []),
    ...open.map(({ stage }) => `the question of ${stage} is open after the end`),
    ...ticks.map(({ stage }) => `stage ${stage} is not over in what is shown`),
  ];
}

const LEFT = ['stage "ship": shop-api has candidate shop-api-v002 beside shop-api-v001'];
const forced = { outcome: "cancelled", reason: "forced, please", left: LEFT, tidied: "stage-skipped" };
const graceful = { outcome: "cancelled", reason: "graceful, please", left: [], tidied: "stage-succeeded" };
const sick = "ship: shop-api-v002 became unhealthy (GET /healthz answered 500, 3 of 3 instances)";
const backAnyway = { ...graceful, outcome: "rolled-back", reason: sick };

it.each<[Story["modes"], Story["open"], object]>([
  [["forced"], "measurement", forced],
  [["forced"], "judgement", forced],
  [["forced"], "way back", forced],
  [["graceful"], "measurement", graceful],
  [["graceful"], "judgement", graceful],
  [["graceful"], "way back", backAnyway],
  [["graceful", "forced"], "measurement", forced],
  [["graceful", "forced"], "judgement", forced],
  [["graceful", "forced"], "way back", forced],
])(
  "ends once and for good after a cancel (%j) while there is a %s, wherever the process is killed",
  { timeout: 120_000 },
  async (modes, open, expected) => {
    const calm = await cancelled({ modes, open });
    expect(calm).toMatchObject({ ...expected, problems: [] });
    expect(calm.cancelled).toBeLessThan(calm.points);
    for (let index = 0; index < calm.points; index += 1) {
      const told = await cancelled({ modes, open, kill: (at) => at.index === index });
      expect({ index, ...told }).toMatchObject({ index, ...expected, kills: 1, problems: [] });
    }
  },
);

it("lets go of a failed deploy that watches its cluster, when the run is stopped by force, also after a restart", async () => {
  const clock = virtualClock();
  const cloud = simulatedCloud({ clock });
  cloud.behaviour(() => ({ bootMs: 2000 }));
  const cluster = cloud.provider().cluster("shop-api");
  cloud.seed(cluster, [{ size: 3, share: 100, release: "v1" }]);
  const strategy = redBlack({ soak: "10m", deadline: "1m" });
  const ship = pipeline("ship")
    .stage("ship", deploy, () => ({ cluster, release: "v2", strategy }))
    .stage("meanwhile", wait, () => ({ for: "1d" }), { after: [] });
  const log = memory();
  const delivery = createDelivery({ engine: log, clock, providers: [cloud.provider()] });
  const run = await clock.drive(delivery.start(ship, null));
  let soaking = false;
  let watching = false;
  delivery.on("rollout-phase-started", ({ phase }) => (soaking ||= phase === "soak"));
  delivery.on("rollout-finished", (event) => (watching = event.watching));
  await clock.runUntil(() => soaking);
  cloud.sicken(cluster, "shop-api-v001");
  cloud.sicken(cluster, "shop-api-v002");
  await clock.runUntil(() => watching);
  await clock.drive(run.cancel({ mode: "forced", actor: "ana", reason: "hands off" }));
  expect(await clock.drive(run.outcome())).toBe("failed");
  expect((await run.state()).stages[0]?.rollout?.watching).toBe(false);
  expect((await run.state()).left).toEqual(LEFT);
  expect(await outstanding(log, run.id)).toEqual([]);
  const before = cloud.world(cluster).groups.map(({ name, share }) => `${name} ${share} %`);
  cloud.heal(cluster, "shop-api-v001");
  await clock.advance(600_000);
  await clock.drive(delivery.close());
  const again = createDelivery({ engine: log, clock, providers: [cloud.provider()], pipelines: [ship] });
  await clock.drive(again.ready());
  await clock.advance(600_000);
  expect(cloud.world(cluster).groups.map(({ name, share }) => `${name} ${share} %`)).toEqual(before);
  await clock.drive(again.close());
});

it("says what an operation by hand may have left that was stopped by force, and nothing of one that had not begun", async () => {
  const clock = virtualClock();
  const cloud = simulatedCloud({ clock });
  cloud.behaviour(() => ({ bootMs: 60_000 }));
  const cluster = cloud.provider().cluster("shop-api");
  const other = cloud.provider().cluster("shop-web");
  cloud.seed(cluster, [{ size: 3, share: 100, release: "v1" }]);
  cloud.seed(other, [{ size: 3, share: 100, release: "v1" }]);
  const grow = pipeline("grow")
    .stage("grow", resizeGroup, () => ({ cluster, group: "serving" as const, size: 5 }))
    .stage("grow web", resizeGroup, () => ({ cluster: other, group: "serving" as const, size: 5 }));
  const delivery = createDelivery({ clock, providers: [cloud.provider()] });
  const run = await clock.drive(delivery.start(grow, null));
  await clock.runUntil(() => cloud.world(cluster).groups[0]?.desired === 5);
  await clock.drive(run.cancel({ mode: "forced", actor: "ana" }));
  expect(await clock.drive(run.outcome())).toBe("cancelled");
  expect((await run.state()).left).toEqual([
    'stage "grow": resize of shop-api-v001 in shop-api may be done in part',
  ]);
  await clock.drive(delivery.close());
});

it("says of a run what the runs below it have left, when it is stopped by force", async () => {
  const clock = virtualClock();
  const cloud = simulatedCloud({ clock });
  cloud.behaviour(() => ({ bootMs: 60_000 }));
  const cluster = cloud.provider().cluster("shop-api");
  cloud.seed(cluster, [{ size: 3, share: 100, release: "v1" }]);
  const below = pipeline("below").stage("ship", deploy, () => ({
    cluster,
    release: "v2",
    strategy: redBlack(),
  }));
  const above = pipeline("above").stage("all", runPipeline(below), () => null);
  const delivery = createDelivery({ clock, providers: [cloud.provider()], pipelines: [below] });
  const run = await clock.drive(delivery.start(above, null));
  await clock.runUntil(() => cloud.world(cluster).groups.length === 2);
  await clock.advance(10_000);
  await clock.drive(run.cancel({ mode: "forced", actor: "ana" }));
  expect(await clock.drive(run.outcome())).toBe("cancelled");
  const { left, stages } = await run.state();
  expect(left).toEqual([
    `stage "all": run ${stages[0]?.child}: stage "ship": shop-api has candidate shop-api-v002 beside shop-api-v001`,
  ]);
  await clock.drive(delivery.close());
});
