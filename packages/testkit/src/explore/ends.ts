// Where histories end when no more faults come, and whether they may end there.
import type { Node } from "./node.ts";
import type { Brief, Property } from "./properties.ts";
import { sharesOf } from "./world.ts";

/** What was reached, by number: each moment, from where it was first reached, and where it leads without a fault. */
export interface Graph {
  readonly nodes: Node[];
  readonly parents: number[];
  readonly next: (readonly number[])[];
}

/** A moment that breaks a property. */
export interface BrokenEnd {
  readonly property: Property;
  readonly at: number;
}

/**
 * Looks at every moment in which nothing happens any more, and for circles. Without circles every schedule, fair or
 * not, comes to such an end, so it is enough that all ends are good.
 */
export function judgeEnds(graph: Graph, brief: Brief): readonly BrokenEnd[] {
  const found: BrokenEnd[] = circles(graph).map((at) => ({ property: "L1", at }));
  graph.nodes.forEach((node, at) => {
    if (graph.next[at]?.length === 0)
      for (const property of judgeEnd(node, brief)) found.push({ property, at });
  });
  return found;
}

function judgeEnd(node: Node, brief: Brief): readonly Property[] {
  const { state, world, witness } = node;
  const { planned, settings } = brief;
  if (state.outcome === undefined) return ["L1"];
  if (witness.cancel === "forced") return [];
  const made = new Set([planned.key, planned.baseline?.key]);
  const stable = world.find(
    ({ name, key }) => name === planned.before?.group && !(key !== undefined && made.has(key)),
  );
  const baselines = world.filter(({ key }) => planned.baseline && key === planned.baseline.key);
  const candidates = world.filter(({ key }) => key === planned.key);
  const shares = sharesOf(world, settings.traffic);
  const ours = [...candidates, ...baselines, ...(stable ? [stable] : [])];
  const back = state.outcome === "rolled-back" || state.outcome === "cancelled";
  const kept = planned.rollout.onRollback === "keep";
  const serves = world.some(({ name, healthy }) => healthy > 0 && (shares[name] ?? 0) > 0);
  const idle = candidates.some(({ name, desired }) => (shares[name] ?? 0) === 0 && !(kept && desired === 0));
  const found: Property[] = [];
  if (candidates.length > 1 || (back && candidates.length > 0 && !kept)) found.push("S4");
  if (!state.watching && !back && idle) found.push("S4");
  const compares = baselines.some(({ name }) => (shares[name] ?? 0) === 0) || state.outcome === "succeeded";
  if (baselines.length > 1 || (baselines.length > 0 && (back || (!state.watching && compares))))
    found.push("S4");
  const firstFailed = planned.before === undefined && state.outcome !== "succeeded";
  if (!back && !firstFailed && !serves && ours.some(({ healthy }) => healthy > 0)) found.push("L2");
  if (state.watching && stable && !world.some(({ doomed }) => doomed)) found.push("L1");
  return found;
}

/** One moment of each circle: strongly connected components with more than one moment, after Tarjan. */
function circles({ next }: Graph): readonly number[] {
  const number = new Int32Array(next.length).fill(-1);
  const low = new Int32Array(next.length);
  const open = new Uint8Array(next.length);
  const path: number[] = [];
  const found: number[] = [];
  let count = 0;
  for (let root = 0; root < next.length; root += 1) {
    if (number[root] !== -1) continue;
    const work: { at: number; edge: number }[] = [];
    const enter = (at: number): void => {
      number[at] = low[at] = count++;
      open[at] = 1;
      path.push(at);
      work.push({ at, edge: 0 });
    };
    enter(root);
    while (work.length > 0) {
      const frame = work.at(-1) as { at: number; edge: number };
      const to = next[frame.at]?.[frame.edge++];
      if (to === undefined) {
        work.pop();
        close(frame.at);
        const parent = work.at(-1);
        if (parent) low[parent.at] = Math.min(low[parent.at] as number, low[frame.at] as number);
      } else if (number[to] === -1) enter(to);
      else if (open[to]) low[frame.at] = Math.min(low[frame.at] as number, number[to] as number);
    }
  }
  return found;

  function close(at: number): void {
    if (low[at] !== number[at]) return;
    const size = path.length - path.lastIndexOf(at);
    if (size > 1) found.push(at);
    for (const member of path.splice(path.length - size)) open[member] = 0;
  }
}
