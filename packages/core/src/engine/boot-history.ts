import type { Event } from "../machine/events.ts";
import { clusterId, type Cluster } from "../model/cluster.ts";
import type { Engine } from "../ports/engine.ts";

/** How long the instances of a cluster take to become healthy. */
export interface BootEstimate {
  readonly bootMs: number;
  /** Releases that it was measured on; 0: assumed. */
  readonly samples: number;
}

const RUNS_MAX = 200;
const SAMPLES_MAX = 12;
const PAGE = 1000;
/** Assumed where there is no history. */
const ASSUMED_MS = 30_000;

/** The median of the newest releases of a cluster that the log knows, from the command to the last healthy instance. */
export async function estimateBoot(engine: Engine, cluster: Cluster<unknown>): Promise<BootEstimate> {
  const samples: number[] = [];
  for (const { run } of await engine.list({ limit: RUNS_MAX })) {
    samples.push(...bootsIn(await engine.read(run, 0, PAGE), clusterId(cluster)));
    if (samples.length >= SAMPLES_MAX) break;
  }
  const sorted = samples.slice(0, SAMPLES_MAX).toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)];
  return median === undefined
    ? { bootMs: ASSUMED_MS, samples: 0 }
    : { bootMs: median, samples: sorted.length };
}

function bootsIn(events: readonly Event[], cluster: string): readonly number[] {
  const ours = new Set<string>();
  const created = new Map<string, number>();
  const boots: number[] = [];
  for (const event of events) {
    if (event.type === "rollout-planned" && clusterId(event.cluster) === cluster) ours.add(event.stage);
    if (
      event.type === "rollout-command-sent" &&
      event.body.do === "create-group" &&
      !event.body.role &&
      ours.has(event.stage)
    )
      created.set(event.stage, event.at);
    if (event.type !== "rollout-phase-reached") continue;
    const since = created.get(event.stage);
    if (since !== undefined) boots.push(event.at - since);
    created.delete(event.stage);
  }
  return boots;
}
