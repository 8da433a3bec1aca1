/* oxlint-disable vitest/expect-expect -- records(), with() and waits() are the assertions */
import { describe, it } from "vitest";
import { candidate, claimed, did, given, MINUTE, planned, stable, upTo, worldOf } from "./spec.ts";

const SENT = "rollout-command-sent";

function old(name: string, desired: number): ReturnType<typeof stable> {
  return { ...stable({ share: 0, desired, healthy: desired }), name, sequence: Number(name.slice(1)) };
}

describe("on the way out", () => {
  it("nothing is said before the cluster is claimed", () => {
    given(planned()).when(worldOf(stable())).waits();
  });

  it("the candidate is created as large as stable", () => {
    given(planned(), claimed())
      .when(worldOf(stable()))
      .records(["rollout-phase-started", SENT], { do: "create-group", key: "run/prod", size: 3 });
  });

  it("nothing more is said while a command is under way", () => {
    const { decision } = given(planned(), claimed()).when(worldOf(stable()));
    given(planned(), claimed(), ...decision.events)
      .when(worldOf(stable()))
      .waits();
  });

  it("nothing is done on an old view of the world", () => {
    given(planned(), claimed())
      .when({ ...worldOf(stable()), stale: true })
      .waits();
  });

  it("traffic waits until the candidate is healthy", () => {
    given(planned(), ...upTo("launch"))
      .when(worldOf(stable(), candidate({ healthy: 2 })))
      .waits(10 * MINUTE);
  });

  it("traffic moves on the condition that the candidate is still healthy", () => {
    given(planned(), ...upTo("launch"))
      .when(worldOf(stable(), candidate()))
      .records(["rollout-phase-reached", "rollout-phase-started", SENT], {
        do: "set-traffic",
        shares: { v002: 100 },
        condition: { v002: { healthyAtLeast: 3 } },
      });
  });

  it("a soak lasts as long as it was asked to", () => {
    const soaking = given(planned(), ...upTo("soak"), did("traffic-shifted", { shares: { v002: 100 } }));
    const world = worldOf(stable({ share: 0 }), candidate({ share: 100 }));
    const reached = soaking.when(world, 1000).records(["rollout-phase-reached"]).settled();
    reached.when(world, MINUTE).waits(MINUTE + 1000);
    reached.when(world, MINUTE + 1000).records(["rollout-phase-started", SENT], {
      do: "scale-group",
      group: "v001",
      size: 0,
      condition: { v001: { shareAtMost: 0 }, v002: { healthyAtLeast: 3 } },
    });
  });

  it("success is declared when stable is retired", () => {
    given(planned(), ...upTo("retire"), did("traffic-shifted", { shares: { v002: 100 } }))
      .when(worldOf(stable({ share: 0, desired: 0, healthy: 0 }), candidate({ share: 100 })))
      .records(["rollout-phase-reached", "rollout-finished"])
      .with({ outcome: "succeeded", watching: false });
  });

  it("the candidate follows a stable that an autoscaler made larger", () => {
    given(planned(), ...upTo("launch"))
      .when(worldOf(stable({ desired: 5 }), candidate()))
      .records(["rollout-size-raised", SENT], {
        do: "scale-group",
        group: "v002",
        size: 5,
        condition: { v002: { desiredAtMost: 5 } },
      });
  });

  it("a candidate of a fixed size does not follow", () => {
    given(planned({ sizeRule: 3 }), ...upTo("launch"))
      .when(worldOf(stable({ desired: 5, healthy: 2 }), candidate({ healthy: 1 })))
      .records(["rollout-size-raised"])
      .with({ size: 3, stable: 5 });
  });

  it("instances that an autoscaler added are left alone", () => {
    given(planned(), ...upTo("launch"))
      .when(worldOf(stable(), candidate({ desired: 4, healthy: 2 })))
      .waits(10 * MINUTE);
  });

  it("a command that was refused is said again at once, then more and more slowly", () => {
    const world = worldOf(stable(), candidate());
    const shift = given(planned(), ...upTo("shift"));
    const once = shift.when(world).settled("refused");
    const twice = once
      .when(world)
      .records([SENT], shift.when(world).decision.command?.body)
      .settled("refused");
    twice.when(world).waits(1000);
  });

  it("after a doubtful command the cluster is claimed before anything else", () => {
    const world = worldOf(stable());
    const doubtful = given(planned(), claimed()).when(world).settled("unknown");
    doubtful.when(world).waits();
    doubtful.and(claimed(2)).when(world).records([SENT], { do: "create-group", key: "run/prod", size: 3 });
  });

  it("older groups are pruned after the cut-over, newest kept", () => {
    const past = { warm: 0, keep: 1 };
    const want = { candidate: 100, traffic: { candidate: 100 }, others: past };
    const phases = [{ name: "prune", want, deadlineMs: MINUTE, after: "back" }] as const;
    const world = worldOf(old("v-2", 0), old("v-1", 0), old("v000", 1), stable(), candidate());
    given(planned({ rollout: { phases } }), ...upTo("prune", phases))
      .when(world)
      .records([SENT], {
        do: "set-traffic",
        shares: { v002: 100 },
        condition: { v002: { healthyAtLeast: 3 } },
      });
    const served = worldOf(
      old("v-2", 0),
      old("v-1", 0),
      old("v000", 1),
      stable({ share: 0 }),
      candidate({ share: 100 }),
    );
    given(
      planned({ rollout: { phases } }),
      ...upTo("prune", phases),
      did("traffic-shifted", { shares: { v002: 100 } }),
    )
      .when(served)
      .records([SENT], {
        do: "scale-group",
        group: "v000",
        size: 0,
        condition: { v000: { shareAtMost: 0 }, v002: { healthyAtLeast: 3 } },
      });
  });
});
