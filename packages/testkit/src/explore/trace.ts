import type { NewEvent } from "@gennaker/core/ports";
import type { Graph } from "./ends.ts";
import { type Move, movesFrom } from "./moves.ts";
import type { Node } from "./node.ts";
import { pasteable } from "./paste.ts";
import type { Brief } from "./properties.ts";
import { labelled } from "./label.ts";
import { sharesOf } from "./world.ts";

/** A history, to read and to paste. */
export interface Trace {
  /** One line for each thing that happened, with the world after it. */
  readonly text: string;
  /** What happened, for `replayHistory`. */
  readonly history: readonly string[];
  /** A whole test file that follows it again: red as long as the property breaks. */
  readonly test: string;
}

/** Tells how a moment came about, and the move that broke a property there. */
export function tell(graph: Graph, at: number, last: Move | undefined, says: string, brief: Brief): Trace {
  const moves = movesTo(graph, at, last, brief);
  const history = moves.map(({ label }) => label);
  return {
    text: [
      world(graph.nodes[0] as Node, brief),
      ...moves.map(({ label, move }) => line({ ...move, label }, brief)),
    ].join("\n"),
    history,
    test: pasteable(says, history, brief),
  };
}

function movesTo(
  graph: Graph,
  at: number,
  last: Move | undefined,
  brief: Brief,
): ReturnType<typeof labelled> {
  const path: (Node | undefined)[] = last ? [last.node] : [];
  for (let node = at; node > 0; node = graph.parents[node] as number) path.unshift(graph.nodes[node]);
  let from = graph.nodes[0] as Node;
  const moves: { readonly label: string; readonly move: Move }[] = [];
  for (const to of path) {
    // Moves make their nodes anew each time: the same one is found by being equal.
    const wanted = JSON.stringify(to);
    const labels = labelled(movesFrom(from, brief));
    const found = labels.find(({ move }) => JSON.stringify(move.node) === wanted);
    if (!found) break;
    moves.push(found);
    from = found.move.node;
  }
  return moves;
}

function line(move: Move, brief: Brief): string {
  const events = (move.events ?? []).filter(({ type }) => type !== "rollout-command-settled").map(short);
  return [
    `${move.fault ? "✗" : "·"} ${move.label}${world(move.node, brief)}`,
    ...events.map((event) => `    ${event}`),
  ].join("\n");
}

function short(event: NewEvent): string {
  const { type, at: _, ...rest } = event;
  return `${type} ${JSON.stringify(rest)}`;
}

function world({ world: groups, now }: Node, { settings }: Brief): string {
  const shares = sharesOf(groups, settings.traffic);
  const texts = groups.map(
    ({ name, healthy, desired, doomed }) =>
      `${name} ${healthy}/${desired}${doomed ? "†" : ""} ${shares[name] ?? 0} %`,
  );
  return `   [${now / 1000} s: ${texts.join(" · ") || "nothing"}]`;
}
