import type { Resource } from "../api/resource.ts";
import type { KubernetesObject } from "../objects/objects.ts";
import { ruledRoute } from "./ruled-route.ts";
import type { GroupPort, Traffic } from "./traffic.ts";

/** How a VirtualService gives traffic to groups. */
export interface IstioOptions extends GroupPort {
  /** Name of the VirtualService, which you make. Default: the cluster's name. */
  readonly virtualService?: string;
  /** Which of its HTTP routes, by name or by place from 0. Default 0. */
  readonly http?: string | number;
}

interface Destination {
  readonly destination: { readonly host: string; readonly port?: { readonly number: number } };
  readonly weight?: number;
}

interface HttpRule {
  readonly name?: string;
  readonly route?: readonly Destination[];
  readonly directResponse?: { readonly status: number };
}

type VirtualService = KubernetesObject & { readonly spec?: { readonly http?: readonly HttpRule[] } };

const VIRTUAL_SERVICES: Resource = {
  group: "networking.istio.io",
  version: "v1",
  kind: "VirtualService",
  plural: "virtualservices",
};

/**
 * Traffic by the weights of one HTTP route of an Istio VirtualService. Each group gets a Service.
 *
 * @example kubernetes({ namespace: "shop", traffic: istio({ port: 80, targetPort: 8080 }) })
 */
export function istio({ virtualService, http = 0, ...ports }: IstioOptions): Traffic {
  return ruledRoute<VirtualService, HttpRule>({
    ...ports,
    kind: "istio",
    route: (cluster) => ({ resource: VIRTUAL_SERVICES, name: virtualService ?? cluster }),
    which: http,
    called: ["http", "route"],
    rulesOf: (object) => object?.spec?.http ?? [],
    specOf: (rules) => ({ http: rules }),
    weightsOf,
    weighted: (found, weights) => routed(found, weights, ports.port),
  });
}

// `shop-api` and `shop-api.shop.svc.cluster.local` are one Service.
const serviceOf = ({ destination }: Destination): string => destination.host.split(".")[0] ?? "";

function weightsOf(rule: HttpRule | undefined): Record<string, number> {
  const route = rule?.route ?? [];
  // To Istio, a single destination needs no weight.
  const single = route.length === 1 ? 100 : 0;
  return Object.fromEntries(route.map((each) => [serviceOf(each), each.weight ?? single]));
}

function routed(rule: HttpRule, weights: Readonly<Record<string, number>>, port: number): HttpRule {
  const { route = [], directResponse: _, ...rest } = rule;
  const names = Object.keys(weights);
  // Weights that are all 0 are invalid: nobody is an answer of its own.
  if (names.length === 0) return { ...rest, directResponse: { status: 503 } };
  const destinations = names.map((name): Destination => {
    const known = route.find((each) => serviceOf(each) === name);
    return {
      ...(known ?? { destination: { host: name, port: { number: port } } }),
      weight: weights[name] ?? 0,
    };
  });
  return { ...rest, route: destinations };
}
