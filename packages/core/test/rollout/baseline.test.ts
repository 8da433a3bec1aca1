/* oxlint-disable vitest/expect-expect -- records(), with() and waits() are the assertions */
import { describe, expect, it } from "vitest";
import type { Phase, Situation, Strategy } from "../../src/model/phase.ts";
import type { ClusterState, ServerGroup } from "../../src/model/cluster.ts";
import type { NewEvent } from "../../src/machine/events.ts";
import { planRollout } from "../../src/machine/rollout/plan.ts";
import { viewGroups } from "../../src/machine/rollout/view.ts";
import { undoTargets } from "../../src/engine/undo.ts";
import {
  candidate,
  claimed,
  did,
  given,
  group,
  MINUTE,
  planned,
  stable,
  STAGE,
  upTo,
  worldOf,
} from "./spec.ts";

const SENT = "rollout-command-sent";
const KEY = `run/${STAGE}/baseline`;
const STEP = { deadlineMs: 10 * MINUTE, after: "back" } as const;
const THIRD = { candidate: 30, baseline: 30, traffic: { stable: 40, candidate: 30, baseline: 30 } } as const;
const HALF = { candidate: 66, baseline: 66, traffic: { stable: 20, candidate: 40, baseline: 40 } } as const;
const PHASES: readonly Phase[] = [
  { name: "third", want: THIRD, holdMs: MINUTE, ...STEP },
  { name: "more", want: HALF, ...STEP },
  { name: "all", want: { candidate: 100, baseline: "gone", traffic: { candidate: 100 } }, ...STEP },
];
const plan = (change: object = {}): NewEvent<"rollout-planned"> => ({
  ...planned({ rollout: { phases: PHASES } }),
  baseline: { key: KEY },
  ...change,
});

const one = { desired: 1, healthy: 1 } as const;
const baseline = (change: Partial<ServerGroup> = {}): ServerGroup =>
  group("v003", { key: KEY, ...one, ...change });
const found = did("rollout-baseline-found", { group: "v003" });
const shifted = did("traffic-shifted", { shares: { v001: 40, v002: 30, v003: 30 } });
const reached = did("rollout-phase-reached", { phase: "third" });
const inThird = [...upTo("third", PHASES), found, shifted, reached];
const world = (change: Partial<ServerGroup> = {}, own: Partial<ServerGroup> = {}): ClusterState =>
  worldOf(
    stable({ share: 40 }),
    candidate({ ...one, share: 30, ...own }),
    baseline({ share: 30, ...change }),
  );

describe("a baseline is started together with the candidate", () => {
  it("with as many instances, by a key of its own", () => {
    given(plan(), ...upTo("third", PHASES))
      .when(worldOf(stable(), candidate({ desired: 1, healthy: 0 })))
      .records([SENT], { do: "create-group", key: KEY, size: 1, role: "baseline" });
  });

  it("and gets its part when both are healthy, not before", () => {
    const created = given(plan(), ...upTo("third", PHASES), found);
    created.when(worldOf(stable(), candidate(one), baseline({ healthy: 0 }))).waits(10 * MINUTE);
    created.when(worldOf(stable(), candidate(one), baseline())).records([SENT], {
      do: "set-traffic",
      shares: { v001: 40, v002: 30, v003: 30 },
      condition: { v001: { healthyAtLeast: 2 }, v002: { healthyAtLeast: 1 }, v003: { healthyAtLeast: 1 } },
    });
  });

  it("and is found again by its key after a crash, and shown by its role", () => {
    const seen = worldOf(stable(), candidate(one), baseline());
    const again = given(plan(), ...upTo("third", PHASES), claimed(2)).when(seen);
    again.records(["rollout-baseline-found", SENT], again.decision.command?.body);
    const { state } = again.settled();
    expect(state.baseline).toBe("v003");
    expect(viewGroups(state, seen).map(({ role }) => role)).toEqual(["stable", "candidate", "baseline"]);
  });

  it("and grows with a stable that was scaled up", () => {
    const grown = worldOf(stable({ desired: 4, healthy: 4, share: 40 }), ...world().groups.slice(1));
    given(plan(), ...inThird)
      .when(grown)
      .records(["rollout-size-raised", "rollout-phase-lost", SENT], {
        do: "scale-group",
        group: "v002",
        size: 2,
        condition: { v002: { desiredAtMost: 2 } },
      });
  });
});

describe("an ill baseline", () => {
  const problem = { message: "GET /healthz answered 500, 1 of 1 instances", fatal: true };

  it("loses its part to stable at once, and the phase is not met: the hold starts over", () => {
    given(plan(), ...inThird)
      .when(world({ healthy: 0, problem }), 30_000)
      .records(["rollout-phase-lost", SENT], {
        do: "set-traffic",
        shares: { v001: 70, v002: 30 },
        condition: { v001: { healthyAtLeast: 1 } },
      });
  });

  it("is reported with what is wrong", () => {
    const { decision } = given(plan(), ...inThird).when(world({ healthy: 0, problem }));
    expect(decision.events[0]).toMatchObject({
      reason: "the baseline v003 is not healthy (GET /healthz answered 500, 1 of 1 instances)",
    });
  });

  it("loses its part also while the run is paused and while the candidate boots", () => {
    const paused = [...upTo("more", PHASES), found, shifted, did("run-paused")];
    given(plan(), ...paused)
      .when(world({ desired: 2, healthy: 0 }, { desired: 2, healthy: 1 }))
      .records([SENT], {
        do: "set-traffic",
        shares: { v001: 70, v002: 30 },
        condition: { v001: { healthyAtLeast: 1 } },
      });
  });

  it("keeps it while it only grows", () => {
    given(plan(), ...upTo("more", PHASES), found, shifted)
      .when(world({ desired: 2, healthy: 1 }, { desired: 2, healthy: 2 }))
      .waits(10 * MINUTE);
  });

  it("keeps it where stable could not carry it", () => {
    const { groups } = world({ healthy: 0 });
    given(plan(), ...inThird)
      .when(worldOf(stable({ share: 40, healthy: 0 }), ...groups.slice(1)))
      .records(["rollout-phase-lost"]);
  });

  it("gets its part again when it is well, and the hold begins anew", () => {
    const spared = did("traffic-shifted", { shares: { v001: 70, v002: 30 }, at: 30_000 });
    const lost = did("rollout-phase-lost", { phase: "third", reason: "ill", at: 30_000 });
    const healed = worldOf(stable({ share: 70 }), candidate({ ...one, share: 30 }), baseline());
    const again = given(plan(), ...inThird, lost, spared).when(healed, 40_000);
    again.records([SENT], again.decision.command?.body);
    expect(again.decision.command?.body).toMatchObject({ shares: { v001: 40, v002: 30, v003: 30 } });
    again
      .settled()
      .when(world(), 40_000)
      .records(["traffic-shifted", "rollout-phase-reached"])
      .settled()
      .when(world(), 99_999)
      .waits(40_000 + MINUTE);
  });

  it("never turns the rollout back by itself, but its phase has a deadline", () => {
    const spared = did("traffic-shifted", { shares: { v001: 70, v002: 30 } });
    const lost = did("rollout-phase-lost", { phase: "third", reason: "ill" });
    const seen = worldOf(
      stable({ share: 70 }),
      candidate({ ...one, share: 30 }),
      baseline({ healthy: 0, problem }),
    );
    const ill = given(plan(), ...inThird, lost, spared);
    ill.when(seen, 10 * MINUTE - 1).waits(10 * MINUTE);
    const { events } = ill.when(seen, 10 * MINUTE).decision;
    expect(events[0]).toMatchObject({
      type: "rollout-turned-back",
      reason:
        "third was not done within 10 m (the baseline v003 is not healthy (GET /healthz answered 500, 1 of 1 instances))",
    });
  });

  it("that somebody removed is not made again, and its part is stable's", () => {
    const { groups } = world();
    const gone = given(plan(), ...inThird).when(worldOf(...groups.slice(0, 2)));
    gone.records(["rollout-baseline-gone", "traffic-shifted", "rollout-phase-lost", SENT], {
      do: "set-traffic",
      shares: { v001: 70, v002: 30 },
      condition: { v001: { healthyAtLeast: 3 }, v002: { healthyAtLeast: 1 } },
    });
    gone
      .settled()
      .when(worldOf(stable({ share: 70 }), candidate({ ...one, share: 30 })))
      .records(["traffic-shifted"])
      .settled()
      .when(worldOf(stable({ share: 70 }), candidate({ ...one, share: 30 })))
      .waits(10 * MINUTE);
  });

  it("may lose traffic that follows health by itself", () => {
    given({ ...plan(), traffic: "proportional" }, ...inThird)
      .when(world({ healthy: 0 }))
      .records(["rollout-phase-lost"]);
  });
});

describe("a baseline ends", () => {
  const all = [...upTo("all", PHASES), found];
  const served = [
    stable({ share: 0 }),
    candidate({ share: 100 }),
    baseline({ share: 0, desired: 2, healthy: 2 }),
  ];

  it("when the candidate has all the traffic", () => {
    given(plan(), ...all, did("traffic-shifted", { shares: { v002: 100 } }))
      .when(worldOf(...served))
      .records([SENT], {
        do: "destroy-group",
        group: "v003",
        condition: { v002: { healthyAtLeast: 3 }, v003: { shareAtMost: 0 } },
      });
  });

  it("on the way back, after the candidate, and the rollout ends when both are gone", () => {
    const back = [
      did("rollout-turned-back", { reason: "no", cancelled: false }),
      did("rollout-phase-started", { phase: "remove", index: 1, direction: "back" }),
      did("traffic-shifted", { shares: { v001: 100 } }),
    ];
    const left = given(plan(), ...inThird, ...back).when(worldOf(stable(), baseline()));
    left.records([SENT], {
      do: "destroy-group",
      group: "v003",
      condition: { v001: { healthyAtLeast: 1 }, v003: { shareAtMost: 0 } },
    });
    left
      .settled()
      .when(worldOf(stable()))
      .records(["rollout-baseline-gone", "rollout-phase-reached", "rollout-finished"])
      .with({ outcome: "rolled-back" });
  });

  it("also where a candidate that failed is kept", () => {
    const { rollout } = plan();
    const { state } = given(plan({ rollout: { ...rollout, onRollback: "keep" } }));
    expect(state.wayBack.at(-1)?.want).toMatchObject({ candidate: 0, baseline: "gone" });
  });
});

describe("with nothing healthy to come back to,", () => {
  const back = [did("rollout-turned-back", { reason: "no", cancelled: false })];
  const dead = stable({ healthy: 0, share: 40 });

  it("traffic goes to the baseline, where it has as many healthy instances as the candidate", () => {
    const { decision } = given(plan(), ...inThird, ...back).when(
      worldOf(dead, candidate({ ...one, share: 30 }), baseline({ share: 30 })),
    );
    expect(decision.command?.body).toMatchObject({ do: "set-traffic", shares: { v003: 100 } });
  });

  it("traffic goes to the candidate, where it has more", () => {
    const { decision } = given(plan(), ...inThird, ...back).when(
      worldOf(dead, candidate({ share: 30 }), baseline({ share: 30 })),
    );
    expect(decision.command?.body).toMatchObject({ do: "set-traffic", shares: { v002: 100 } });
  });
});

describe("a baseline that an interrupted rollout left", () => {
  const left = group("v003", { key: "old/prod/baseline", share: 0, release: "v1" });

  it("is not stable beside others, but is where nothing else has traffic", () => {
    const half = worldOf(stable({ share: 40 }), { ...left, share: 60 });
    expect(planIn(half)).toMatchObject({ event: { before: { group: "v001" } } });
    expect(planIn(worldOf(stable({ share: 0 }), { ...left, share: 100 }))).toMatchObject({
      event: { before: { group: "v003" } },
    });
    expect(planIn(worldOf(left))).not.toHaveProperty("event.before");
  });

  it("is told to strategies as what it is", () => {
    let told: Situation | undefined;
    planIn(worldOf(stable(), left), { rollout: (situation) => ((told = situation), REST) });
    expect(told?.others).toEqual([{ name: "v003", desired: 3, healthy: 3, share: 0, baseline: true }]);
  });

  it("is destroyed with the older groups, and takes nobody's place among them", () => {
    const keeps = {
      name: "keep",
      want: { candidate: 100, traffic: { candidate: 100 }, others: { warm: 1, keep: 1 } },
    };
    const phases = [{ ...keeps, ...STEP }] as const;
    const mine = candidate({ name: "v004", sequence: 4, share: 100 });
    given(
      planned({ rollout: { phases } }),
      claimed(),
      did("rollout-candidate-found", { group: "v004" }),
      did("traffic-shifted", { shares: { v004: 100 } }),
      did("rollout-phase-started", { phase: "keep", index: 0, direction: "forward" }),
    )
      .when(worldOf(stable({ share: 0 }), group("v002"), left, mine))
      .records([SENT], {
        do: "destroy-group",
        group: "v003",
        condition: { v004: { healthyAtLeast: 3 }, v003: { shareAtMost: 0 } },
      })
      .settled()
      .when(worldOf(stable({ share: 0 }), group("v002"), mine))
      .records(["rollout-phase-reached", "rollout-finished"]);
  });

  it("is not brought back", () => {
    expect(planIn(worldOf(stable(), left), {}, "v003")).toEqual({
      problems: [
        "group: v003 is a baseline that an interrupted rollout left, made for a comparison (take another group)",
      ],
    });
    const newer = group("v004", { share: 100, release: "v2" });
    const targets = undoTargets({
      world: worldOf(stable({ share: 0, release: "v0" }), left, newer),
      history: [],
    });
    expect(targets.map((target) => target.group)).toEqual(["v001"]);
  });

  it("is told from a group of a stage that is called baseline", () => {
    const own = group("v003", { key: "run/baseline", share: 60 });
    expect(planIn(worldOf(stable({ share: 40 }), own))).toMatchObject({
      event: { before: { group: "v003" } },
    });
  });
});

const phasesOf = (...wants: readonly Phase["want"][]): readonly Phase[] =>
  wants.map((want, index) => ({ name: `p${index}`, want, ...STEP }));
const problems = (phases: readonly Phase[], seen = worldOf(stable({ release: "v1" }))): unknown => {
  const result = planIn(seen, { rollout: () => ({ ...REST, phases }) });
  return "problems" in result ? result.problems.map((text) => text.replace("strategy test: ", "")) : [];
};

describe("a plan with a baseline is refused", () => {
  it("where the provider cannot tell what stable runs", () => {
    expect(problems(PHASES, worldOf(stable()))).toEqual([
      "baseline: local:a/l/shop-api does not tell which release v001 runs, so no baseline of it can be started (leave the baseline out)",
    ]);
    expect(problems(PHASES)).toEqual([]);
  });

  it("where it could be left over", () => {
    expect(problems(phasesOf({ baseline: 10 }))).toEqual([
      'phase "p0": baseline: it is never removed (write baseline: "gone" into a later phase)',
    ]);
    const late = phasesOf({ baseline: 10 }, { baseline: "gone" }, { baseline: 10 }, { baseline: "gone" });
    expect(problems(late)).toEqual(['phase "p2": baseline: it is gone already and cannot come back']);
    const [first, last] = phasesOf({ baseline: 10 }, { baseline: "gone" }) as [Phase, Phase];
    expect(
      problems([
        { ...first, after: "forward" },
        { ...last, after: "forward" },
      ]),
    ).toEqual([
      'phase "p0": baseline: nothing leads back from here (let it be gone in an earlier phase)',
      'phase "p1": baseline: nothing leads back from here (let it be gone in an earlier phase)',
    ]);
  });

  it("where shares or sizes do not fit, or there is no stable", () => {
    const wrong = phasesOf(
      { candidate: 10, baseline: 110, traffic: { stable: 80, candidate: 10, baseline: 20 } },
      { candidate: 10, traffic: { stable: 80, candidate: 10, baseline: 10 } },
      { baseline: "gone" },
    );
    expect(problems(wrong)).toEqual([
      'phase "p0": baseline: 110 is not 0 to 100 or "gone"',
      'phase "p0": traffic: 80 + 10 + 20 is not 100',
      'phase "p1": baseline: has traffic and needs a size',
    ]);
    expect(problems(phasesOf({ baseline: 10 }, { baseline: "gone" }), worldOf())).toEqual([
      'phase "p0": baseline: there is no stable group yet whose release it could run',
    ]);
  });
});

const REST = {
  phases: [{ name: "launch", want: { candidate: 100 }, ...STEP }] as readonly Phase[],
  minHealthy: 100,
  onRollback: "destroy",
} as const;

function planIn(
  seen: ClusterState,
  change: Partial<Strategy> = {},
  revived?: string,
): ReturnType<typeof planRollout> {
  return planRollout({
    stage: STAGE,
    run: "run",
    cluster: { provider: "local", account: "a", location: "l", name: "shop-api" },
    release: "v2",
    strategy: {
      name: "test",
      version: 1,
      options: {},
      size: "match",
      modes: ["weighted"],
      rollout: () => REST,
      ...change,
    },
    world: seen,
    traffic: "weighted",
    at: 0,
    ...(revived !== undefined && { group: revived }),
  });
}
