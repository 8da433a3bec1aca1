import type { NewEvent } from "@gennaker/core/ports";
import type { Graph } from "./ends.ts";
import { type Move, movesFrom } from "./moves.ts";
import type { Node } from "./node.ts";
import type { Brief } from "./properties.ts";
import { sharesOf } from "./world.ts";

/** A history, to read and to paste. */
export interface Trace {
  /** One line for each thing that happened, with the world after it. */
  readonly text: string;
  /** A given/when/then test of the machine's last decision in it. */
  readonly test: string;
}

/** Tells how a moment came about, and the move that broke a property there. */
export function tell(graph: Graph, at: number, last: Move | undefined, brief: Brief): Trace {
  const moves = [...movesTo(graph, at, brief), ...(last ? [last] : [])];
  return {
    text: [world(graph.nodes[0] as Node, brief), ...moves.map((move) => line(move, brief))].join("\n"),
    test: test(moves, brief),
  };
}

function movesTo(graph: Graph, at: number, brief: Brief): readonly Move[] {
  const path: number[] = [];
  for (let node = at; node > 0; node = graph.parents[node] as number) path.unshift(node);
  let from = graph.nodes[0] as Node;
  const moves: Move[] = [];
  for (const number of path) {
    const to = graph.nodes[number];
    // Moves make their nodes anew each time: the same one is found by being equal.
    const wanted = JSON.stringify(to);
    const move = movesFrom(from, brief).find(({ node }) => JSON.stringify(node) === wanted);
    if (!move) break;
    moves.push(move);
    from = move.node;
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

// In the form of the machine's own tests: given(plan, ...events).when(world, now).records(types, command).
function test(moves: readonly Move[], { planned }: Brief): string {
  const last = moves.findLastIndex(({ seen }) => seen !== undefined);
  const given = moves.slice(0, Math.max(0, last)).flatMap(({ events = [] }) => events);
  const { seen, node, events = [] } = moves[last] ?? {};
  const sent = events.find((event) => event.type === "rollout-command-sent");
  const said = sent ? `, ${JSON.stringify(sent.body)}` : "";
  return [
    `it("…", () => {`,
    `  given(`,
    ...[planned, ...given].map((event) => `    ${JSON.stringify(event)},`),
    `  )`,
    `    .when(${JSON.stringify(seen)}, ${node?.now})`,
    `    .records(${JSON.stringify(events.map(({ type }) => type))}${said});`,
    `});`,
  ].join("\n");
}
