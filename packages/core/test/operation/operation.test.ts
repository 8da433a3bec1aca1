import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nextStep, type OperationStep } from "../../src/machine/operation/step.ts";
import { type OperationTarget, targetOf } from "../../src/machine/operation/target.ts";
import { selectGroup } from "../../src/machine/operation/select.ts";
import type { ClusterState, ServerGroup } from "../../src/model/cluster.ts";
import type { GroupSelector, Operation } from "../../src/model/operation.ts";
import type { TrafficMode } from "../../src/model/phase.ts";

const cluster = { provider: "p", account: "a", location: "l", name: "shop" };

function group(sequence: number, fields: Partial<ServerGroup> = {}): ServerGroup {
  const { desired = 3, healthy = desired } = fields;
  const counts = { starting: desired - healthy, unhealthy: 0, unknown: 0 };
  return { name: `shop-v00${sequence}`, sequence, desired, healthy, ...counts, share: 0, ...fields };
}

const world = (...groups: readonly ServerGroup[]): ClusterState => ({ groups, revision: 1 });
const three = world(
  group(1, { desired: 5, release: { image: "a", labels: { track: "old" } } }),
  group(2, { share: 100, release: { image: "b", labels: { track: "live" } } }),
  group(3, { desired: 0, release: { image: "c", labels: { track: "live" } } }),
);
const calm = { traffic: "weighted", guarded: false } as const;

function wanted(operation: Operation, mode: TrafficMode = "weighted", state = three): OperationTarget {
  const target = targetOf(operation, state, mode);
  if ("problems" in target) throw new Error(target.problems.join("\n"));
  return target;
}

function wrong(operation: Operation, mode: TrafficMode = "weighted", state = three): string {
  const target = targetOf(operation, state, mode);
  return "problems" in target ? target.problems.join("\n") : "";
}

describe("which group is meant", () => {
  it.each([
    ["newest", "shop-v003"],
    ["oldest", "shop-v001"],
    ["largest", "shop-v001"],
    ["serving", "shop-v002"],
    ["previous", "shop-v001"],
    [{ name: "shop-v003" }, "shop-v003"],
    [{ release: { image: "b" } }, "shop-v002"],
    [{ release: { labels: { track: "live" } } }, "shop-v003"],
    [{ release: { labels: { track: "none" } } }, undefined],
    [{ name: "shop-v009" }, undefined],
  ] as readonly (readonly [GroupSelector, string | undefined])[])("%o is %s", (selector, name) => {
    expect(selectGroup(three.groups, selector)?.name).toBe(name);
  });

  it("is nobody where there is none", () => {
    for (const selector of ["newest", "oldest", "largest", "serving", "previous"] as const)
      expect(selectGroup([], selector)).toBeUndefined();
    expect(wrong({ do: "find", cluster, group: "newest" }, "weighted", world())).toBe(
      "there is no such group: the newest group (there are none)",
    );
  });
});

describe("what is wanted, in numbers", () => {
  it.each([
    [4, 4],
    [{ by: 2 }, 7],
    [{ by: -9 }, 0],
    [{ percent: 50 }, 3],
    [{ percent: 200 }, 10],
  ])("a size of %o", (size, expected) => {
    expect(wanted({ do: "resize", cluster, group: "oldest", size }).sizes).toEqual({ "shop-v001": expected });
  });

  it("a share that the others give in proportion", () => {
    const shared = world(group(1, { share: 75 }), group(2, { share: 25 }), group(3));
    const enable: Operation = { do: "enable", cluster, group: "newest", share: 40 };
    expect(wanted(enable, "weighted", shared).shares).toEqual({
      "shop-v001": 45,
      "shop-v002": 15,
      "shop-v003": 40,
    });
    expect(wanted({ do: "disable", cluster, group: "serving" }, "weighted", shared).shares).toEqual({
      "shop-v002": 100,
    });
  });

  it("refuses what leaves traffic to nobody, or divides what cannot be divided", () => {
    expect(wrong({ do: "disable", cluster, group: "serving" })).toBe(
      "shop-v002 is the only group with traffic: shift traffic to another one first",
    );
    expect(wrong({ do: "enable", cluster, group: "newest", share: 30 }, "switch")).toContain(
      "traffic goes to one group at a time here",
    );
  });

  it("does nothing to a group that has no traffic to lose", () => {
    expect(wanted({ do: "disable", cluster, group: "oldest" }).shares).toEqual({ "shop-v002": 100 });
  });
});

describe("what is done next", () => {
  it("grows, waits until that is healthy, then is done", () => {
    const target = { sizes: { "shop-v001": 6 } };
    expect(nextStep(target, three, calm)).toEqual({
      say: { do: "scale-group", group: "shop-v001", size: 6 },
    });
    const grown = world(group(1, { desired: 6, healthy: 5 }), group(2, { share: 100 }));
    expect(nextStep(target, grown, calm)).toEqual({ wait: "shop-v001 has 5 of 6 healthy instances" });
    expect(nextStep(target, world(group(1, { desired: 6 })), calm)).toBeUndefined();
  });

  it("gives up on instances that cannot become healthy", () => {
    const problem = { message: "image not found", fatal: true };
    const hopeless = world(group(1, { desired: 2, healthy: 0, problem }));
    expect(nextStep({ sizes: { "shop-v001": 2 } }, hopeless, calm)).toEqual({
      refuse: "shop-v001 has 0 of 2 healthy instances (image not found)",
    });
  });

  it("does not empty a group that has traffic", () => {
    expect(nextStep({ sizes: { "shop-v002": 0 } }, three, calm)).toEqual({
      refuse: "shop-v002 still has 100 % of the traffic: shift that first",
    });
  });

  it("gives traffic only to who has a healthy instance, and says so where it lands", () => {
    const target = { shares: { "shop-v003": 100 } };
    expect(nextStep(target, three, calm)).toEqual({
      refuse: "shop-v003 has no instances to take traffic: resize it first",
    });
    const ready = world(group(2, { share: 100 }), group(3));
    expect(nextStep(target, ready, calm)).toEqual({
      say: { do: "set-traffic", shares: target.shares, condition: { "shop-v003": { healthyAtLeast: 1 } } },
    });
  });

  it("destroys what has no traffic, and the rest only by force, after its traffic has left", () => {
    expect(nextStep({ gone: ["shop-v001"] }, three, calm)).toEqual({
      say: { do: "destroy-group", group: "shop-v001", condition: { "shop-v001": { shareAtMost: 0 } } },
    });
    expect(nextStep({ gone: ["shop-v002"] }, three, calm)).toEqual({
      refuse: "shop-v002 still has 100 % of the traffic: shift that first, or say force",
    });
    const shared = world(group(1, { share: 40 }), group(2, { share: 60 }));
    expect(nextStep({ gone: ["shop-v002"], force: true }, shared, calm)).toEqual({
      say: { do: "set-traffic", shares: { "shop-v001": 100 } },
    });
  });

  it("never leaves a guarded cluster without a group that serves, not even by force", () => {
    const guarded = { ...calm, guarded: true };
    const target = { gone: ["shop-v002"], force: true };
    const last = { refuse: "shop-v002 is the last group that serves, and its cluster is guarded" };
    expect(nextStep(target, three, guarded)).toEqual(last);
    const dead = world(group(1, { share: 40, healthy: 0 }), group(2, { share: 60 }));
    expect(nextStep(target, dead, guarded)).toEqual(last);
    expect(nextStep(target, three, calm)).toEqual({ say: { do: "set-traffic", shares: {} } });
  });
});

/** The world after a command that does what it says, with everything healthy. */
function obeyed(state: ClusterState, { say }: Extract<OperationStep, { say: unknown }>): ClusterState {
  const groups = state.groups.flatMap((each): ServerGroup[] => {
    if (say.do === "destroy-group" && say.group === each.name) return [];
    if (say.do === "scale-group" && say.group === each.name)
      return [{ ...each, desired: say.size, healthy: say.size }];
    return [say.do === "set-traffic" ? { ...each, share: say.shares[each.name] ?? 0 } : each];
  });
  return { groups, revision: state.revision + 1 };
}

const selector = fc.constantFrom(
  "newest",
  "oldest",
  "largest",
  "serving",
  "previous",
) as fc.Arbitrary<GroupSelector>;
const operation = fc.oneof(
  fc.record({ do: fc.constant("resize"), group: selector, size: fc.nat(6) }),
  fc.record({ do: fc.constant("enable"), group: selector, share: fc.constantFrom(0, 30, 100) }),
  fc.record({ do: fc.constant("disable"), group: selector }),
  fc.record({ do: fc.constant("destroy"), group: selector, force: fc.boolean() }),
) as fc.Arbitrary<Operation>;

it("comes to an end by itself, and leaves a guarded cluster that served with a group that serves", () => {
  const sizes = fc.array(fc.record({ desired: fc.nat(4), share: fc.nat(3) }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(operation, sizes, fc.boolean(), (asked, list, guarded) => {
      const total = list.reduce((sum, { share, desired }) => sum + (desired > 0 ? share : 0), 0);
      const parts = list.map(({ share, desired }) =>
        total && desired > 0 ? Math.floor((share * 100) / total) : 0,
      );
      const rest = total ? 100 - parts.reduce((sum, part) => sum + part, 0) : 0;
      const heir = parts.findIndex((part) => part > 0);
      let state = world(
        ...list.map(({ desired }, index) =>
          group(index + 1, { desired, share: (parts[index] ?? 0) + (index === heir ? rest : 0) }),
        ),
      );
      const served = state.groups.some(({ share, healthy }) => share > 0 && healthy > 0);
      const target = targetOf({ ...asked, cluster }, state, "weighted");
      if ("problems" in target) return;
      for (let steps = 0; steps <= 6; steps += 1) {
        const step = nextStep(target, state, { traffic: "weighted", guarded });
        if (!step || !("say" in step)) break;
        expect(steps).toBeLessThan(6);
        state = obeyed(state, step);
        const serves = state.groups.some(({ share, healthy }) => share > 0 && healthy > 0);
        expect(serves || !served || !guarded).toBe(true);
      }
    }),
    { numRuns: 500 },
  );
});
