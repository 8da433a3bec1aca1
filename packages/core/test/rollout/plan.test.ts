import { describe, expect, it } from "vitest";
import type { Phase, Rollout, Situation, SizeRule, Strategy } from "../../src/model/phase.ts";
import { planRollout, type RolloutAsk } from "../../src/machine/rollout/plan.ts";
import { group, PHASES, stable, STAGE, worldOf } from "./spec.ts";

function strategy(change: Partial<Strategy> = {}, rollout: Partial<Rollout> = {}): Strategy {
  return {
    name: "test",
    version: 1,
    options: {},
    size: "match",
    modes: ["weighted", "proportional"],
    rollout: () => ({ phases: PHASES, minHealthy: 100, onRollback: "destroy", ...rollout }),
    ...change,
  };
}

function plan(change: Partial<RolloutAsk> = {}): ReturnType<typeof planRollout> {
  return planRollout({
    stage: STAGE,
    run: "run",
    cluster: { provider: "local", account: "a", location: "l", name: "shop-api" },
    release: { image: "shop/api:2" },
    strategy: strategy(),
    world: worldOf(stable()),
    traffic: "weighted",
    at: 0,
    ...change,
  });
}

const problems = (...phases: readonly Phase[]): unknown => plan({ strategy: strategy({}, { phases }) });

describe("stable is", () => {
  it("the group with most of the traffic", () => {
    const world = worldOf(group("v001", { share: 60, desired: 4 }), group("v002", { share: 40 }));
    expect(plan({ world })).toMatchObject({
      event: {
        key: "run/prod",
        size: 4,
        before: { group: "v001", desired: 4, share: 60, traffic: { v001: 60, v002: 40 } },
      },
    });
  });

  it("the newest of those with equal traffic", () => {
    const world = worldOf(group("v002", { share: 50 }), group("v001", { share: 50 }));
    expect(plan({ world })).toMatchObject({ event: { before: { group: "v002" } } });
  });

  it("the newest healthy group where nobody has traffic", () => {
    const world = worldOf(
      group("v001"),
      group("v002", { desired: 2, healthy: 1 }),
      group("v003", { healthy: 0 }),
    );
    expect(plan({ world })).toMatchObject({
      event: { size: 2, before: { group: "v002", share: 0, traffic: {} } },
    });
  });

  it("nobody at a first deploy", () => {
    const result = plan({ world: worldOf() });
    expect(result).toMatchObject({ event: { size: 1 } });
    expect(result).not.toHaveProperty("event.before");
  });
});

it.each<[SizeRule, number]>([
  ["match", 3],
  [7, 7],
  [{ match: true, atLeast: 2 }, 3],
  [{ match: true, atLeast: 5 }, 5],
])("a size of %j makes %i instances from 3", (size, expected) => {
  expect(plan({ strategy: strategy({ size }) })).toMatchObject({ event: { size: expected } });
});

it("a strategy is told what there is, newest first", () => {
  let told: Situation | undefined;
  const rollout = (situation: Situation): Rollout => {
    told = situation;
    return { phases: PHASES, minHealthy: 100, onRollback: "destroy" };
  };
  plan({
    strategy: strategy({ rollout }),
    world: worldOf(group("v001"), group("v003"), group("v002", { share: 100 })),
  });
  expect(told).toMatchObject({
    stable: { name: "v002" },
    others: [{ name: "v003" }, { name: "v001" }],
    size: 3,
  });
});

describe("a plan is refused", () => {
  const base = { deadlineMs: 1000, after: "back" } as const;

  it("where the strategy cannot work with the traffic, before its phases are looked at", () => {
    expect(plan({ traffic: "switch" })).toEqual({
      problems: [
        "strategy test: needs traffic to be weighted or proportional, but local:a/l/shop-api has switch (take a strategy that works with switch, such as red/black)",
      ],
    });
  });

  it("on an old view of the cluster", () => {
    expect(plan({ world: { ...worldOf(), stale: true } })).toHaveProperty("problems.length", 1);
  });

  it("with every problem at once", () => {
    expect(
      problems(
        { name: "a", want: { candidate: 120, traffic: { stable: 50, candidate: 60 } }, ...base },
        {
          name: "a",
          want: { candidate: 100, stable: 0, traffic: { stable: 100 } },
          ...base,
          after: "forward",
        },
        { name: "b", want: { traffic: { candidate: 100 } }, ...base, holdMs: -1, deadlineMs: 0 },
        { name: "c", want: {}, ...base, after: "forward", gate: { kind: "judgement", roles: [] } },
        { name: "d", want: { others: { warm: 2, keep: 1 } }, ...base, after: "forward" },
      ),
    ).toEqual({
      problems: [
        `strategy test: two phases are called "a"`,
        `strategy test: phase "b" may lead back, but "a" before it may not`,
        `strategy test: phase "a": candidate: 120 is not 0 to 100 or "gone"`,
        `strategy test: phase "a": traffic: 50 + 60 is not 100`,
        `strategy test: phase "a": stable: has traffic and may not go`,
        `strategy test: phase "b": deadline: 0 ms is not above 0`,
        `strategy test: phase "b": hold: -1 ms is not 0 or more`,
        `strategy test: phase "b": candidate: has traffic and needs a size`,
        `strategy test: phase "c": gate: at least one role is needed`,
        `strategy test: phase "c": gate: nothing can lead back from here (put the gate into an earlier phase)`,
        `strategy test: phase "d": others: warm 2 of keep 1 (write whole numbers, keep at least warm)`,
      ],
    });
  });

  it("where partial shares meet traffic that goes to one group at a time", () => {
    const want = { candidate: 5, traffic: { stable: 95, candidate: 5 } };
    const phases = [{ name: "canary 5 %", want, ...base }];
    expect(plan({ traffic: "switch", strategy: strategy({ modes: ["switch"] }, { phases }) })).toEqual({
      problems: [
        `strategy test: phase "canary 5 %": traffic: 95 and 5 cannot be split here (traffic goes to one group at a time)`,
      ],
    });
  });

  it("where stable is to have traffic and there is none", () => {
    const phases = [{ name: "x", want: { candidate: 5, traffic: { stable: 95, candidate: 5 } }, ...base }];
    expect(plan({ world: worldOf(), strategy: strategy({}, { phases }) })).toEqual({
      problems: [`strategy test: phase "x": traffic: stable gets some, but there is no stable group yet`],
    });
  });
});
