import * as fc from "fast-check";
import { expect, it } from "vitest";
import type { ClusterState, ServerGroup } from "../../src/model/cluster.ts";
import type { Phase, TrafficMode } from "../../src/model/phase.ts";
import type { NewEvent, RolloutCommand } from "../../src/machine/events.ts";
import { decideRollout } from "../../src/machine/rollout/decide.ts";
import { evolveRollout, initialRollout } from "../../src/machine/rollout/evolve.ts";
import { serving } from "../../src/machine/rollout/serving.ts";
import type { RolloutState } from "../../src/machine/rollout/state.ts";
import { candidate, did, group, PHASES, planned, stable, STAGE, worldOf } from "./spec.ts";

const at = fc.integer({ min: 0, max: 3_600_000 });
const size = fc.integer({ min: 0, max: 4 });
const mode = fc.constantFrom<TrafficMode>("weighted", "proportional", "switch");
const phase = fc.constantFrom(...PHASES.map(({ name }) => name), "restore", "remove", "nowhere");
const judgement = fc.constantFrom("prod/soak/1", "other");

const event: fc.Arbitrary<NewEvent> = fc
  .tuple(
    fc.constantFrom<NewEvent["type"]>(
      "rollout-claimed",
      "rollout-candidate-found",
      "rollout-baseline-found",
      "rollout-baseline-gone",
      "rollout-size-raised",
      "rollout-phase-started",
      "rollout-phase-reached",
      "rollout-phase-lost",
      "rollout-phase-promoted",
      "rollout-command-sent",
      "rollout-command-settled",
      "judgement-requested",
      "judgement-answered",
      "judgement-expired",
      "rollout-paused",
      "rollout-turned-back",
      "rollout-finished",
      "rollout-healed",
      "run-paused",
      "run-resumed",
      "run-cancel-requested",
      "stage-progressed",
    ),
    fc.record({
      at,
      stage: fc.constantFrom(STAGE, STAGE, STAGE, "another"),
      epoch: fc.nat(5),
      group: fc.constantFrom("v002", "v003", "v004"),
      size,
      stable: size,
      phase,
      index: fc.integer({ min: -1, max: 5 }),
      direction: fc.constantFrom("forward", "back"),
      command: fc.constantFrom("prod/1", "prod/2"),
      body: fc.constant({ do: "set-traffic", shares: { v002: 100 } }),
      result: fc.constantFrom("acknowledged", "refused", "failed", "unknown"),
      judgement,
      verdict: fc.constantFrom("pass", "fail", "inconclusive"),
      mode: fc.constantFrom("graceful", "graceful", "forced"),
      reason: fc.constant("because"),
      cancelled: fc.boolean(),
      outcome: fc.constantFrom("failed", "succeeded"),
      watching: fc.boolean(),
    }),
  )
  .map(([type, fields]) => did(type, fields));

const health = fc.tuple(size, size, fc.constantFrom(0, 0, 50, 100));

function grown(each: ServerGroup, [desired, healthy, share]: readonly [number, number, number]): ServerGroup {
  return { ...each, desired, healthy: Math.min(desired, healthy), share };
}

const world: fc.Arbitrary<ClusterState> = fc
  .tuple(health, health, health, health, fc.subarray([0, 1, 2, 3]))
  .map(([a, b, c, d, there]) => {
    const baseline = group("v004", { key: `run/${STAGE}/baseline` });
    const all = [grown(group("v000"), a), grown(stable(), b), grown(candidate(), c), grown(baseline, d)];
    return worldOf(...all.filter((_, index) => there.includes(index)));
  });

function after(plan: NewEvent<"rollout-planned">, events: readonly NewEvent[]): RolloutState {
  return events.reduce((state, each) => evolveRollout(state, each), initialRollout(plan));
}

/** A rollout in the middle of whatever, that may act. */
const history = fc
  .tuple(mode, fc.array(event, { maxLength: 12 }), fc.integer({ min: 1, max: 9 }), fc.boolean())
  .map(([traffic, events, epoch, compares]) =>
    after(compares ? comparing(traffic) : planned({ traffic }), [
      ...events,
      did("rollout-claimed", { epoch }),
    ]),
  );

/** The same phases, but a baseline takes part in the first two. */
function comparing(traffic: TrafficMode): NewEvent<"rollout-planned"> {
  const [launch, shift, ...rest] = PHASES as readonly [Phase, Phase, ...Phase[]];
  const part = { stable: 60, candidate: 20, baseline: 20 };
  const phases = [
    { ...launch, want: { candidate: 50, baseline: 50, traffic: part } },
    { ...shift, want: { candidate: 100, baseline: 100, traffic: part } },
    ...rest.map((each) => ({ ...each, want: { ...each.want, baseline: "gone" as const } })),
  ];
  return { ...planned({ traffic, rollout: { phases } }), baseline: { key: `run/${STAGE}/baseline` } };
}

it("any log can be read, in any order, with anything in it", () => {
  fc.assert(
    fc.property(fc.array(event), (events) => {
      expect(after(planned(), events).planned).toBeDefined();
    }),
  );
});

it("an event of another stage, or one already known, leaves the same object", () => {
  fc.assert(
    fc.property(history, event, (state, each) => {
      expect(evolveRollout(state, { ...each, stage: "another", type: "rollout-healed" })).toBe(state);
      const paused = evolveRollout(state, did("run-paused"));
      expect(evolveRollout(paused, did("run-paused"))).toBe(paused);
    }),
  );
});

it("what was decided is not decided again while nothing changes", () => {
  fc.assert(
    fc.property(history, world, at, (state, observed, now) => {
      const input = { world: observed, now };
      const next = decideRollout(state, input).events.reduce((each, one) => evolveRollout(each, one), state);
      const again = decideRollout(next, input);
      expect(again.events).toEqual([]);
      expect(again.command).toBeUndefined();
    }),
    { numRuns: 2000 },
  );
});

it("no command breaks an invariant in the world in which it is said", () => {
  fc.assert(
    fc.property(history, world, at, (state, observed, now) => {
      const { command } = decideRollout(state, { world: observed, now });
      expect(command ? harm(command.body, state, observed) : []).toEqual([]);
    }),
    { numRuns: 2000 },
  );
});

function harm(body: RolloutCommand, state: RolloutState, { groups }: ClusterState): readonly string[] {
  const shareOf = (name: string): number => groups.find((each) => each.name === name)?.share ?? 0;
  if (body.do === "destroy-group" || (body.do === "scale-group" && body.size === 0))
    return shareOf(body.group) > 0 ? ["ends what has traffic"] : [];
  if (body.do !== "set-traffic") return [];
  const { traffic } = state.planned;
  const moved = groups.map((each) => grown(each, [each.desired, each.healthy, body.shares[each.name] ?? 0]));
  const dead = moved.filter((each) => each.share > shareOf(each.name) && each.healthy === 0);
  const least = Math.min(3, state.stableSize, serving(groups, traffic));
  return [
    ...dead.map(({ name }) => `moves traffic to ${name}, which is dead`),
    ...(serving(moved, traffic) < least ? ["lowers what serves"] : []),
  ];
}

it("a wake-up lies ahead, and nothing is decided before it", () => {
  fc.assert(
    fc.property(
      history,
      world,
      at,
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (state, observed, now, part) => {
        const { wakeAt, events, command } = decideRollout(state, { world: observed, now });
        if (wakeAt === undefined || command || events.length > 0) return;
        expect(wakeAt).toBeGreaterThan(now);
        const before = decideRollout(state, { world: observed, now: now + (wakeAt - now) * part });
        expect([before.events, before.command]).toEqual([[], undefined]);
      },
    ),
    { numRuns: 2000 },
  );
});
