import type { Resource } from "../api/resource.ts";
import type { KubernetesObject } from "../objects/objects.ts";
import { groupNames, isLeftOver } from "./group-names.ts";
import { type GroupPort, type Route, routeIn, type Traffic, type TrafficView } from "./traffic.ts";
import { strangers, wholeWeights } from "./weights.ts";

/** How an HTTPRoute gives traffic to groups. */
export interface GatewayRouteOptions extends GroupPort {
  /** Name of the HTTPRoute, which you make. Default: the cluster's name. */
  readonly route?: string;
  /** Which of its rules, by name or by place from 0. Default 0. */
  readonly rule?: string | number;
}

interface BackendRef {
  readonly name: string;
  readonly kind?: string;
  readonly port?: number;
  readonly weight?: number;
}

interface Rule {
  readonly name?: string;
  readonly backendRefs?: readonly BackendRef[];
}

type HttpRoute = KubernetesObject & { readonly spec?: { readonly rules?: readonly Rule[] } };

const HTTP_ROUTES: Resource = {
  group: "gateway.networking.k8s.io",
  version: "v1",
  kind: "HTTPRoute",
  plural: "httproutes",
};

/**
 * Traffic by the weights of one rule of a Gateway API HTTPRoute. Each group gets a Service.
 *
 * @example kubernetes({ namespace: "shop", traffic: gatewayRoute({ port: 80, targetPort: 8080 }) })
 */
export function gatewayRoute({ route, rule = 0, port, targetPort }: GatewayRouteOptions): Traffic {
  const at = (cluster: string): Route => ({ resource: HTTP_ROUTES, name: route ?? cluster });
  const rulesOf = (view: TrafficView): readonly Rule[] =>
    routeIn<HttpRoute>(view, at(view.cluster))?.spec?.rules ?? [];
  const find = (view: TrafficView): Rule | undefined =>
    rulesOf(view).find(({ name }, place) => (typeof rule === "number" ? place === rule : name === rule));
  const where = (cluster: string): string => `HTTPRoute ${at(cluster).name}, rule ${rule}`;
  return {
    kind: "gatewayRoute",
    mode: "weighted",
    port: { port, ...(targetPort !== undefined && { targetPort }) },
    routes: (cluster) => [at(cluster)],
    read: (view) => weightsOf(find(view)),
    write: (view, shares) => {
      const found = find(view);
      const { name } = at(view.cluster);
      if (!found) return { problems: [`${where(view.cluster)}: there is no such rule`] };
      const foreign = strangers(where(view.cluster), staying(weightsOf(found), view), groupNames(view));
      if (foreign.length > 0) return { problems: foreign };
      const backendRefs = backends(found, wholeWeights(shares), view, port);
      const rules = rulesOf(view).map((each) => (each === found ? { ...each, backendRefs } : each));
      return { changes: [{ route: at(view.cluster), object: { metadata: { name }, spec: { rules } } }] };
    },
    problems: (view) => (find(view) ? [] : [`${where(view.cluster)}: there is no such rule`]),
  };
}

function weightsOf(rule: Rule | undefined): Record<string, number> {
  return Object.fromEntries((rule?.backendRefs ?? []).map(({ name, weight = 1 }) => [name, weight]));
}

// A destroyed group may still be named; it is dropped.
function staying(weights: Readonly<Record<string, number>>, view: TrafficView): Record<string, number> {
  return Object.fromEntries(Object.entries(weights).filter(([name]) => !isLeftOver(name, view)));
}

function backends(
  rule: Rule,
  weights: Readonly<Record<string, number>>,
  view: TrafficView,
  port: number,
): readonly BackendRef[] {
  const kept = (rule.backendRefs ?? []).filter(({ name }) => !isLeftOver(name, view));
  const known = new Set(kept.map(({ name }) => name));
  const added = Object.keys(weights).filter((name) => !known.has(name));
  // What is said of a backend besides its weight, filters for example, stays.
  return [...kept, ...added.map((name) => ({ name, port }))].map((ref) => ({
    ...ref,
    weight: weights[ref.name] ?? 0,
  }));
}
