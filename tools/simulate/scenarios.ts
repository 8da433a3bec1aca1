import {
  type AnyPipeline,
  type CheckResult,
  type Cluster,
  deploy,
  judgement,
  pipeline,
  type Pipeline,
  type Strategy,
  wait,
} from "@gennaker/core";
import type { Supports } from "@gennaker/core/ports";
import { canary, highlander, redBlack, rolling, rollingRedBlack } from "@gennaker/strategies";
import { type Faults, type SimulatedPipeline, simulatePipeline, type StageWorld } from "@gennaker/testkit";
import { api, web } from "./clusters.ts";
import { marksOf } from "./marks.ts";
import { approved, byHand, everywhere, graph, newest, trouble } from "./pipelines.ts";
import { openTicket, ticketAt, TicketDesk } from "./ticket-desk.ts";

/** Everything that can go wrong, often enough to meet. */
const FAULTS: Faults = {
  slowBoot: 0.1,
  neverHealthy: 0.1,
  dyingInstance: 0.1,
  lostCommand: 0.05,
  lostAnswer: 0.05,
  lateCommand: 0.05,
  throttled: 0.05,
  staleRead: 0.05,
  conflict: 0.05,
  autoscaler: 0.05,
};
const PEOPLE = { pause: 0.2, cancel: 0.15, forcedCancel: 0.05, promote: 0.2 };
// All that people can do to a run: cancelled less often, so that runs get far.
const MORE = { ...PEOPLE, cancel: 0.1, forcedCancel: 0.05, skip: 0.3, retry: 0.6, override: 0.3 };
const CRASHES = 3;

const three = { size: 3, share: 100, release: "v1" };

/** What one seed came to. */
export interface Told {
  readonly crashes: number;
  readonly faults: number;
  readonly virtualMs: number;
  readonly outcome: string;
  /** What came to pass in some run of it: kinds of events, and types of stages with how they ended. */
  readonly marks: readonly string[];
  readonly violations: readonly {
    readonly invariant: string;
    readonly message: string;
    readonly trace: string;
  }[];
}

/** Every seed tells one of these stories, in a world of one of these kinds. */
export const SCENARIOS: Readonly<Record<string, (seed: number) => Promise<Told>>> = {
  "red/black": (seed) => oneDeploy(redBlack({ soak: "10m" }), seed),
  highlander: (seed) => oneDeploy(highlander({ soak: "5m" }), seed),
  "red/black with approval": (seed) =>
    oneDeploy(redBlack({ soak: "1m", gate: { roles: ["qa"], timeout: "1d" }, scaleDownDelay: "5m" }), seed),
  "in parts": inParts,
  "first deploy": (seed) => oneDeploy(redBlack({ size: 2 }), seed, []),
  promote,
  race,
  "sick releases": sickReleases,
  turns,
  checked,
  "whole graph": wholeGraph,
  "waves and lists": wavesAndLists,
  "several approve": severalApprove,
  "newest wins": newestWins,
  "by hand": operations,
};

/** The story of a seed. */
export function scenarioOf(seed: number): string {
  const names = Object.keys(SCENARIOS);
  return names[seed % names.length] as string;
}

const MODES = ["weighted", "proportional", "switch"] as const;

// The world differs from seed to seed as providers do.
function worldOf(seed: number): { readonly name: string; readonly supports: Supports } {
  const turn = Math.floor(seed / Object.keys(SCENARIOS).length / PARTS.length);
  return {
    name: api.provider,
    supports: {
      traffic: MODES[turn % 3] ?? "weighted",
      fencing: turn % 5 === 0 ? "drain" : "refuse",
      conditions: true,
      createOnce: turn % 2 === 0,
      watch: turn % 7 !== 0,
    },
  };
}

function common(seed: number): {
  readonly seed: number;
  readonly faults: Faults;
  readonly crashes: number;
  readonly people: typeof PEOPLE;
  readonly providers: readonly ReturnType<typeof worldOf>[];
} {
  return { seed, faults: FAULTS, crashes: CRASHES, people: PEOPLE, providers: [worldOf(seed)] };
}

function deployOf(name: string, strategy: Strategy, cluster: Cluster = api): Pipeline<string> {
  return pipeline<string>(name).stage("deploy", deploy, ({ input }) => ({
    cluster,
    release: input,
    strategy,
  }));
}

async function oneDeploy(strategy: Strategy, seed: number, groups = [three]): Promise<Told> {
  return tell(
    await simulatePipeline(deployOf("ship", strategy), {
      ...common(seed),
      input: "v2",
      clusters: [{ cluster: api, groups }],
    }),
  );
}

const PARTS = [
  rolling({ pause: "1m" }),
  rollingRedBlack({ soak: "5m" }),
  canary({ steps: [5, { weight: 25, hold: "10m" }] }),
  canary({ steps: [10, { weight: 40, hold: "10m" }], baseline: true }),
] as const;

// Checks decide, before and after the cut-over and beside all phases: they pass, fail, cannot tell, throw, and take time.
async function checked(seed: number): Promise<Told> {
  const measured = { check: "smoke", times: 2, every: "1m", failureLimit: 1, errorLimit: 2 } as const;
  const analysis = { check: "errors", every: "2m" } as const;
  const [world] = common(seed).providers;
  const strategy = canary({ steps: [{ weight: 25, gate: measured }], soak: "10m", analysis });
  const fits = world && strategy.modes.includes(world.supports.traffic);
  const other = redBlack({ gate: measured, soak: "10m", postPromotion: measured, analysis });
  return tell(
    await simulatePipeline(deployOf("ship", fits ? strategy : other), {
      ...common(seed),
      people: { ...PEOPLE, promoteFully: 0.1 },
      input: "v2",
      clusters: [{ cluster: api, groups: [three] }],
      checks: {
        smoke: (context, chance) => answer(context, chance, 0.2),
        errors: (context, chance) => answer(context, chance, 0.02),
      },
    }),
  );
}

async function answer(
  { signal }: { readonly signal: AbortSignal },
  world: StageWorld,
  often: number,
): Promise<CheckResult> {
  if (world.chance(0.3)) await world.sleep("20s", signal);
  if (world.chance(0.1)) throw new Error("the metrics cannot be reached");
  if (world.chance(often)) return { verdict: "fail", reason: "too many errors" };
  return { verdict: world.chance(0.03) ? "inconclusive" : "pass" };
}

// A strategy that gives the candidate its traffic in parts, where the world can do that.
async function inParts(seed: number): Promise<Told> {
  const [world] = common(seed).providers;
  const strategy = PARTS[Math.floor(seed / Object.keys(SCENARIOS).length) % PARTS.length] ?? PARTS[0];
  const fits = world && strategy.modes.includes(world.supports.traffic);
  return oneDeploy(fits ? strategy : redBlack({ keepWarm: 1 }), seed);
}

const shipped = pipeline<string>("promote")
  .stage("first", deploy, ({ input }) => ({
    cluster: web,
    release: input,
    strategy: redBlack({ soak: "10m" }),
  }))
  .stage("ticket", openTicket, ({ input }) => ({ title: input }), { after: [] })
  .stage("rest", wait, () => ({ for: "2h" }), { after: ["first", "ticket"] })
  .stage("go?", judgement, () => ({ roles: ["qa"], timeout: "2d" }))
  .stage("all", deploy, ({ outputs }) => ({
    cluster: api,
    release: outputs.first.release,
    strategy: highlander({ soak: "10s" }),
  }));

async function promote(seed: number): Promise<Told> {
  const desk = new TicketDesk();
  const told = await simulatePipeline(shipped, {
    ...common(seed),
    input: "v2",
    clusters: [
      { cluster: api, groups: [three] },
      { cluster: web, groups: [three] },
    ],
    stages: { ticket: ticketAt(desk) },
  });
  const twice = desk.tickets > 1 ? [`${desk.tickets} tickets were opened for one stage`] : [];
  const message = twice[0];
  const more = message === undefined ? [] : [{ invariant: "applied-once", message, trace: told.trace }];
  return { ...tell(told), violations: [...told.violations, ...more] };
}

async function race(seed: number): Promise<Told> {
  return tell(
    await simulatePipeline(deployOf("ship", redBlack({ soak: "5m" })), {
      ...common(seed),
      input: "v2",
      clusters: [{ cluster: api, groups: [three] }],
      beside: [
        { pipeline: deployOf("hotfix", redBlack()), input: "v3", after: "1m" },
        { pipeline: deployOf("clean", highlander()), input: "v4", after: "2m" },
      ],
    }),
  );
}

// Releases that fall sick under traffic, while stable dies: rollouts that fail, go on watching, and make room.
async function sickReleases(seed: number): Promise<Told> {
  return tell(
    await simulatePipeline(deployOf("ship", redBlack({ soak: "30m", deadline: "2m" })), {
      ...common(seed),
      input: "sick",
      clusters: [{ cluster: api, groups: [{ ...three, release: "old" }] }],
      behaviour: (release) =>
        release === "sick"
          ? { sickAfterTrafficMs: [1, 600_000] }
          : { diesAfterMs: [60_000, 3_600_000], restartMs: [1000, 300_000] },
      beside: [{ pipeline: deployOf("hotfix", redBlack({ soak: "1m" })), input: "v3", after: "5m" }],
    }),
  );
}

// Three rollouts, each of which often fails and watches, while the process hardly stays up: claims of one come late in
// the turn of another.
async function turns(seed: number): Promise<Told> {
  const strategy = redBlack({ soak: "3m", deadline: "1m" });
  return tell(
    await simulatePipeline(deployOf("ship", strategy), {
      ...common(seed),
      input: "sick",
      clusters: [{ cluster: api, groups: [{ ...three, release: "old" }] }],
      crashes: 10,
      downFor: seed % 4 === 0 ? "2h" : "1m",
      behaviour: (release) =>
        release === "sick"
          ? { bootMs: 1000, sickAfterTrafficMs: [1, 150_000] }
          : { bootMs: 1000, diesAfterMs: [10_000, 200_000], restartMs: [1000, 200_000] },
      beside: [
        { pipeline: deployOf("second", strategy), input: "sick", after: "1m" },
        { pipeline: deployOf("third", strategy), input: "old", after: "2m" },
      ],
    }),
  );
}

const both = [
  { cluster: api, groups: [three] },
  { cluster: web, groups: [three] },
];

async function wholeGraph(seed: number): Promise<Told> {
  return tell(
    await simulatePipeline(graph, {
      ...common(seed),
      people: MORE,
      input: { image: seed % 3 === 0 ? "api-only" : "v2" },
      clusters: both,
      stages: {
        lint: trouble(0.3),
        smoke: trouble(0.2),
        verify: trouble(0.3),
        "after all": trouble(0.1),
        page: trouble(0.1),
        report: trouble(0.1),
      },
    }),
  );
}

async function wavesAndLists(seed: number): Promise<Told> {
  const stages = {
    apply: trouble(0.1),
    unlock: trouble(0.05),
    verify: trouble(0.2),
    probe: trouble(0.2),
    audit: trouble(0.2),
  };
  return tell(
    await simulatePipeline(everywhere as AnyPipeline as Pipeline, {
      ...common(seed),
      people: MORE,
      input: { image: "v2" },
      clusters: both,
      stages,
    }),
  );
}

// One at a time, and one apart; each waits for two approvals and for office hours.
async function severalApprove(seed: number): Promise<Told> {
  const beside = ["v3", "apart", "v4"].map((image, index) => ({
    pipeline: approved as AnyPipeline,
    input: { image },
    after: `${index + 1}h` as const,
  }));
  return tell(
    await simulatePipeline(approved, {
      ...common(seed),
      people: MORE,
      input: { image: "v2" },
      clusters: [{ cluster: api, groups: [three] }],
      stages: { tell: trouble(0.2) },
      beside,
    }),
  );
}

async function newestWins(seed: number): Promise<Told> {
  const beside = ["v3", "v4", "v5"].map((image, index) => ({
    pipeline: newest as AnyPipeline,
    input: { image },
    after: `${(index + 1) * 2}m` as const,
  }));
  return tell(
    await simulatePipeline(newest, {
      ...common(seed),
      people: MORE,
      input: { image: "v2" },
      clusters: [{ cluster: api, groups: [three] }],
      stages: { build: trouble(0.1), report: trouble(0.1) },
      beside,
    }),
  );
}

// Operations beside a deploy to the same cluster. What a person shrinks on purpose may go below what served.
async function operations(seed: number): Promise<Told> {
  return tell(
    await simulatePipeline(byHand, {
      ...common(seed),
      people: MORE,
      input: null,
      guarded: [api],
      clusters: [{ cluster: api, groups: [{ size: 2, release: "v0" }, three], floor: 0.5 }],
      beside: [{ pipeline: deployOf("ship", redBlack({ soak: "2m" })), input: "v2", after: "2m" }],
    }),
  );
}

function tell(told: SimulatedPipeline): Told {
  const { crashes, faults, virtualMs, outcome, violations } = told;
  return { crashes, faults, virtualMs, outcome: outcome ?? "not over", violations, marks: marksOf(told) };
}
