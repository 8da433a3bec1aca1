// Everything that can happen next: to the driver and its command, to the world, by people, and by time alone.
import type { ClusterState, NewEvent } from "@gennaker/core/ports";
import { driverFaults, driverMoves } from "./driver.ts";
import type { Node } from "./node.ts";
import type { Fault } from "./options.ts";
import { peopleFaults, peopleMoves } from "./people.ts";
import type { Brief, Property } from "./properties.ts";
import { worldFaults, worldMoves } from "./weather.ts";
import { landLate } from "./wire.ts";

/** One thing that can happen. */
export interface Move {
  readonly label: string;
  readonly node: Node;
  /** What it costs; undefined: it is the ordinary course of things. */
  readonly fault?: Fault;
  /** What went into the log, oldest first. */
  readonly events?: readonly NewEvent[];
  /** What the driver looked at, where it decided. */
  readonly seen?: ClusterState;
  readonly broken?: readonly Property[];
  /** Rules of the machine that applied, where it decided. */
  readonly marks?: readonly string[];
  /** A command landed after the world had changed since it was looked at: what broke is the window's doing. */
  readonly window?: boolean;
}

/** All that can happen next. After the end only old commands can still land. */
export function movesFrom(node: Node, brief: Brief): readonly Move[] {
  const late = landLate(node, brief);
  if (node.state.outcome !== undefined && !node.state.watching) return late;
  const course = [
    ...driverMoves(node, brief),
    ...late,
    ...worldMoves(node, brief),
    ...peopleMoves(node, brief),
  ];
  if (node.left === 0) return course;
  const faults = [...driverFaults(node, brief), ...worldFaults(node, brief), ...peopleFaults(node, brief)];
  return [...course, ...faults.flatMap((move) => pay(move, brief))];
}

function pay(move: Move, { settings }: Brief): readonly Move[] {
  if (move.fault === undefined || !settings.menu.includes(move.fault)) return [];
  return [{ ...move, node: { ...move.node, left: move.node.left - 1 } }];
}
