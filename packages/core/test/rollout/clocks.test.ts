/* oxlint-disable vitest/expect-expect -- records(), with() and waits() are the assertions */
import { describe, expect, it } from "vitest";
import type { Phase } from "../../src/model/phase.ts";
import { candidate, claimed, did, given, MINUTE, PHASES, planned, stable, upTo, worldOf } from "./spec.ts";

const SENT = "rollout-command-sent";
const shifted = did("traffic-shifted", { shares: { v002: 100 } });
const served = worldOf(stable({ share: 0 }), candidate({ share: 100 }));
const launching = worldOf(stable(), candidate({ healthy: 1 }));
const approval: Phase = {
  name: "approve",
  want: { candidate: 100 },
  gate: { kind: "judgement", roles: ["qa"], timeoutMs: 60 * MINUTE },
  deadlineMs: 10 * MINUTE,
  after: "back",
};
const gated = [PHASES[0], approval, ...PHASES.slice(1)] as readonly Phase[];
const plan = planned({ rollout: { phases: gated } });
const ready = worldOf(stable(), candidate());
const asked = given(plan, ...upTo("approve", gated))
  .when(ready)
  .settled();
const answer = (verdict: string, judgement = "prod/approve/1") =>
  did("judgement-answered", { judgement, verdict });

describe("while a run is paused", () => {
  it("the deadline stands still", () => {
    given(
      planned(),
      ...upTo("launch"),
      did("run-paused", { at: MINUTE }),
      did("run-resumed", { at: 61 * MINUTE }),
    )
      .when(launching, 61 * MINUTE)
      .waits(70 * MINUTE);
  });

  it("the soak stands still", () => {
    given(
      planned(),
      ...upTo("soak"),
      shifted,
      did("rollout-phase-reached", { phase: "soak" }),
      did("run-paused", { at: 1000 }),
    )
      .when(served, 60 * MINUTE)
      .waits();
  });

  it("traffic is not moved", () => {
    given(planned(), ...upTo("shift"), did("run-paused"))
      .when(ready)
      .waits();
  });

  it("what drifts is repaired", () => {
    given(
      planned(),
      ...upTo("soak"),
      shifted,
      did("rollout-phase-reached", { phase: "soak" }),
      did("run-paused"),
    )
      .when(worldOf(stable({ share: 0 }), candidate({ share: 100, desired: 2, healthy: 2 })))
      .records(["rollout-phase-lost", SENT], {
        do: "scale-group",
        group: "v002",
        size: 3,
        condition: { v002: { desiredAtMost: 3 } },
      });
  });

  it("a candidate that falls ill still leads back", () => {
    given(planned(), ...upTo("soak"), shifted, did("run-paused"))
      .when(worldOf(stable({ share: 0 }), candidate({ share: 100, healthy: 0 })))
      .records(["rollout-turned-back", "rollout-phase-started", SENT], {
        do: "set-traffic",
        shares: { v001: 100 },
        condition: { v001: { healthyAtLeast: 1 } },
      });
  });
});

describe("the hold", () => {
  it("starts over when the want was lost", () => {
    const soaking = given(planned(), ...upTo("soak"), shifted)
      .when(served)
      .settled();
    const lost = soaking
      .when(worldOf(stable({ share: 0 }), candidate({ share: 100, desired: 2, healthy: 2 })), 30_000)
      .settled();
    lost
      .when(served, 40_000)
      .records(["rollout-phase-reached"])
      .settled()
      .when(served, MINUTE)
      .waits(100_000);
  });

  it("starts over after a crash", () => {
    const soaking = given(planned(), ...upTo("soak"), shifted)
      .when(served)
      .settled();
    soaking
      .and(claimed(2, 50_000))
      .when(served, 50_000)
      .records(["rollout-phase-reached"])
      .settled()
      .when(served, MINUTE)
      .waits(110_000);
  });

  it("is skipped by a promotion, but health is not", () => {
    const soaking = given(planned(), ...upTo("soak"), shifted)
      .when(served)
      .settled();
    const promoted = soaking.and(did("rollout-phase-promoted", { phase: "soak" }));
    expect(promoted.when(served, 1000).decision.events[0]).toMatchObject({
      type: "rollout-phase-started",
      phase: "retire",
    });
    soaking
      .and(did("rollout-phase-promoted", { phase: "launch" }))
      .when(served, 1000)
      .waits(MINUTE);
  });
});

describe("the deadline", () => {
  it("stands still while the want is met", () => {
    const soaking = given(planned(), ...upTo("soak", PHASES, 0), shifted)
      .when(served, 9 * MINUTE)
      .settled();
    const drifted = worldOf(stable({ share: 0 }), candidate({ share: 100, desired: 2, healthy: 2 }));
    expect(
      soaking
        .when(drifted, 20 * MINUTE)
        .settled("refused")
        .when(drifted, 20 * MINUTE).decision.events,
    ).toHaveLength(1);
    soaking
      .and(did("rollout-phase-lost", { phase: "soak", at: 20 * MINUTE, reason: "" }))
      .when(served, 20 * MINUTE)
      .records(["rollout-phase-reached"]);
  });
});

describe("a gate", () => {
  it("asks once the candidate is healthy, and waits", () => {
    given(plan, ...upTo("approve", gated))
      .when(ready)
      .records(["rollout-phase-reached", "judgement-requested"])
      .with({ judgement: "prod/approve/1", roles: ["qa"], phase: "approve", expiresAt: 60 * MINUTE });
    asked.when(ready, MINUTE).waits(60 * MINUTE);
  });

  it("opens by its own verdict", () => {
    expect(asked.and(answer("pass")).when(ready).decision.events[0]).toMatchObject({ phase: "shift" });
  });

  it("does not open by another question's verdict", () => {
    asked
      .and(answer("pass", "cut over?"), answer("pass", "prod/approve/0"))
      .when(ready, 1)
      .waits(60 * MINUTE);
  });

  it("leads back when the answer is no, or when nobody answers", () => {
    expect(asked.and(answer("fail")).when(ready).decision.events[0]).toMatchObject({
      type: "rollout-turned-back",
      reason: "approve: the verdict was fail",
    });
    expect(asked.when(ready, 60 * MINUTE).decision.events.slice(0, 2)).toMatchObject([
      { type: "judgement-expired", judgement: "prod/approve/1" },
      { type: "rollout-turned-back", reason: "approve: nobody answered in time" },
    ]);
  });

  it("stands still after an inconclusive answer, and asks again when resumed", () => {
    const still = asked.and(answer("inconclusive")).when(ready).records(["rollout-paused"]).settled();
    still.when(ready, 600 * MINUTE).waits();
    still
      .and(did("run-resumed", { at: 600 * MINUTE }))
      .when(ready, 600 * MINUTE)
      .records(["judgement-requested"])
      .with({ judgement: "prod/approve/2", expiresAt: 660 * MINUTE });
  });
});
