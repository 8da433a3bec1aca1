import { InvariantError } from "../../errors.ts";
import type { ClusterState } from "../../model/cluster.ts";
import type { BackgroundCheck, Gate } from "../../model/gate.ts";
import type { Json } from "../../model/json.ts";
import type { GroupView, NewEvent, Outcome, RolloutCommand } from "../events.ts";
import { decideRollout } from "../rollout/decide.ts";
import { evolveRollout, initialRollout } from "../rollout/evolve.ts";
import type { Measurement } from "../rollout/measure.ts";
import { isHeld } from "../rollout/memory.ts";
import { rolesIn } from "../rollout/roles.ts";
import { serving } from "../rollout/serving.ts";
import { phaseOf, type RolloutState } from "../rollout/state.ts";
import { roleOf } from "../rollout/view.ts";
import { idealWorld, nextBoot, obey, passTime, type IdealWorld } from "./ideal-world.ts";

/** A group as a forecast shows it at the end of a phase. */
export interface GroupForecast {
  readonly name: string;
  readonly role: GroupView["role"];
  readonly desired: number;
  readonly share: number;
}

/** One phase of a rollout, as it would go. */
export interface PhaseForecast {
  readonly phase: string;
  readonly direction: "forward" | "back";
  /** Milliseconds after the rollout's start. */
  readonly startsMs: number;
  readonly takesMs: number;
  /** Of `takesMs`, how long it is held although all is as wanted. */
  readonly holdMs: number;
  /** Of `takesMs`, how long its check is measured. */
  readonly measuresMs: number;
  readonly commands: readonly RolloutCommand[];
  /** The groups when it ends. */
  readonly groups: readonly GroupForecast[];
  /** Least instances' worth of traffic that could be served while it lasts. */
  readonly servingLeast: number;
  /** Most instances that exist while it lasts. */
  readonly runningPeak: number;
  /**
   * What has to be passed before the next phase. How long people take is not known; a check is taken to pass at its first
   * try, measurements to take no time.
   */
  readonly gate?: Gate;
}

/** What the way back would do from a phase. */
export interface WayBackForecast {
  readonly from: string;
  readonly outcome: Outcome;
  readonly takesMs: number;
  readonly commands: readonly RolloutCommand[];
}

/** A rollout in which all goes well. */
export interface RolloutForecast {
  readonly outcome: Outcome;
  readonly candidate: string;
  readonly takesMs: number;
  readonly phases: readonly PhaseForecast[];
  readonly servingLeast: number;
  readonly runningPeak: number;
  /** What is measured beside the phases, and how often it would be. */
  readonly background: readonly (BackgroundCheck & { readonly measurements: number })[];
  /** From each phase from which there is one. */
  readonly wayBack: readonly WayBackForecast[];
  /** The cluster afterwards. */
  readonly after: ClusterState;
}

interface Walk {
  rollout: RolloutState;
  world: IdealWorld;
  now: number;
  readonly phases: Draft[];
  /** Measurements of each check in the background. */
  readonly measured: number[];
}

type Draft = { -readonly [K in keyof PhaseForecast]: PhaseForecast[K] } & { commands: RolloutCommand[] };

// A phase takes a handful of steps; more than so many in all would be a circle.
const STEPS_MAX = 100_000;

/** Walks a planned rollout through an ideal world in virtual time, with the real machine. Gates pass at once. */
export function forecastRollout(
  planned: NewEvent<"rollout-planned">,
  observed: ClusterState,
  { bootMs }: { readonly bootMs: number },
): RolloutForecast {
  const begin = (): Walk => start(planned, observed, bootMs);
  const walk = begin();
  while (walk.rollout.outcome === undefined) step(walk);
  const { phases, world, now, rollout, measured } = walk;
  return {
    outcome: rollout.outcome ?? "failed",
    candidate: rollout.candidate ?? "",
    takesMs: now - planned.at,
    phases,
    servingLeast: Math.min(...phases.map((phase) => phase.servingLeast)),
    runningPeak: Math.max(...phases.map((phase) => phase.runningPeak)),
    background: (planned.rollout.background ?? []).map((check, index) => ({
      ...check,
      measurements: measured[index] ?? 0,
    })),
    wayBack: planned.rollout.phases
      .filter((phase) => phase.after === "back")
      .map((phase) => cancelIn(phase.name, begin(), planned.rollout.phases.length)),
    after: world.state,
  };
}

function start(planned: NewEvent<"rollout-planned">, observed: ClusterState, bootMs: number): Walk {
  const { at, stage, cluster, traffic } = planned;
  const claimed: NewEvent = { type: "rollout-claimed", at, stage, epoch: 1 };
  const world = idealWorld(observed, { cluster: cluster.name, traffic, bootMs, now: at });
  return {
    rollout: evolveRollout(initialRollout(planned), claimed),
    world,
    now: at,
    phases: [],
    measured: [],
  };
}

/** Cancels when a phase is reached, and walks the way back. */
function cancelIn(from: string, walk: Walk, phases: number): WayBackForecast {
  for (let n = 0; n < STEPS_MAX; n += 1) {
    const phase = walk.phases.at(-1);
    if (phase?.phase === from && walk.rollout.met) break;
    if (walk.rollout.outcome !== undefined || walk.phases.length > phases) break;
    step(walk, from);
  }
  const { now } = walk;
  const said = walk.phases.flatMap((phase) => phase.commands).length;
  fold(walk, { type: "run-cancel-requested", at: now, mode: "graceful", reason: "forecast" });
  while (walk.rollout.outcome === undefined) step(walk);
  return {
    from,
    outcome: walk.rollout.outcome,
    takesMs: walk.now - now,
    commands: walk.phases.flatMap((phase) => phase.commands).slice(said),
  };
}

/** One decision and what follows from it; time moves on only when nothing else can happen. `stopIn`: not past this phase. */
function step(walk: Walk, stopIn?: string): void {
  const { stage } = walk.rollout.planned;
  const decision = decideRollout(walk.rollout, { world: walk.world.state, now: walk.now });
  for (const event of decision.events) {
    fold(walk, event);
    if (stopIn !== undefined && event.type === "rollout-phase-reached" && event.phase === stopIn) return;
  }
  if (walk.rollout.outcome !== undefined) return;
  if (decision.command) {
    const { id, body } = decision.command;
    walk.world = obey(walk.world, body, { now: walk.now, ...releaseFor(body, walk) });
    walk.phases.at(-1)?.commands.push(body);
    fold(walk, { type: "rollout-command-settled", at: walk.now, stage, command: id, result: "acknowledged" });
    measure(walk);
    return;
  }
  // What was recorded may have changed what follows: an answer was given.
  if (pass(walk, decision.measure ?? []) || decision.events.length > 0 || promote(walk)) return;
  wait(walk, decision.wakeAt);
}

// What a group that is made runs: stable's release, or the one that is deployed.
function releaseFor(body: RolloutCommand, { rollout, world }: Walk): { readonly release?: Json } {
  const { planned } = rollout;
  const compared = body.do === "create-group" && body.role === "baseline";
  const stable = world.state.groups.find(({ name }) => name === planned.before?.group);
  const release = compared ? stable?.release : planned.release;
  return release === undefined ? {} : { release };
}

// What is to be measured passes, and takes no time.
function pass(walk: Walk, due: readonly Measurement[]): boolean {
  const { stage } = walk.rollout.planned;
  for (const { gate, measurement } of due) {
    const index = walk.rollout.background.findIndex((check) => check?.judgement === gate);
    if (index >= 0) walk.measured[index] = (walk.measured[index] ?? 0) + 1;
    fold(walk, { type: "check-measured", at: walk.now, stage, gate, measurement, verdict: "pass" });
  }
  return due.length > 0;
}

// Who waits to be promoted is promoted at once, when it has been held for as long as it must.
function promote(walk: Walk): boolean {
  const { rollout, now } = walk;
  const phase = rollout.direction === "forward" ? phaseOf(rollout) : undefined;
  const waits = phase?.gate?.kind === "promotion" && rollout.met && !rollout.promoted;
  if (!waits || !isHeld(rollout, phase.holdMs ?? 0, now)) return false;
  const shown = walk.phases.at(-1);
  if (shown) shown.gate = phase.gate;
  const { stage } = rollout.planned;
  fold(walk, { type: "rollout-phase-promoted", at: now, stage, phase: phase.name, actor: "forecast" });
  return true;
}

function wait(walk: Walk, wakeAt: number | undefined): void {
  const instants = [wakeAt, nextBoot(walk.world)].filter((instant) => instant !== undefined);
  if (instants.length === 0)
    throw new InvariantError(`rollout ${walk.rollout.planned.key} waits for nothing in an ideal world`);
  const next = Math.min(...instants);
  const phase = walk.phases.at(-1);
  if (phase && walk.rollout.met) phase[walk.rollout.gate?.tally ? "measuresMs" : "holdMs"] += next - walk.now;
  walk.now = next;
  walk.world = passTime(walk.world, next);
  measure(walk);
}

function fold(walk: Walk, event: NewEvent): void {
  walk.rollout = evolveRollout(walk.rollout, event);
  if (event.type === "rollout-phase-started") {
    walk.phases.push(draft(walk, event));
    measure(walk);
  }
  if (event.type === "judgement-requested") answer(walk, event);
  if (event.type === "check-opened" && event.phase !== undefined) showGate(walk);
}

function showGate(walk: Walk): void {
  const phase = walk.phases.at(-1);
  const { gate } = walk.rollout.planned.rollout.phases.find(({ name }) => name === phase?.phase) ?? {};
  if (phase && gate) phase.gate = gate;
}

function answer(walk: Walk, { stage, judgement }: NewEvent<"judgement-requested">): void {
  showGate(walk);
  fold(walk, {
    type: "judgement-answered",
    at: walk.now,
    stage,
    judgement,
    verdict: "pass",
    actor: "forecast",
  });
}

function draft({ now, rollout }: Walk, { phase, direction }: NewEvent<"rollout-phase-started">): Draft {
  const startsMs = now - rollout.planned.at;
  return {
    phase,
    direction,
    startsMs,
    takesMs: 0,
    holdMs: 0,
    measuresMs: 0,
    commands: [],
    groups: [],
    servingLeast: Infinity,
    runningPeak: 0,
  };
}

function measure({ phases, world, now, rollout }: Walk): void {
  const phase = phases.at(-1);
  if (!phase) return;
  const { groups } = world.state;
  phase.takesMs = now - rollout.planned.at - phase.startsMs;
  phase.servingLeast = Math.min(phase.servingLeast, serving(groups, world.traffic));
  phase.runningPeak = Math.max(
    phase.runningPeak,
    groups.reduce((sum, { desired }) => sum + desired, 0),
  );
  const roles = rolesIn(world.state, rollout);
  phase.groups = groups.map((group) => {
    const { name, desired, share } = group;
    return { name, role: roleOf(group, roles), desired, share };
  });
}
