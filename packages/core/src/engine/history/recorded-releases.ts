import { clusterId, type Cluster, type ClusterState } from "../../model/cluster.ts";
import type { Json } from "../../model/json.ts";
import { secretsIn } from "../../model/secret.ts";
import type { Engine } from "../../ports/engine.ts";
import { readRun } from "../read-run.ts";

// Groups that a cluster could go back to are of its newest runs.
const RUNS_MAX = 50;

/**
 * A cluster with releases as the log has them, where they refer to secrets: a provider shows what it was given, the secrets
 * themselves included.
 */
export async function withRecordedReleases(
  world: ClusterState,
  cluster: Cluster<unknown>,
  engine: Engine,
): Promise<ClusterState> {
  if (!world.groups.some(({ release }) => release !== undefined)) return world;
  const recorded = await releasesOf(cluster, engine);
  const groups = world.groups.map((group) => {
    const release = recorded.get(group.name);
    return release !== undefined && secretsIn(release).length > 0 ? { ...group, release } : group;
  });
  return { ...world, groups };
}

/** What each group was made to run, by the name of the group; the newest of a name. */
async function releasesOf(cluster: Cluster<unknown>, engine: Engine): Promise<ReadonlyMap<string, Json>> {
  const id = clusterId(cluster);
  const releases = new Map<string, Json>();
  for (const { run } of await engine.list({ cluster: id, limit: RUNS_MAX })) {
    const planned = new Map<string, Json>();
    for (const event of await readRun(engine, run)) {
      if (event.type === "rollout-planned" && clusterId(event.cluster) === id)
        planned.set(event.stage, event.release);
      const release = event.type === "rollout-candidate-found" ? planned.get(event.stage) : undefined;
      if (event.type === "rollout-candidate-found" && release !== undefined && !releases.has(event.group))
        releases.set(event.group, release);
    }
  }
  return releases;
}
