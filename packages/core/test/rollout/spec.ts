// given(events).when(world).records(events and command): the machine as operators see it.
import { expect } from "vitest";
import type { ClusterState, ServerGroup } from "../../src/model/cluster.ts";
import type { Phase, Rollout, SizeRule, TrafficMode } from "../../src/model/phase.ts";
import type { EventType, NewEvent, RolloutCommand } from "../../src/machine/events.ts";
import { decideRollout, type RolloutDecision } from "../../src/machine/rollout/decide.ts";
import { evolveRollout, initialRollout } from "../../src/machine/rollout/evolve.ts";
import type { RolloutState } from "../../src/machine/rollout/state.ts";

export const STAGE = "prod";
export const MINUTE = 60_000;

const STEP = { deadlineMs: 10 * MINUTE, after: "back" } as const;
const CUT_OVER = { candidate: 100, traffic: { candidate: 100 } } as const;

/** Red/black with a soak of a minute. */
export const PHASES: readonly Phase[] = [
  { name: "launch", want: { candidate: 100 }, ...STEP },
  { name: "shift", want: CUT_OVER, ...STEP },
  { name: "soak", want: CUT_OVER, holdMs: MINUTE, ...STEP },
  { name: "retire", want: { ...CUT_OVER, stable: 0 }, deadlineMs: 10 * MINUTE, after: "forward" },
];

/** A group with 3 healthy instances and no traffic, except as said. */
export function group(name: string, change: Partial<ServerGroup> = {}): ServerGroup {
  const sequence = Number(name.slice(1));
  const full = { name, sequence, desired: 3, healthy: 3, starting: 0, unhealthy: 0, unknown: 0, share: 0 };
  return { ...full, ...change };
}

export const stable = (change?: Partial<ServerGroup>): ServerGroup =>
  group("v001", { share: 100, ...change });
export const candidate = (change?: Partial<ServerGroup>): ServerGroup =>
  group("v002", { key: `run/${STAGE}`, ...change });

export function worldOf(...groups: readonly ServerGroup[]): ClusterState {
  return { groups, revision: 1 };
}

/** What was planned; stable is v001 with 3 instances, unless it is a first deploy. */
export function planned(
  change: {
    readonly rollout?: Partial<Rollout>;
    readonly firstDeploy?: boolean;
    readonly sizeRule?: SizeRule;
    readonly traffic?: TrafficMode;
  } = {},
): NewEvent<"rollout-planned"> {
  return {
    type: "rollout-planned",
    at: 0,
    stage: STAGE,
    cluster: { provider: "local", account: "a", location: "l", name: "shop-api" },
    strategy: "red-black",
    key: `run/${STAGE}`,
    release: {},
    traffic: change.traffic ?? "weighted",
    sizeRule: change.sizeRule ?? "match",
    size: 3,
    ...(!change.firstDeploy && { before: { group: "v001", desired: 3, share: 100, traffic: { v001: 100 } } }),
    rollout: { phases: PHASES, minHealthy: 100, onRollback: "destroy", ...change.rollout },
  };
}

/** An event of this stage; `at` is 0 unless said. */
export function did<T extends EventType>(type: T, fields: object = {}): NewEvent {
  return { type, at: 0, stage: STAGE, ...fields } as unknown as NewEvent;
}

export const claimed = (epoch = 1, at = 0): NewEvent => did("rollout-claimed", { epoch, at });
const found: NewEvent = did("rollout-candidate-found", { group: "v002" });

/** The events that bring a rollout into a phase on its way out, with the candidate there. */
export function upTo(phase: string, phases: readonly Phase[] = PHASES, at = 0): readonly NewEvent[] {
  const index = phases.findIndex(({ name }) => name === phase);
  const before = phases
    .slice(0, index)
    .flatMap(({ name }, i) => [
      did("rollout-phase-started", { phase: name, index: i, direction: "forward", at }),
      did("rollout-phase-reached", { phase: name, at }),
    ]);
  return [
    claimed(),
    found,
    ...before,
    did("rollout-phase-started", { phase, index, direction: "forward", at }),
  ];
}

export interface Spec {
  readonly state: RolloutState;
  /** More happened. */
  and(...events: readonly NewEvent[]): Spec;
  /** The driver observes this world at this instant. */
  when(world: ClusterState, now?: number): Seen;
}

interface Seen {
  readonly decision: RolloutDecision;
  /** These types were recorded, in this order, and this was said. */
  records(types: readonly EventType[], command?: RolloutCommand): Seen;
  /** The last event has these fields. */
  with(fields: object): Seen;
  /** Nothing was recorded or said, and it wakes then. */
  waits(wakeAt?: number): Seen;
  /** The decision is in the log, and its command, if any, ended so. */
  settled(result?: "acknowledged" | "refused" | "failed" | "unknown", at?: number): Spec;
}

/** A rollout, planned, to which this happened. */
export function given(plan: NewEvent<"rollout-planned">, ...events: readonly NewEvent[]): Spec {
  return spec(events.reduce((state, event) => evolveRollout(state, event), initialRollout(plan)));
}

function spec(state: RolloutState): Spec {
  return {
    state,
    and: (...events) => spec(events.reduce((next, event) => evolveRollout(next, event), state)),
    when: (world, now = 0) => seen(state, decideRollout(state, { world, now }), now),
  };
}

function seen(state: RolloutState, decision: RolloutDecision, now: number): Seen {
  const own: Seen = {
    decision,
    records(types, command) {
      expect(decision.events.map(({ type }) => type)).toEqual(types);
      expect(decision.command?.body).toEqual(command);
      return own;
    },
    with(fields) {
      expect(decision.events.at(-1)).toMatchObject(fields);
      return own;
    },
    waits(wakeAt) {
      expect(decision).toEqual({ events: [], ...(wakeAt !== undefined && { wakeAt }) });
      return own;
    },
    settled(result = "acknowledged", at = now) {
      const next = decision.events.reduce((each, event) => evolveRollout(each, event), state);
      if (!decision.command) return spec(next);
      const error = { code: "GENNAKER_PROVIDER", message: "quota exceeded", retryable: false };
      const end = { command: decision.command.id, result, at, ...(result === "failed" && { error }) };
      return spec(evolveRollout(next, did("rollout-command-settled", end)));
    },
  };
  return own;
}
