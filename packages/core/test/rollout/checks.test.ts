/* oxlint-disable vitest/expect-expect -- records(), with() and waits() are the assertions */
import { describe, expect, it } from "vitest";
import type { BackgroundCheck, CheckGate, Gate } from "../../src/model/gate.ts";
import type { Phase } from "../../src/model/phase.ts";
import { checkRollout } from "../../src/machine/rollout/check-rollout.ts";
import { candidate, did, given, MINUTE, PHASES, planned, type Spec, stable, upTo, worldOf } from "./spec.ts";

const ready = worldOf(stable(), candidate());
const weak = worldOf(stable(), candidate({ healthy: 2 }));
const THREE: CheckGate = { kind: "check", check: "smoke", times: 3, everyMs: MINUTE, input: { most: 1 } };

function gated(gate: Gate, holdMs?: number): readonly Phase[] {
  const phase = {
    name: "verify",
    want: { candidate: 100 },
    gate,
    deadlineMs: 10 * MINUTE,
    after: "back",
  } as const;
  return [PHASES[0] as Phase, { ...phase, ...(holdMs !== undefined && { holdMs }) }, ...PHASES.slice(1)];
}

/** In the gate's phase, at the instant 0. */
function inGate(gate: Gate, holdMs?: number): Spec {
  const phases = gated(gate, holdMs);
  return given(planned({ rollout: { phases } }), ...upTo("verify", phases));
}

const ID = "prod/verify/1";
const measured = (measurement: number, verdict: string, at = 0, fields: object = {}) =>
  did("check-measured", { gate: ID, measurement, verdict, at, ...fields });
const opened = (gate: CheckGate = THREE): Spec => inGate(gate).when(ready).settled();

describe("a check of a phase", () => {
  it("is opened once the want is met and held, and due at once", () => {
    const { decision } = inGate(THREE, MINUTE)
      .and(did("rollout-phase-reached", { phase: "verify" }))
      .when(ready, MINUTE);
    expect(decision.events).toMatchObject([
      { type: "check-opened", gate: ID, check: "smoke", input: { most: 1 }, phase: "verify" },
    ]);
    expect(decision.measure).toEqual([
      { gate: ID, measurement: 1, check: "smoke", input: { most: 1 }, timeoutMs: 600_000, openedAt: MINUTE },
    ]);
  });

  it("is listed as due until its measurement is recorded, then again after a while", () => {
    expect(opened().when(ready, 1000).decision.measure).toHaveLength(1);
    const once = opened().and(measured(1, "pass", 1000));
    expect(once.when(ready, 2000).decision).toEqual({ events: [], wakeAt: 61_000 });
    expect(once.when(ready, 61_000).decision.measure).toMatchObject([{ gate: ID, measurement: 2 }]);
  });

  it("passes when it was measured as often as asked", () => {
    opened()
      .and(measured(1, "pass"), measured(2, "pass", MINUTE), measured(3, "pass", 2 * MINUTE))
      .when(ready, 2 * MINUTE)
      .records(["check-closed", "rollout-phase-started", "rollout-command-sent"], expect.anything() as never);
  });

  it("counts a measurement once, and none of another gate or out of turn", () => {
    const twice = opened().and(
      measured(1, "pass"),
      measured(1, "pass"),
      measured(3, "pass"),
      did("check-measured", { gate: "prod/verify/2", measurement: 2, verdict: "pass" }),
    );
    expect(twice.state.gate?.tally).toMatchObject({ measured: 1, done: 1 });
  });

  it("fails one failure above its limit, without further measurements", () => {
    const once = opened({ ...THREE, failureLimit: 1 }).and(measured(1, "fail", 0, { reason: "7 % failed" }));
    once.when(ready, MINUTE).records([]);
    once
      .and(measured(2, "fail", MINUTE, { reason: "8 % failed" }))
      .when(ready, MINUTE)
      .records(
        [
          "check-closed",
          "rollout-turned-back",
          "rollout-phase-started",
          "rollout-phase-reached",
          "rollout-phase-started",
          "rollout-command-sent",
        ],
        expect.anything() as never,
      );
    const { events } = once
      .and(measured(2, "fail", MINUTE, { reason: "8 % failed" }))
      .when(ready, MINUTE).decision;
    expect(events[1]).toMatchObject({
      reason: "verify: smoke failed: 8 % failed (2 of 2 measurements failed)",
    });
  });

  it("does not count errors among its measurements, and forgets them once it could be measured", () => {
    const gate = { ...THREE, times: 2, errorLimit: 1 };
    const tried = opened(gate).and(
      measured(1, "error", 0, { reason: "no route" }),
      measured(2, "pass", 5000),
      measured(3, "error", 65_000, { reason: "no route" }),
    );
    expect(tried.when(ready, 66_000).decision).toEqual({ events: [], wakeAt: 70_000 });
    tried
      .and(measured(4, "pass", 70_000))
      .when(ready, 70_000)
      .records(["check-closed", "rollout-phase-started", "rollout-command-sent"], expect.anything() as never);
  });

  it("tries again after 5 s, 10 s, 20 s, and pauses when it cannot be measured", () => {
    const once = opened().and(measured(1, "error"));
    expect(once.when(ready, 1).decision.wakeAt).toBe(5000);
    const more = once.and(
      measured(2, "error", 5000),
      measured(3, "error", 15_000),
      measured(4, "error", 35_000),
    );
    expect(more.when(ready, 35_001).decision.wakeAt).toBe(75_000);
    const last = more.and(measured(5, "error", 75_000, { reason: "no route" })).when(ready, 75_000);
    last.records(["check-closed", "rollout-paused"]).with({
      reason: "verify: smoke could not be measured: no route (5 errors in a row); resume to measure again",
    });
    last
      .settled()
      .and(did("run-resumed", { at: 80_000 }))
      .when(ready, 80_000)
      .records(["check-opened"])
      .with({ gate: "prod/verify/2" });
  });

  it("is not measured while its want is unmet", () => {
    const lost = opened().and(measured(1, "pass"), did("rollout-phase-lost", { phase: "verify", at: 1000 }));
    expect(lost.when(weak, 2 * MINUTE).decision.measure).toBeUndefined();
    expect(lost.when(ready, 2 * MINUTE).decision.measure).toHaveLength(1);
  });

  it("is not measured while the run is paused, and that time does not count", () => {
    const once = opened().and(measured(1, "pass"), did("run-paused", { at: 20_000 }));
    expect(once.when(ready, 60 * MINUTE).decision).toEqual({ events: [] });
    const again = once.and(did("run-resumed", { at: 60 * MINUTE }));
    expect(again.when(ready, 60 * MINUTE).decision).toEqual({ events: [], wakeAt: 60 * MINUTE + 40_000 });
  });

  it("no longer counts once the phase is promoted", () => {
    const promoted = opened().and(did("rollout-phase-promoted", { phase: "verify" }), measured(1, "fail"));
    const { events } = promoted.when(ready).decision;
    expect(events[0]).toMatchObject({ type: "rollout-phase-started", phase: "shift" });
  });
});

describe("a promotion that does not wait for ever", () => {
  const gate = { kind: "promotion", afterMs: 60 * MINUTE } as const;

  it("comes by itself when the phase was well for so long after its hold", () => {
    const held = inGate(gate, MINUTE).and(did("rollout-phase-reached", { phase: "verify" }));
    held.when(ready, 2 * MINUTE).waits(61 * MINUTE);
    held
      .when(ready, 61 * MINUTE)
      .records(
        ["rollout-phase-promoted", "rollout-phase-started", "rollout-command-sent"],
        expect.anything() as never,
      );
  });

  it("does not come while the run is paused", () => {
    inGate(gate)
      .and(did("rollout-phase-reached", { phase: "verify" }), did("run-paused", { at: MINUTE }))
      .when(ready, 120 * MINUTE)
      .waits();
  });
});

describe("phases and checks that make no sense are refused", () => {
  const situation = {
    stable: { name: "v001", desired: 3, healthy: 3, share: 100 },
    others: [],
    size: 3,
    traffic: "weighted",
  } as const;
  const problems = (gate: Gate, background?: readonly BackgroundCheck[]): readonly string[] =>
    checkRollout(
      { phases: gated(gate), minHealthy: 100, onRollback: "destroy", ...(background && { background }) },
      situation,
    );

  it.each<[Gate, string]>([
    [{ kind: "check", check: "" }, "gate: check: the name of a check is needed"],
    [{ kind: "check", check: "c", times: 0 }, "gate: times: 0 is not a whole number from 1 on"],
    [
      { kind: "check", check: "c", times: 3 },
      'gate: every: is needed where there are 3 measurements (write every: "1m")',
    ],
    [
      { kind: "check", check: "c", failureLimit: 1 },
      "gate: failureLimit: 1 lets all of 1 fail (write less, or more times)",
    ],
    [{ kind: "check", check: "c", errorLimit: -1 }, "gate: errorLimit: -1 is not a whole number, 0 or more"],
    [{ kind: "check", check: "c", timeoutMs: 0 }, "gate: timeout: 0 ms is no time to measure anything"],
    [{ kind: "promotion", afterMs: 0 }, "gate: after: 0 ms leaves nobody the time to promote it"],
    [
      { kind: "judgement", roles: ["qa"], onTimeout: "pass" },
      "gate: onTimeout: silence never ends without a timeout",
    ],
    [
      { kind: "vote" } as unknown as Gate,
      'gate: kind: "vote" is unknown (write "judgement", "promotion" or "check")',
    ],
  ])("%j", (gate, problem) => {
    expect(problems(gate)).toEqual([expect.stringContaining(`phase "verify": ${problem}`)]);
  });

  it("beside the phases too, all at once", () => {
    const twice = { check: "errors", everyMs: MINUTE };
    expect(problems(THREE, [twice, twice, { check: "late", everyMs: 0 }])).toEqual([
      'background "errors": is there twice with the same input',
      'background "late": every: 0 ms would measure without a break (write every: "1m")',
    ]);
  });

  it("when nothing beside the phases could ever be measured", () => {
    const phases = [PHASES[0] as Phase];
    const background = [{ check: "errors", everyMs: MINUTE }];
    expect(checkRollout({ phases, minHealthy: 100, onRollback: "destroy", background }, situation)).toEqual([
      'background "errors": the candidate has no traffic before the point of no return (write from: "start")',
    ]);
  });
});
