import { ConfigurationError } from "../errors.ts";
import { permitKey } from "../machine/run/permit.ts";
import type { Cluster, ClusterState } from "../model/cluster.ts";
import type { Engine } from "../ports/engine.ts";
import { checkCluster } from "../stages/deploy-input.ts";
import type { DeployInput } from "../stages/deploy.ts";
import { asRecorded } from "./as-recorded.ts";
import { estimateBoot } from "./boot-history.ts";
import type { DeliveryParts } from "./delivery-parts.ts";
import type { Journal } from "./journal.ts";
import { ProviderCalls } from "./provider-calls.ts";
import { servedIn } from "./undo-history.ts";
import { undoFactory } from "./undo-strategy.ts";
import { undoTarget, undoTargets, type UndoTarget } from "./undo.ts";

/** Where to look for what there was, and what there is. */
type Sources = Pick<DeliveryParts, "engine" | "journal" | "registry" | "clock" | "calls" | "secrets">;

/** Where a cluster could go back to, and what it would cost. @throws ConfigurationError when it is not of this delivery */
export async function undoTargetsOf(
  cluster: Cluster<unknown>,
  sources: Sources,
  signal?: AbortSignal,
): Promise<readonly UndoTarget[]> {
  return targetsIn(await look(cluster, sources, signal), cluster, sources.engine);
}

/** The deploy that takes a cluster back. @throws ConflictError when there is nothing to go back to */
export async function undoOf(
  cluster: Cluster<unknown>,
  to: string | undefined,
  sources: Sources,
): Promise<DeployInput<unknown>> {
  const world = await look(cluster, sources);
  const stable = to === undefined ? await stableUnderWay(cluster, world, sources.journal) : undefined;
  const { group, release, state } =
    stable ?? undoTarget(cluster, await targetsIn(world, cluster, sources.engine), to);
  const common = { cluster, release, onBusy: "supersede" } as const;
  return state === "gone"
    ? { ...common, strategy: undoFactory({ recreate: true }) }
    : { ...common, strategy: undoFactory(), group };
}

async function look(
  cluster: Cluster<unknown>,
  sources: Sources,
  signal?: AbortSignal,
): Promise<ClusterState> {
  const { registry, clock, calls } = sources;
  const provider = registry.provider(cluster?.provider);
  const problems = [...checkCluster(cluster), ...(provider ? [] : registry.providerProblems(cluster))];
  if (!provider || problems.length > 0) throw new ConfigurationError("undo", problems);
  const patience = signal ?? new AbortController().signal;
  const world = await new ProviderCalls(provider, cluster as Cluster, clock, calls).observe(patience);
  return asRecorded(world, cluster, sources);
}

async function targetsIn(
  world: ClusterState,
  cluster: Cluster<unknown>,
  engine: Engine,
): Promise<readonly UndoTarget[]> {
  const history = await servedIn(engine, cluster);
  return undoTargets({ world, history, boot: await estimateBoot(engine, cluster) });
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
