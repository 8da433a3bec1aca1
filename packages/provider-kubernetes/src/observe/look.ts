import type { Call } from "../api/calls.ts";
import { PODS, REPLICA_SETS } from "../api/resource.ts";
import type { Ground } from "../ground.ts";
import { CLUSTER, GROUP } from "../marks.ts";
import type { KubernetesObject, Pod, ReplicaSet } from "../objects/objects.ts";
import { routeKey } from "../traffic/traffic.ts";

/** Label selector of everything of a cluster. */
export function ofCluster(cluster: string): { readonly labels: string } {
  return { labels: `${CLUSTER}=${cluster}` };
}

/** The cluster's ReplicaSets, groups or not, as they are now. */
export async function lookAtSets({ calls, cluster }: Ground, call: Call): Promise<readonly ReplicaSet[]> {
  return (await calls.list<ReplicaSet>(REPLICA_SETS, ofCluster(cluster), call)).items;
}

/** The cluster's pods as they are now; only those of some groups, if they are named. */
export async function lookAtPods(
  { calls, cluster }: Ground,
  call: Call,
  groups: readonly string[] = [],
): Promise<readonly Pod[]> {
  const { labels } = ofCluster(cluster);
  const some = groups.length === 0 ? "" : `,${GROUP} in (${groups.join(",")})`;
  return (await calls.list<Pod>(PODS, { labels: labels + some }, call)).items;
}

/** Objects that route traffic, by `Kind name`. */
export type Routes = ReadonlyMap<string, KubernetesObject>;

/** The objects that route its traffic, as they are now; one that does not exist is left out. */
export async function lookAtRoutes({ calls, cluster, traffic }: Ground, call: Call): Promise<Routes> {
  const routes = traffic.routes(cluster);
  const found = await Promise.all(
    routes.map(
      async (route) => [routeKey(route), await calls.find(route.resource, route.name, call)] as const,
    ),
  );
  return new Map(found.filter((each): each is [string, KubernetesObject] => each[1] !== undefined));
}
