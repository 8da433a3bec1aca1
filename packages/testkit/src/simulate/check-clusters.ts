import { type Cluster, clusterId, ConfigurationError, type Event } from "@gennaker/core/ports";
import type { ClusterStart } from "./pipeline-simulation.ts";

/** @throws ConfigurationError when there is none */
export function checkClusters(clusters: readonly ClusterStart[]): void {
  if (clusters.length === 0)
    throw new ConfigurationError("simulatePipeline", [
      "clusters: name every cluster that the pipeline deploys to",
    ]);
}

/** @throws ConfigurationError when a stage deployed to a cluster that was not given: nobody watched it */
export function checkDeployed(events: readonly Event[], clusters: readonly ClusterStart[]): void {
  const known = new Set(clusters.map(({ cluster }) => clusterId(cluster)));
  const problems = events.flatMap((event) => {
    const cluster = event.type === "stage-started" ? clusterOf(event) : undefined;
    return !cluster || known.has(clusterId(cluster)) || !("stage" in event)
      ? []
      : [
          `stage ${JSON.stringify(event.stage)} deploys to ${clusterId(cluster)}: add it to clusters, as { cluster, groups: [] } where nothing runs yet`,
        ];
  });
  if (problems.length > 0) throw new ConfigurationError("simulatePipeline", [...new Set(problems)]);
}

/** The cluster that a stage acts on, if it is a deploy or an operation. */
export function clusterOf({ input }: Event<"stage-started">): Cluster | undefined {
  const acts = (input ?? {}) as {
    readonly cluster?: Cluster;
    readonly strategy?: unknown;
    readonly do?: unknown;
  };
  const { cluster } = acts;
  return (acts.strategy ?? acts.do) !== undefined && cluster?.provider !== undefined ? cluster : undefined;
}
