import type { TrafficMode } from "@gennaker/core/ports";
import type { Resource } from "../api/resource.ts";
import type { KubernetesObject, ReplicaSet } from "../objects/objects.ts";

/** An object that routes a cluster's traffic. */
export interface Route {
  readonly resource: Resource;
  readonly name: string;
  /** Makes it where it does not exist, so that it does nothing yet. Without it: you make it, and it must be there. */
  readonly blank?: (view: TrafficView) => KubernetesObject;
}

/** What a kind of traffic sees of a cluster. */
export interface TrafficView {
  readonly cluster: string;
  /** By `routeKey`. An object that does not exist is not in it. */
  readonly routes: ReadonlyMap<string, KubernetesObject>;
  readonly sets: readonly ReplicaSet[];
  /** A Service that is no group's and gives its traffic to one: when a Deployment is taken over. */
  readonly replaced?: string;
}

/** A port of the Services that groups get where traffic is split between Services. */
export interface GroupPort {
  readonly port: number;
  /** Port of the pods, by number or name. Default: `port`. */
  readonly targetPort?: number | string;
}

/** What one object is to say: only the fields named here are changed, by server-side apply. */
export interface RouteChange {
  readonly route: Route;
  readonly object: KubernetesObject & Readonly<Record<string, unknown>>;
}

/** A change that takes traffic from whoever has these labels. */
export interface ShieldChange extends RouteChange {
  readonly cutsOff: Readonly<Record<string, string>>;
}

/**
 * A way to give groups traffic: two pure functions between shares and Kubernetes objects. Reading, conditional writing,
 * fencing and watching are the provider's. Write your own to use another router.
 *
 * @example
 * const header: Traffic = {
 *   kind: "contour",
 *   mode: "weighted",
 *   port: { port: 80 },
 *   routes: (cluster) => [{ resource: HTTP_PROXIES, name: cluster }],
 *   read: ({ cluster, routes }) => weightsIn(routes.get(`HTTPProxy ${cluster}`)),
 *   write: ({ cluster, routes }, shares) => ({ changes: [{ route, object: withWeights(…) }] }),
 * };
 */
export interface Traffic {
  /** For messages: `gatewayRoute`. */
  readonly kind: string;
  readonly mode: TrafficMode;
  /** Each group gets a Service of its own name with this port. Without it: none. */
  readonly port?: GroupPort;
  /** Groups are enabled pod by pod: a label on the pods says who gets traffic. */
  readonly labelsPods?: boolean;
  /** The objects that route the traffic of a cluster; always the same. */
  routes(cluster: string): readonly Route[];
  /** Weights by group's name, as the objects say; who is not named has none. Others, that are no groups, count too. */
  read(view: TrafficView): Readonly<Record<string, number>>;
  /** What the objects are to say, in the order of writing, or why that is impossible. `shares` sum to 100 or are empty. */
  write(view: TrafficView, shares: Readonly<Record<string, number>>): TrafficPlan;
  /** What is wrong with the objects as they are; empty when they can be used. */
  problems?(view: TrafficView): readonly string[];
  /** Before a new group is made: a change without which it would get traffic at once. */
  shield?(view: TrafficView): ShieldChange | undefined;
}

/** Changes, or problems because of which there are none. */
export type TrafficPlan =
  | { readonly changes: readonly RouteChange[] }
  | { readonly problems: readonly string[] };

/** How `TrafficView.routes` names an object: `HTTPRoute shop-api`. */
export function routeKey({ resource, name }: Route): string {
  return `${resource.kind} ${name}`;
}

/** An object of a view, as far as its kind is known to whoever asks. */
export function routeIn<T extends KubernetesObject>({ routes }: TrafficView, route: Route): T | undefined {
  return routes.get(routeKey(route)) as T | undefined;
}
