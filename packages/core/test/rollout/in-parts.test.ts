/* oxlint-disable vitest/expect-expect -- records(), with() and waits() are the assertions */
import { describe, expect, it } from "vitest";
import type { Phase } from "../../src/model/phase.ts";
import { carries } from "../../src/machine/rollout/serving.ts";
import type { NewEvent } from "../../src/machine/events.ts";
import { candidate, did, given, MINUTE, planned, stable, upTo, worldOf } from "./spec.ts";

const SENT = "rollout-command-sent";
const STEP = { deadlineMs: 10 * MINUTE, after: "back" } as const;
const THIRD = { candidate: 33.3333, stable: 66.6666, traffic: { stable: 67, candidate: 33 } } as const;

const PARTS: readonly Phase[] = [
  { name: "third", want: THIRD, gate: { kind: "promotion" }, ...STEP },
  { name: "all", want: { candidate: 100, traffic: { candidate: 100 }, stable: 0 }, ...STEP },
];
const plan = (change: object = {}): NewEvent<"rollout-planned"> =>
  planned({ rollout: { phases: PARTS, ...change } });

const shared = (desired: number, healthy = desired): ReturnType<typeof stable> =>
  stable({ desired, healthy, share: 67 });
const part = (): ReturnType<typeof candidate> => candidate({ desired: 1, healthy: 1, share: 33 });
const shifted = did("traffic-shifted", { shares: { v001: 67, v002: 33 } });
const reached = did("rollout-phase-reached", { phase: "third" });

describe("traffic and instances in parts", () => {
  it("stable is made as small as the phase says, once the candidate has its part", () => {
    given(plan(), ...upTo("third", PARTS), shifted)
      .when(worldOf(shared(3), part()))
      .records([SENT], {
        do: "scale-group",
        group: "v001",
        size: 2,
        condition: { v001: { healthyAtLeast: 3, desiredAtMost: 3 }, v002: { healthyAtLeast: 1 } },
      });
  });

  it("2 of 3 instances may carry 67 %, the nearest whole percent, but not all", () => {
    const two = { healthy: 2, share: 67 };
    expect(carries([two, { healthy: 1, share: 33 }], 3, "weighted")).toBe(true);
    expect(carries([two, { healthy: 1, share: 33 }], 4, "weighted")).toBe(false);
    expect(carries([{ healthy: 2, share: 100 }], 3, "weighted")).toBe(false);
  });

  it("what an autoscaler adds to it after that is left alone", () => {
    given(plan(), ...upTo("third", PARTS), shifted, reached)
      .when(worldOf(shared(3), part()))
      .waits();
  });

  it("what is taken from it after that is given back", () => {
    given(plan(), ...upTo("third", PARTS), shifted, reached)
      .when(worldOf(shared(1), part()))
      .records(["rollout-phase-lost", SENT], {
        do: "scale-group",
        group: "v001",
        size: 2,
        condition: { v001: { desiredAtMost: 2 } },
      });
  });

  it("stable gives up no instance below what must go on serving, and more where the strategy allows it", () => {
    const half = { ...planned().rollout.phases[0], name: "half", want: { stable: 50 } } as Phase;
    const events = upTo("half", [half]);
    given(plan({ phases: [half] }), ...events)
      .when(worldOf(stable(), candidate({ healthy: 0 })))
      .waits(10 * MINUTE);
    given(plan({ phases: [half], floor: 50 }), ...events)
      .when(worldOf(stable(), candidate({ healthy: 0 })))
      .records([SENT], {
        do: "scale-group",
        group: "v001",
        size: 2,
        condition: { v001: { healthyAtLeast: 3, desiredAtMost: 3 } },
      });
  });
});

describe("a phase that waits to be promoted", () => {
  const there = given(plan(), ...upTo("third", PARTS), shifted, reached);
  const world = worldOf(shared(2), part());

  it("asks nobody and waits without an end", () => {
    there.when(world, 1000 * MINUTE).waits();
  });

  it("goes on when it is promoted", () => {
    there
      .and(did("rollout-phase-promoted", { phase: "third" }))
      .when(world)
      .records(["rollout-phase-started", SENT], {
        do: "scale-group",
        group: "v002",
        size: 3,
        condition: { v002: { desiredAtMost: 3 } },
      });
  });
});

describe("a stable without healthy instances", () => {
  const dead = stable({ healthy: 0 });

  it("keeps most of its traffic while a candidate gets its part", () => {
    given(plan(), ...upTo("third", PARTS))
      .when(worldOf(dead, candidate({ desired: 1, healthy: 1 })))
      .records([SENT], {
        do: "set-traffic",
        shares: { v001: 67, v002: 33 },
        condition: { v002: { healthyAtLeast: 1 } },
      });
  });

  it("is waited for, not asked for again and again, when only it could take traffic back", () => {
    const back = did("rollout-turned-back", { reason: "cancelled", cancelled: true });
    const restore = did("rollout-phase-started", { phase: "restore", index: 0, direction: "back" });
    given({ ...plan(), traffic: "proportional" }, ...upTo("third", PARTS), shifted, back, restore)
      .when(worldOf(shared(3, 0), candidate({ desired: 1, healthy: 0, share: 33 })))
      .waits(10 * MINUTE);
  });
});

it("a candidate that grew with stable is counted on with all that it has", () => {
  const grown = worldOf(shared(4), candidate({ desired: 4, healthy: 4, share: 33 }));
  given(plan(), ...upTo("third", PARTS), shifted, reached)
    .when(grown)
    .records(["rollout-size-raised", "rollout-phase-reached"])
    .settled()
    .when(worldOf(shared(4), candidate({ desired: 4, healthy: 1, share: 33 })))
    .records(["rollout-turned-back", "rollout-phase-started", SENT], {
      do: "set-traffic",
      shares: { v001: 100 },
      condition: { v001: { healthyAtLeast: 4 } },
    });
});
