import type { Resource } from "../api/resource.ts";
import type { KubernetesObject } from "../objects/objects.ts";
import { isLeftOver } from "./group-names.ts";
import { ruledRoute } from "./ruled-route.ts";
import type { GroupPort, Traffic, TrafficView } from "./traffic.ts";

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
export function gatewayRoute({ route, rule = 0, ...ports }: GatewayRouteOptions): Traffic {
  return ruledRoute<HttpRoute, Rule>({
    ...ports,
    kind: "gatewayRoute",
    route: (cluster) => ({ resource: HTTP_ROUTES, name: route ?? cluster }),
    which: rule,
    called: ["rule", "rule"],
    rulesOf: (object) => object?.spec?.rules ?? [],
    specOf: (rules) => ({ rules }),
    weightsOf,
    weighted: (found, weights, view) => ({
      ...found,
      backendRefs: backends(found, weights, view, ports.port),
    }),
  });
}

function weightsOf(rule: Rule | undefined): Record<string, number> {
  return Object.fromEntries((rule?.backendRefs ?? []).map(({ name, weight = 1 }) => [name, weight]));
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
