/* oxlint-disable vitest/expect-expect -- records(), with() and waits() are the assertions */
import { describe, it } from "vitest";
import type { Phase } from "../../src/model/phase.ts";
import { candidate, claimed, did, given, MINUTE, PHASES, planned, stable, upTo, worldOf } from "./spec.ts";

const SENT = "rollout-command-sent";
const BACK = ["rollout-turned-back", "rollout-phase-started"] as const;
const REMOVE = [...BACK, "rollout-phase-reached", "rollout-phase-started", SENT] as const;
const DESTROY = {
  do: "destroy-group",
  group: "v002",
  condition: { v001: { healthyAtLeast: 1 }, v002: { shareAtMost: 0 } },
} as const;
const SHIFTED = did("traffic-shifted", { shares: { v002: 100 } });
const served = worldOf(stable({ share: 0 }), candidate({ share: 100 }));

describe("a rollout turns back", () => {
  it("when the candidate never becomes healthy, and says why", () => {
    const problem = { message: "GET /healthz answered 500, 3 of 3 instances", fatal: false };
    given(planned(), ...upTo("launch"))
      .when(worldOf(stable(), candidate({ healthy: 0, problem })), 10 * MINUTE)
      .records(REMOVE, DESTROY);
    const { decision } = given(planned(), ...upTo("launch")).when(
      worldOf(stable(), candidate({ healthy: 0, problem })),
      10 * MINUTE,
    );
    given(
      planned(),
      ...upTo("launch"),
      ...decision.events,
      did("rollout-command-settled", { command: "prod/1", result: "acknowledged" }),
    )
      .when(worldOf(stable()), 10 * MINUTE)
      .records(["rollout-phase-reached", "rollout-finished"])
      .with({
        outcome: "rolled-back",
        reason: "v002 never became healthy (GET /healthz answered 500, 3 of 3 instances)",
      });
  });

  it("at once when waiting cannot help", () => {
    const problem = { message: "image shop/api:1.4.2 not found", fatal: true };
    given(planned(), ...upTo("launch"))
      .when(worldOf(stable(), candidate({ healthy: 0, problem })))
      .records(REMOVE, DESTROY);
  });

  it("when the candidate falls ill while it soaks", () => {
    given(planned(), ...upTo("soak"), SHIFTED)
      .when(worldOf(stable({ share: 0 }), candidate({ share: 100, healthy: 2 })))
      .records([...BACK, SENT], {
        do: "set-traffic",
        shares: { v001: 100 },
        condition: { v001: { healthyAtLeast: 2 } },
      });
  });

  it("even past the point of no return, when the candidate falls ill and stable is still there", () => {
    given(planned(), ...upTo("retire"), SHIFTED)
      .when(worldOf(stable({ share: 0, desired: 0, healthy: 0 }), candidate({ share: 100, healthy: 1 })))
      .records([...BACK, SENT], {
        do: "scale-group",
        group: "v001",
        size: 3,
        condition: { v001: { desiredAtMost: 3 } },
      });
  });

  it("when a command fails for good", () => {
    given(planned(), ...upTo("shift"))
      .when(worldOf(stable(), candidate()))
      .settled("failed")
      .when(worldOf(stable(), candidate()))
      .records(REMOVE, DESTROY);
  });

  it("when somebody removes the candidate", () => {
    given(planned(), ...upTo("launch"))
      .when(worldOf(stable()))
      .records([
        ...BACK,
        "rollout-phase-reached",
        "rollout-phase-started",
        "rollout-phase-reached",
        "rollout-finished",
      ])
      .with({ outcome: "rolled-back", reason: "v002 is gone: it was removed by somebody else" });
  });

  it("when it is cancelled before anything was done", () => {
    given(planned(), claimed(), did("run-cancel-requested", { mode: "graceful", reason: "wrong image" }))
      .when(worldOf(stable()))
      .records([
        ...BACK,
        "rollout-phase-reached",
        "rollout-phase-started",
        "rollout-phase-reached",
        "rollout-finished",
      ])
      .with({ outcome: "cancelled", reason: "wrong image" });
  });
});

describe("on the way back", () => {
  it("a cancel past the point of no return changes nothing", () => {
    given(planned(), ...upTo("retire"), SHIFTED, did("run-cancel-requested", { mode: "graceful" }))
      .when(worldOf(stable({ share: 0, desired: 0, healthy: 0 }), candidate({ share: 100 })))
      .records(["rollout-phase-reached", "rollout-finished"])
      .with({ outcome: "succeeded" });
  });

  it("a newer run that wants the cluster sends it back as a cancel does", () => {
    given(
      planned(),
      ...upTo("soak"),
      SHIFTED,
      did("stage-superseded", { by: { run: "r2" }, reason: "newer" }),
    )
      .when(worldOf(stable({ share: 0 }), candidate({ share: 100 })))
      .settled()
      .when(worldOf(stable(), candidate({ share: 0 })))
      .settled()
      .when(worldOf(stable()))
      .with({ outcome: "cancelled", reason: "newer" });
  });

  it("past the point of no return a newer run only takes the holds away", () => {
    const [launch, shift, soak, retire] = PHASES;
    const warm = { ...soak, name: "warm", holdMs: 86_400_000, after: "forward" } as Phase;
    const phases = [launch, shift, soak, warm, retire] as readonly Phase[];
    const plan = planned({ rollout: { phases } });
    const world = worldOf(stable({ share: 0 }), candidate({ share: 100 }));
    const held = given(
      plan,
      ...upTo("warm", phases),
      SHIFTED,
      did("rollout-phase-reached", { phase: "warm" }),
    );
    held.when(world, 1000).waits(86_400_000);
    held
      .and(did("stage-superseded", { by: { run: "r2" }, reason: "newer", at: 1000 }))
      .when(world, 1000)
      .with({ type: "rollout-command-sent", body: { do: "scale-group", group: "v001", size: 0 } });
  });

  it("a forced cancel stops at once and leaves things as they are", () => {
    given(planned(), ...upTo("soak"), did("run-cancel-requested", { mode: "forced", reason: "stop" }))
      .when(served)
      .records(["rollout-finished"])
      .with({ outcome: "cancelled", reason: "stop", watching: false });
  });

  it("stable gets back the size that it had grown to", () => {
    given(
      planned(),
      ...upTo("soak"),
      SHIFTED,
      did("rollout-size-raised", { size: 5, stable: 5 }),
      did("run-cancel-requested", { mode: "graceful" }),
    )
      .when(worldOf(stable({ share: 0 }), candidate({ share: 100, desired: 5, healthy: 5 })))
      .records([...BACK, SENT], {
        do: "scale-group",
        group: "v001",
        size: 5,
        condition: { v001: { desiredAtMost: 5 } },
      });
  });

  it("traffic goes to a healthy candidate rather than to a dead stable", () => {
    given(planned(), ...upTo("launch"), did("run-cancel-requested", { mode: "graceful" }))
      .when(worldOf(stable({ healthy: 0 }), candidate({ healthy: 1 })))
      .records([...BACK, SENT], {
        do: "set-traffic",
        shares: { v002: 100 },
        condition: { v002: { healthyAtLeast: 1 } },
      });
  });

  it("a command that fails is said again, more and more slowly", () => {
    const world = worldOf(stable(), candidate());
    const back = given(planned(), ...upTo("launch"), did("run-cancel-requested", { mode: "graceful" }));
    const once = back.when(world).settled("failed");
    once.when(world).waits(1000);
    once.when(world, 1000).records([SENT], DESTROY).settled("failed").when(world, 1000).waits(3000);
  });

  it("a way back that takes too long fails, goes on watching, and heals", () => {
    const ill = worldOf(stable({ share: 0, healthy: 0 }), candidate({ share: 100, healthy: 1 }));
    const back = given(planned(), ...upTo("soak"), SHIFTED)
      .when(ill)
      .records(BACK)
      .settled();
    const failed = back
      .when(ill, 10 * MINUTE)
      .records(["rollout-finished"])
      .with({ outcome: "failed", watching: true })
      .settled();
    failed
      .when(worldOf(stable({ share: 0 }), candidate({ share: 100, healthy: 1 })), 11 * MINUTE)
      .records([SENT], {
        do: "set-traffic",
        shares: { v001: 100 },
        condition: { v001: { healthyAtLeast: 1 } },
      })
      .settled()
      .and(did("traffic-shifted", { shares: { v001: 100 } }))
      .when(worldOf(stable()), 12 * MINUTE)
      .records(["rollout-healed"]);
  });

  it("without the group to go back to, the candidate is kept and gets the traffic", () => {
    const lost = given(planned(), ...upTo("launch")).when(worldOf(candidate()));
    lost.records(["traffic-shifted", "rollout-turned-back", "rollout-finished", SENT], {
      do: "set-traffic",
      shares: { v002: 100 },
      condition: { v002: { healthyAtLeast: 1 } },
    });
    lost
      .settled()
      .and(SHIFTED)
      .when(worldOf(candidate({ share: 100 })))
      .records(["rollout-healed"]);
  });

  it("a first deploy that fails leaves nothing behind", () => {
    given(
      planned({ firstDeploy: true }),
      ...upTo("shift"),
      did("run-cancel-requested", { mode: "graceful" }),
      SHIFTED,
    )
      .when(worldOf(candidate({ share: 100 })))
      .records([...BACK, SENT], { do: "set-traffic", shares: {} });
  });
});
