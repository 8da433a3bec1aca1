import { type Graph, judgeEnds } from "./ends.ts";
import { allMarks, type Coverage, marksOf } from "./marks.ts";
import { keyOf, Keys, type Known, type Parts } from "./key.ts";
import { type Move, movesFrom } from "./moves.ts";
import type { Node } from "./node.ts";
import { type Brief, type Property, PROPERTIES, timeoutOf } from "./properties.ts";
import { gateTimes, rhythmOf } from "./readings.ts";
import { tell, type Trace } from "./trace.ts";

/** A property that does not hold, with the shortest history that shows it. */
export interface Finding {
  readonly property: Property;
  /** The property in words. */
  readonly says: string;
  /** In how many moments it was broken. */
  readonly count: number;
  readonly trace: Trace;
}

/** What an exploration found. */
export interface Exploration {
  /** Different moments that were reached. */
  readonly states: number;
  /** Broken safety properties; empty is good. */
  readonly unsafe: readonly Finding[];
  /** Broken liveness properties; empty is good. */
  readonly stuck: readonly Finding[];
  /**
   * Landings that broke S1, S2, S3 or S16 only because the world had changed between the observation and the landing
   * of the command (an instance died, an autoscaler acted, somebody deleted a group, another old command landed), which
   * no driver can know. A provider that checks conditions closes this window; then this is 0.
   */
  readonly windows: number;
  /**
   * How many moves took each branch of the machine: `"turn: candidateSick"`, `"late: turned back"`,
   * `"refused: set-traffic"` … A branch that none took counts 0: what was found says nothing about it.
   */
  readonly coverage: Coverage;
  /** False: it stopped at `maxStates`, and nothing is proved. */
  readonly complete: boolean;
}

// The properties that a world can break under the feet of a command that was right when it was said.
const WINDOWED: ReadonlySet<Property> = new Set(["S1", "S2", "S3", "S16"]);

/** What a move broke, but for what the world did under a command that was right when it was said. */
export function broken({ broken: all = [], window = false }: Move): readonly Property[] {
  return window ? all.filter((property) => !WINDOWED.has(property)) : all;
}

interface Broken {
  count: number;
  readonly at: number;
  readonly move: Move | undefined;
}

/** Visits every moment once, nearest first, so that the first history that breaks a property is a shortest one. */
export function walk(root: Node, brief: Brief): Exploration {
  const keys = new Keys(longestClock(brief));
  const parts: Parts[] = [keys.read(root)];
  const index = new Map<string, number>([[keyOf(root, parts[0] as Parts), 0]]);
  const graph: Graph = { nodes: [root], parents: [-1], next: [] };
  const found = new Map<Property, Broken>();
  const coverage = Object.fromEntries(allMarks(brief.settings.rules).map((mark) => [mark, 0]));
  let windows = 0;
  const visit = ({ node }: Move, from: number, before: Known): number => {
    const own = keys.readNext(node, before);
    const key = keyOf(node, own);
    const known = index.get(key);
    if (known !== undefined) return known;
    graph.parents.push(from);
    parts.push(own);
    const to = graph.nodes.push(node) - 1;
    index.set(key, to);
    return to;
  };
  for (let at = 0; at < graph.nodes.length && graph.nodes.length <= brief.settings.maxStates; at += 1) {
    const next: number[] = [];
    const node = graph.nodes[at] as Node;
    const known: Known = { node, parts: parts[at] as Parts };
    for (const move of movesFrom(node, brief)) {
      const breaks = broken(move);
      windows += (move.broken ?? []).length - breaks.length;
      for (const property of breaks) note(found, property, at, move);
      for (const mark of marksOf(node.state, move)) coverage[mark] = (coverage[mark] ?? 0) + 1;
      const to = visit(move, at, known);
      if (move.fault === undefined && to !== at) next.push(to);
    }
    graph.next.push(next);
  }
  const complete = graph.next.length === graph.nodes.length;
  if (complete) for (const { property, at } of judgeEnds(graph, brief)) note(found, property, at, undefined);
  const findings = [...found].map(([property, first]) => report(property, first, graph, brief));
  return {
    states: graph.nodes.length,
    unsafe: findings.filter(({ property }) => property.startsWith("S")),
    stuck: findings.filter(({ property }) => property.startsWith("L")),
    windows,
    coverage,
    complete,
  };
}

// No clock needs to be told apart beyond the longest time that anything waits for.
function longestClock({ planned }: Brief): number {
  const times = planned.rollout.phases.flatMap((phase) => [
    phase.deadlineMs,
    phase.holdMs ?? 0,
    timeoutOf(phase),
    ...gateTimes(phase).map((ms) => ms + (phase.holdMs ?? 0)),
  ]);
  times.push(...(planned.rollout.background ?? []).flatMap(rhythmOf));
  return Math.max(...times.filter(Number.isFinite));
}

function note(found: Map<Property, Broken>, property: Property, at: number, move: Move | undefined): void {
  const known = found.get(property);
  if (known) known.count += 1;
  else found.set(property, { count: 1, at, move });
}

function report(property: Property, { count, at, move }: Broken, graph: Graph, brief: Brief): Finding {
  const says = PROPERTIES[property];
  return { property, says, count, trace: tell(graph, at, move, `${property}: ${says}`, brief) };
}
