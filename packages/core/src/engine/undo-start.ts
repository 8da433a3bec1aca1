import { permitKey } from "../machine/run/permit.ts";
import type { Cluster, ClusterState } from "../model/cluster.ts";
import type { Engine } from "../ports/engine.ts";
import type { DeployInput } from "../stages/deploy.ts";
import { estimateBoot } from "./boot-history.ts";
import type { Journal } from "./journal.ts";
import { servedIn } from "./undo-history.ts";
import { undoFactory } from "./undo-strategy.ts";
import { undoTarget, undoTargets, type UndoTarget } from "./undo.ts";

/** What knows the past. */
interface Past {
  readonly engine: Engine;
  readonly journal: Journal;
}

/** Where a cluster could go back to, and what it would cost. */
export async function undoTargetsOf(
  cluster: Cluster<unknown>,
  world: ClusterState,
  { engine }: Past,
): Promise<readonly UndoTarget[]> {
  const history = await servedIn(engine, cluster);
  return undoTargets({ world, history, boot: await estimateBoot(engine, cluster) });
}

/** The deploy that takes a cluster back. @throws ConflictError when there is nothing to go back to */
export async function undoOf(
  cluster: Cluster<unknown>,
  world: ClusterState,
  to: string | undefined,
  past: Past,
): Promise<DeployInput<unknown>> {
  const stable = to === undefined ? await stableUnderWay(cluster, world, past.journal) : undefined;
  const { group, release, state } =
    stable ?? undoTarget(cluster, await undoTargetsOf(cluster, world, past), to);
  const common = { cluster, release, onBusy: "supersede" } as const;
  return state === "gone"
    ? { ...common, strategy: undoFactory({ recreate: true }) }
    : { ...common, strategy: undoFactory(), group };
}

// In the middle of a rollout "back" is to what served before it, whoever has the traffic at this moment.
async function stableUnderWay(
  cluster: Cluster<unknown>,
  { groups }: ClusterState,
  journal: Journal,
): Promise<Pick<UndoTarget, "group" | "release" | "state"> | undefined> {
  const [first] = await journal.line(permitKey(cluster));
  const rollout = first?.granted
    ? (await journal.state(first.run))?.stages[first.holder]?.rollout
    : undefined;
  const stable = groups.find(({ name }) => name === rollout?.planned.before?.group);
  if (!stable || rollout?.outcome !== undefined || stable.release === undefined) return undefined;
  return { group: stable.name, release: stable.release, state: "warm" };
}
