// The driver as its contract says: claim, observe, decide, append, act, settle, observe again. It can die anywhere.
import { decideRollout } from "@gennaker/core/machine";
import type { ClusterState, NewEvent, RolloutCommand } from "@gennaker/core/ports";
import { attend, checkFaults, checkMoves, type Measuring } from "./checks.ts";
import { judgeMeasuring } from "./judge-measuring.ts";
import { served, taken } from "./judge-landing.ts";
import { stableInCharge } from "./judge-size.ts";
import { isMet, judgeTurn, relied, reliedToCompare } from "./judge-turn.ts";
import { append, STAGE } from "./log.ts";
import type { Move } from "./moves.ts";
import type { Node } from "./node.ts";
import type { Brief } from "./properties.ts";
import { pass } from "./time.ts";
import { arrival, describe, mishaps, reach } from "./wire.ts";
import { crash, rely } from "./witness.ts";
import { observe } from "./world.ts";

/** What the driver does in the ordinary course of things. */
export function driverMoves(node: Node, brief: Brief): readonly Move[] {
  if (node.driver === "down") return [start(node, brief)];
  if (node.driver === "starting") return claim(node, brief);
  return [
    ...(node.state.claimed ? [] : claim(node, brief)),
    ...turns(node, brief),
    ...arrival(node, brief),
    ...checkMoves(node, brief),
  ];
}

/** What can go wrong with the driver and its command. */
export function driverFaults(node: Node, brief: Brief): readonly Move[] {
  if (node.driver === "down") return [];
  if (node.driver === "starting") return crashes(node, brief);
  return [
    turn(node, brief, true).move,
    ...mishaps(node, brief),
    ...crashes(node, brief),
    ...checkFaults(node, brief),
  ];
}

function start(node: Node, { settings }: Brief): Move {
  const glimpse = settings.looksBeforeClaim ? node.world : undefined;
  return { label: "the driver starts again", node: { ...node, driver: "starting", glimpse } };
}

// With fencing, old commands can no longer land; where the world cannot refuse them, the claim waits for their end.
function claim(node: Node, brief: Brief): readonly Move[] {
  const { fencing } = brief.settings;
  if (fencing === "drain" && node.late.length > 0) return [];
  const events: NewEvent[] = [
    { type: "rollout-claimed", at: node.now, stage: STAGE, epoch: node.state.epoch + 1 },
  ];
  const free: Node = { ...node, driver: "up", wire: undefined, late: fencing === "refuse" ? [] : node.late };
  return [{ label: "the driver claims the cluster", node: append(free, events, brief), events }];
}

// When all is said, only time is left: the next instant at which the driver asked to be woken.
function turns(node: Node, brief: Brief): readonly Move[] {
  const { move, wakeAt } = turn(node, brief, false);
  if (wakeAt === undefined || node.wire || (move.events ?? []).length > 0) return [move];
  return [move, pass(node, wakeAt - node.now, "time passes until the driver wakes")];
}

function turn(
  node: Node,
  brief: Brief,
  stale: boolean,
): { readonly move: Move; readonly wakeAt: number | undefined } {
  const { settings, home, marked } = brief;
  const seen = observe(stale ? home : (node.glimpse ?? node.world), settings.traffic, stale);
  const {
    events,
    command,
    wakeAt,
    measure = [],
  } = decideRollout(node.state, { world: seen, now: node.now }, marked.rules);
  const marks = marked.taken();
  let next = append(node, events, brief);
  const { witness, state } = node;
  const turned = { witness, seen, events, command: command?.body };
  const broken = [...judgeTurn(turned, state, next.state, brief)];
  const counts = !stale && node.state.claimed && node.state.inFlight === undefined;
  if (counts) next = { ...next, glimpse: undefined, witness: remember(node, next, seen, brief) };
  broken.push(...judgeMeasuring(measure, next, node));
  next = withMeasuring(next, measure);
  if (command) next = { ...next, ...send(next, command, brief) };
  const label = stale ? "the driver looks at an old state" : "the driver decides";
  const fault = stale ? ({ fault: "stale read" } as const) : {};
  return { move: { label, node: next, events, seen, broken, marks, ...fault }, wakeAt };
}

function withMeasuring(node: Node, due: readonly Measuring[]): Node {
  return due.length === 0 && node.measuring.length === 0 ? node : { ...node, measuring: attend(node, due) };
}

function remember(before: Node, { witness, state }: Node, seen: ClusterState, brief: Brief): Node["witness"] {
  const phase = witness.direction === "forward" ? state.planned.rollout.phases[witness.index] : undefined;
  const { size, stableSize } = state;
  const met = isMet(phase, seen, brief, { size, stableSize, metOnce: witness.metOnce });
  const counted = met && phase ? relied(phase, state.size, brief) : 0;
  const compared = met && phase ? reliedToCompare(phase, state.size, brief) : 0;
  const stable = stableInCharge(before.witness, seen, brief);
  return {
    ...rely(witness, counted, compared),
    met,
    metOnce: witness.metOnce || met,
    held: met ? witness.held : 0,
    most: witness.direction === "forward" ? Math.max(witness.most, stable) : witness.most,
    mostSeen: Math.max(witness.mostSeen, stable),
  };
}

// A driver that speaks while a command is under way leaves that one to itself.
function send(
  { wire, late, world }: Node,
  { id, body }: { readonly id: string; readonly body: RolloutCommand },
  { settings }: Brief,
): Pick<Node, "wire" | "late"> {
  return {
    wire: { id, body, served: served(world, settings.traffic), takes: taken(world, body), changed: false },
    late: wire ? [...late, wire] : late,
  };
}

// It dies before its command went out, after it landed, or in between.
function crashes(node: Node, brief: Brief): readonly Move[] {
  const { wire } = node;
  const dead: Node = {
    ...node,
    driver: "down",
    glimpse: undefined,
    wire: undefined,
    measuring: [],
    witness: crash(node.witness),
  };
  const fault = "driver crashes" as const;
  if (!wire) return [{ label: "the driver crashes", node: dead, fault }];
  const name = describe(wire.body);
  const { node: landed, broken, window } = reach(node, wire, brief);
  return [
    { label: `the driver crashes before ${name} went out`, node: dead, fault },
    {
      label: `the driver crashes after ${name} landed`,
      node: { ...dead, world: landed.world, late: landed.late },
      fault,
      broken,
      window,
    },
    {
      label: `the driver crashes, ${name} is on its way`,
      node: { ...dead, late: [...node.late, wire] },
      fault,
    },
  ];
}
