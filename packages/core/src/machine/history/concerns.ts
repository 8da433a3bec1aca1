import { applicationOf, clusterId, type Cluster } from "../../model/cluster.ts";
import type { Write } from "../../ports/engine.ts";
import type { Event, NewEvent } from "../events.ts";

/** The same write, with what its events say that the run has to do with. */
export function withConcerns(write: Write): Write {
  const concerns = concernsOf(write.events);
  return concerns.clusters.length === 0 ? write : { ...write, concerns };
}

/** What events say that their run has to do with. */
export function concernsOf(events: readonly (NewEvent | Event)[]): NonNullable<Write["concerns"]> {
  const clusters = events.flatMap((event) => clusterIn(event) ?? []);
  return {
    clusters: [...new Set(clusters.map(clusterId))],
    applications: [...new Set(clusters.map(applicationOf))],
  };
}

// A deploy that waits for its turn has to do with its cluster, too: its input names it.
function clusterIn(event: NewEvent | Event): Cluster | undefined {
  if (event.type === "rollout-planned") return event.cluster;
  if (event.type !== "stage-started") return undefined;
  const { cluster } = (event.input ?? {}) as { readonly cluster?: Partial<Cluster> };
  return isCluster(cluster) ? cluster : undefined;
}

function isCluster(cluster: Partial<Cluster> | undefined): cluster is Cluster {
  return [cluster?.provider, cluster?.account, cluster?.location, cluster?.name].every(
    (field) => typeof field === "string",
  );
}
