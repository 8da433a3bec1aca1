import type { Resource } from "../api/resource.ts";
import { CLUSTER, MANAGED_BY, NOBODY } from "../marks.ts";
import type { KubernetesObject } from "../objects/objects.ts";
import {
  type GroupPort,
  type Route,
  type RouteChange,
  routeIn,
  type Traffic,
  type TrafficPlan,
  type TrafficView,
} from "./traffic.ts";

/** How an Ingress and its canary give traffic to groups. */
export interface NginxCanaryOptions extends GroupPort {
  /** Name of the Ingress, which you make. Default: the cluster's name. Its canary is made beside it: `<name>-canary`. */
  readonly ingress?: string;
}

interface IngressPath {
  readonly backend?: { readonly service?: { readonly name: string; readonly port?: unknown } };
}

interface IngressSpec {
  readonly ingressClassName?: string;
  readonly rules?: readonly { readonly http?: { readonly paths?: readonly IngressPath[] } }[];
}

type Ingress = KubernetesObject & { readonly spec?: IngressSpec };

const INGRESSES: Resource = {
  group: "networking.k8s.io",
  version: "v1",
  kind: "Ingress",
  plural: "ingresses",
};
const CANARY = "nginx.ingress.kubernetes.io/canary";
const WEIGHT = "nginx.ingress.kubernetes.io/canary-weight";

/**
 * Traffic by an Ingress of ingress-nginx and a canary beside it: two groups at a time. Each group gets a Service.
 *
 * @example kubernetes({ namespace: "shop", traffic: nginxCanary({ port: 80, targetPort: 8080 }) })
 */
export function nginxCanary({ ingress, port, targetPort }: NginxCanaryOptions): Traffic {
  const main = (cluster: string): Route => ({ resource: INGRESSES, name: ingress ?? cluster });
  const canary = (cluster: string): Route => {
    const { name } = main(cluster);
    return {
      resource: INGRESSES,
      name: `${name}-canary`,
      blank: (view) => blank(at(view, main), cluster, name),
    };
  };
  const seen = (view: TrafficView): Split => splitOf(at(view, main), at(view, canary));
  return {
    kind: "nginxCanary",
    mode: "weighted",
    port: { port, ...(targetPort !== undefined && { targetPort }) },
    routes: (cluster) => [main(cluster), canary(cluster)],
    read: (view) => weightsOf(seen(view)),
    write: (view, shares) => plan(view, seen(view), shares, { main, canary, port }),
    problems: (view) =>
      serviceOf(at(view, main)) === undefined
        ? [`Ingress ${main(view.cluster).name}: no path of it leads to a Service`]
        : [],
  };
}

/** Who gets what: the canary its weight, the main Ingress the rest. */
interface Split {
  readonly main: string;
  readonly canary: string | undefined;
  readonly weight: number;
}

interface Place {
  readonly main: (cluster: string) => Route;
  readonly canary: (cluster: string) => Route;
  readonly port: number;
}

function at(view: TrafficView, route: (cluster: string) => Route): Ingress | undefined {
  return routeIn<Ingress>(view, route(view.cluster));
}

function serviceOf(ingress: Ingress | undefined): string | undefined {
  const paths = (ingress?.spec?.rules ?? []).flatMap(({ http }) => http?.paths ?? []);
  return paths.find(({ backend }) => backend?.service)?.backend?.service?.name;
}

function splitOf(main: Ingress | undefined, canary: Ingress | undefined): Split {
  const service = serviceOf(canary);
  const weight = canary ? Number(canary.metadata.annotations?.[WEIGHT] ?? 0) : 0;
  return { main: serviceOf(main) ?? NOBODY, canary: service, weight: service === undefined ? 0 : weight };
}

function weightsOf({ main, canary, weight }: Split): Record<string, number> {
  const weights: Record<string, number> = main === NOBODY ? {} : { [main]: 100 - weight };
  if (canary !== undefined && canary !== NOBODY && weight > 0)
    weights[canary] = (weights[canary] ?? 0) + weight;
  return weights;
}

// Each single write leaves traffic only with groups that had or shall have it.
function plan(
  view: TrafficView,
  split: Split,
  shares: Readonly<Record<string, number>>,
  place: Place,
): TrafficPlan {
  const named = Object.keys(shares).filter((name) => (shares[name] ?? 0) > 0);
  if (named.length > 2) return { problems: ["an NGINX canary splits traffic between two groups"] };
  const toMain = (name: string): RouteChange => pointed(view, place, place.main, name);
  const toCanary = (name: string, weight: number): RouteChange =>
    pointed(view, place, place.canary, name, weight);
  const [first = NOBODY, second] = named;
  if (second === undefined) {
    const off = toCanary(first, 0);
    if (split.main === first) return { changes: [off] };
    return {
      changes: split.canary === first ? [toCanary(first, 100), toMain(first), off] : [toMain(first), off],
    };
  }
  // Who is behind the main Ingress stays there; who is behind the canary, too, where that is possible.
  const swapped = split.main === second || (split.main !== first && split.canary === first);
  const [stays, other] = swapped ? [second, first] : [first, second];
  const canary = toCanary(other, shares[other] ?? 0);
  return { changes: split.main === stays ? [canary] : [toMain(stays), canary] };
}

function pointed(
  view: TrafficView,
  { main, port }: Place,
  route: (cluster: string) => Route,
  service: string,
  weight?: number,
): RouteChange {
  const target = route(view.cluster);
  const rules = rulesTo(at(view, route)?.spec ?? at(view, main)?.spec, service, port);
  const annotations =
    weight === undefined ? {} : { annotations: { [CANARY]: "true", [WEIGHT]: String(Math.round(weight)) } };
  return { route: target, object: { metadata: { name: target.name, ...annotations }, spec: { rules } } };
}

function rulesTo(spec: IngressSpec | undefined, service: string, port: number): IngressSpec["rules"] {
  const path = (each: IngressPath): IngressPath =>
    each.backend?.service
      ? { ...each, backend: { service: { name: service, port: { number: port } } } }
      : each;
  return (spec?.rules ?? []).map((rule) =>
    rule.http ? { ...rule, http: { ...rule.http, paths: (rule.http.paths ?? []).map(path) } } : rule,
  );
}

// Belongs to the main Ingress, so that it ends with it.
function blank(main: Ingress | undefined, cluster: string, name: string): Ingress {
  const { uid } = main?.metadata ?? {};
  const owner = { apiVersion: "networking.k8s.io/v1", kind: "Ingress", name, uid: uid ?? "" };
  return {
    metadata: {
      name: `${name}-canary`,
      labels: { [CLUSTER]: cluster, [MANAGED_BY]: "gennaker" },
      annotations: { [CANARY]: "true", [WEIGHT]: "0" },
      ...(uid !== undefined && { ownerReferences: [owner] }),
    },
    spec: { ...main?.spec },
  };
}
