import type { Condition, Provider, Token } from "@gennaker/core/ports";
import type { Call } from "../api/calls.ts";
import { isAnswer, Refusal } from "../api/failure.ts";
import type { Ground } from "../ground.ts";
import { TRAFFIC_MANAGER } from "../marks.ts";
import type { KubernetesObject, Pod, ReplicaSet } from "../objects/objects.ts";
import { lookAtRoutes } from "../observe/look.ts";
import { type Route, type RouteChange, routeKey, type TrafficView } from "../traffic/traffic.ts";
import { again } from "./again.ts";
import { checkShares } from "./checks.ts";
import { admit, marked, refuseUnlessRecorded } from "./fence.ts";
import { moveAutoscaler } from "./move-autoscaler.ts";
import { labelPods } from "./label-pods.ts";
import { noSuchGroup } from "./scale-group.ts";
import { recordDigests } from "./record-digests.ts";
import { setsIf } from "./situation.ts";

/** What the caller was told last of the traffic; undefined: nothing yet. */
export interface TrafficTold {
  readonly weights: string | undefined;
  readonly tell: (weights: string) => void;
  /** Pods of the cluster, as they were told last; none when nobody watches. */
  readonly pods: readonly Pod[];
}

/** Sets all shares, each object in the very version that was looked at. */
export async function setTraffic(
  ground: Ground,
  { shares, condition }: Parameters<Provider["setTraffic"]>[1],
  token: Token,
  call: Call,
  told: TrafficTold,
  replaced?: string,
): Promise<void> {
  checkShares(shares, ground.traffic.mode);
  const { cluster, traffic } = ground;
  const sets = await again(`traffic of ${cluster}`, () => change(), call);
  if (traffic.labelsPods) await labelPods(ground, sets, shares, token, call);
  await moveAutoscaler(ground, shares, token, call);
  const serving = sets.filter(({ metadata }) => (shares[metadata.name] ?? 0) > 0);
  await recordDigests(ground, serving, told.pods, token, call);

  async function change(): Promise<readonly ReplicaSet[]> {
    const view = await viewIf(ground, condition, call);
    await admitAll(ground, view, token, call);
    const absent = named(shares).find((name) => !view.sets.some(({ metadata }) => metadata.name === name));
    if (absent !== undefined) throw noSuchGroup(absent);
    refuseUnseen(ground, view, shares, told);
    const plan = traffic.write({ ...view, ...(replaced !== undefined && { replaced }) }, shares);
    if ("problems" in plan) throw new Refusal("invalid", plan.problems.join("; "));
    const routes = new Map(view.routes);
    // One after the other: the order is the traffic's, and one object may be written twice.
    for (const each of plan.changes)
      routes.set(routeKey(each.route), await write(ground, each, routes, token, call));
    told.tell(weightsText(ground, { ...view, routes }));
    return view.sets;
  }
}

/** What is told of the traffic of a cluster, for comparison. */
export function weightsText({ traffic }: Ground, view: TrafficView): string {
  return textOf(traffic.read(view));
}

function textOf(weights: Readonly<Record<string, number>>): string {
  const given = Object.entries(weights).filter(([, weight]) => weight > 0);
  return JSON.stringify(given.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function named(shares: Readonly<Record<string, number>>): readonly string[] {
  return Object.keys(shares).filter((name) => (shares[name] ?? 0) > 0);
}

async function viewIf(ground: Ground, condition: Condition | undefined, call: Call): Promise<TrafficView> {
  const [routes, sets] = await Promise.all([lookAtRoutes(ground, call), setsIf(ground, condition, call)]);
  return { cluster: ground.cluster, routes, sets };
}

async function admitAll(ground: Ground, view: TrafficView, token: Token, call: Call): Promise<void> {
  for (const route of ground.traffic.routes(ground.cluster)) {
    const object = view.routes.get(routeKey(route));
    await admit(ground, token, object, call);
    if (!object && !route.blank) throw noSuchRoute(ground, route);
  }
}

/** What to say of a router that is not there. */
export function noSuchRoute({ calls, traffic }: Ground, { resource, name }: Route): Refusal {
  return new Refusal(
    "not-found",
    `there is no ${resource.kind} ${name} in namespace ${calls.namespace}: make it, ${traffic.kind} only changes it`,
  );
}

// Somebody else moved traffic since it was looked at: whoever decides must see that first.
function refuseUnseen(
  ground: Ground,
  view: TrafficView,
  shares: Readonly<Record<string, number>>,
  told: TrafficTold,
): void {
  if (told.weights === undefined || ground.traffic.labelsPods) return;
  const now = weightsText(ground, view);
  if (now === told.weights) return;
  const wanted = textOf(shares);
  if (now === wanted) return;
  told.tell(now);
  throw new Refusal("conflict", `traffic was changed by somebody else since it was looked at: now ${now}`);
}

async function write(
  ground: Ground,
  { route, object }: RouteChange,
  routes: ReadonlyMap<string, KubernetesObject>,
  token: Token,
  call: Call,
): Promise<KubernetesObject> {
  const { calls } = ground;
  const current = routes.get(routeKey(route)) ?? (await make(ground, route, routes, token, call));
  // Only the very version that was looked at is changed, by whomever it was written.
  const { resourceVersion } = current.metadata;
  const metadata = { ...object.metadata, ...(resourceVersion !== undefined && { resourceVersion }) };
  return calls.apply(route.resource, { ...object, metadata }, TRAFFIC_MANAGER, call);
}

async function make(
  ground: Ground,
  route: Route,
  routes: ReadonlyMap<string, KubernetesObject>,
  token: Token,
  call: Call,
): Promise<KubernetesObject> {
  const { calls, cluster } = ground;
  const blank = route.blank?.({ cluster, routes, sets: [] });
  if (!blank) throw noSuchRoute(ground, route);
  const mark = marked(cluster, { epoch: token.epoch, run: token.run });
  const annotations = { ...blank.metadata.annotations, ...mark };
  try {
    return await calls.create(
      route.resource,
      { ...blank, metadata: { ...blank.metadata, annotations } },
      call,
    );
  } catch (error) {
    if (!isAnswer(error, 409, "AlreadyExists")) throw error;
    return calls.get(route.resource, route.name, call);
  } finally {
    // What was just made, no earlier claim has marked.
    await refuseUnlessRecorded(ground, token, call);
  }
}
