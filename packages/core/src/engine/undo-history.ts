import type { Event } from "../machine/events.ts";
import { clusterId, type Cluster } from "../model/cluster.ts";
import type { Json } from "../model/json.ts";
import type { Engine } from "../ports/engine.ts";
import { UNDO } from "./undo-strategy.ts";

/** A rollout that ended well: from then on a release served in a cluster. */
export interface Served {
  readonly run: string;
  /** When the rollout ended. */
  readonly at: number;
  readonly group: string;
  readonly release: Json;
  /** It was an undo: what it brought back had served before. */
  readonly undo: boolean;
}

const RUNS_MAX = 200;
const PAGE = 1000;

/** What has served in a cluster, the oldest first, as far as the newest runs of the log know. */
export async function servedIn(engine: Engine, cluster: Cluster<unknown>): Promise<readonly Served[]> {
  const served: Served[] = [];
  for (const { run } of await engine.list({ limit: RUNS_MAX }))
    served.push(...servedBy(await readAll(engine, run), clusterId(cluster)));
  return served.toSorted((a, b) => a.at - b.at);
}

async function readAll(engine: Engine, run: string): Promise<readonly Event[]> {
  const events: Event[] = [];
  for (;;) {
    const page = await engine.read(run, events.length, PAGE);
    events.push(...page);
    if (page.length < PAGE) return events;
  }
}

function servedBy(events: readonly Event[], cluster: string): readonly Served[] {
  const planned = new Map<string, Event<"rollout-planned">>();
  const groups = new Map<string, string>();
  const served: Served[] = [];
  for (const event of events) {
    if (event.type === "rollout-planned" && clusterId(event.cluster) === cluster) {
      planned.set(event.stage, event);
      if (event.revives !== undefined) groups.set(event.stage, event.revives);
    }
    if (event.type === "rollout-candidate-found") groups.set(event.stage, event.group);
    if (event.type !== "rollout-finished" || event.outcome !== "succeeded") continue;
    const plan = planned.get(event.stage);
    const group = groups.get(event.stage);
    if (!plan || group === undefined) continue;
    const { run, at } = event;
    served.push({
      run,
      at,
      group,
      release: plan.release,
      undo: plan.strategy === UNDO || plan.revives !== undefined,
    });
  }
  return served;
}
