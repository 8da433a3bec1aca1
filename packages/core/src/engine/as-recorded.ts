import type { Cluster, ClusterState } from "../model/cluster.ts";
import type { Surroundings } from "./surroundings.ts";
import { concealReleases } from "./secrets.ts";

/**
 * A cluster with references in the place of secrets in its releases, as the log has them: what a stage finds there it may
 * record. A provider shows what it was given, also after a restart, when nobody remembers what was secret.
 */
export async function asRecorded(
  world: ClusterState,
  cluster: Cluster<unknown>,
  { secrets, journal }: Pick<Surroundings, "secrets" | "journal">,
): Promise<ClusterState> {
  return journal.withRecordedReleases(concealReleases(world, secrets), cluster);
}
