import type { KubernetesObject } from "@kubernetes/client-node";

/** The object that says where requests go. */
export interface Front {
  /** `Ingress` is NGINX's: the named one and the canary ingresses of its host and path. */
  readonly kind: "Service" | "HTTPRoute" | "VirtualService" | "Ingress";
  readonly name: string;
}

/** A Service and its share of the requests. */
export interface Backend {
  readonly service: string;
  readonly port?: number | string;
  /** Relative to the others. */
  readonly weight: number;
}

/** The path of the objects of a front's kind in a namespace. */
export function frontPath({ kind }: Front, namespace: string): string {
  const at = {
    Service: "/api/v1/namespaces/NS/services",
    HTTPRoute: "/apis/gateway.networking.k8s.io/v1/namespaces/NS/httproutes",
    VirtualService: "/apis/networking.istio.io/v1/namespaces/NS/virtualservices",
    Ingress: "/apis/networking.k8s.io/v1/namespaces/NS/ingresses",
  };
  return at[kind].replace("NS", namespace);
}

type Found = Readonly<Record<string, unknown>> & KubernetesObject;

/** What a front says, from the objects of its kind; nothing when there is none of its name. */
export function backendsOf({ kind, name }: Front, objects: Iterable<KubernetesObject>): readonly Backend[] {
  const all = [...objects] as Found[];
  const own = all.find((object) => object.metadata?.name === name);
  if (!own) return [];
  if (kind === "Service") return [{ service: name, weight: 1 }];
  if (kind === "HTTPRoute") return ofHttpRoute(own);
  return kind === "VirtualService" ? ofVirtualService(own) : ofIngress(own, all);
}

interface HttpRoute {
  readonly rules?: readonly {
    readonly backendRefs?: readonly { name: string; port?: number; weight?: number }[];
  }[];
}

function ofHttpRoute(route: Found): readonly Backend[] {
  const refs = (route["spec"] as HttpRoute | undefined)?.rules?.[0]?.backendRefs ?? [];
  return refs.map(({ name: service, port, weight = 1 }) => ({
    service,
    weight,
    ...(port === undefined ? {} : { port }),
  }));
}

interface VirtualService {
  readonly http?: readonly {
    readonly route?: readonly {
      readonly destination: {
        readonly host: string;
        readonly subset?: string;
        readonly port?: { readonly number: number };
      };
      readonly weight?: number;
    }[];
  }[];
}

// A lone destination without a weight gets everything; among several, no weight is none.
function ofVirtualService(found: Found): readonly Backend[] {
  const routes = (found["spec"] as VirtualService | undefined)?.http?.[0]?.route ?? [];
  return routes.map(({ destination: { host, subset, port }, weight = routes.length === 1 ? 100 : 0 }) => {
    if (subset !== undefined)
      throw new Error("the bed's balancer knows VirtualService hosts, and no subsets");
    return { service: host.split(".")[0] ?? host, weight, ...(port ? { port: port.number } : {}) };
  });
}

interface Ingress {
  readonly rules?: readonly {
    readonly host?: string;
    readonly http?: {
      readonly paths: readonly {
        readonly path?: string;
        readonly backend: { readonly service?: { name: string; port?: { number?: number; name?: string } } };
      }[];
    };
  }[];
}

const CANARY = "nginx.ingress.kubernetes.io/canary";

function ofIngress(main: Found, all: readonly Found[]): readonly Backend[] {
  const canary = all.find(
    (other) =>
      other.metadata?.annotations?.[CANARY] === "true" && other !== main && placeOf(other) === placeOf(main),
  );
  const annotations = canary?.metadata?.annotations ?? {};
  const total = Number(annotations[`${CANARY}-weight-total`] ?? 100);
  const share = canary ? Math.min(Number(annotations[`${CANARY}-weight`] ?? 0), total) : 0;
  const found = [
    { ingress: main, weight: total - share },
    ...(canary ? [{ ingress: canary, weight: share }] : []),
  ];
  return found.flatMap(({ ingress, weight }) => {
    const service = firstPath(ingress)?.backend.service;
    const port = service?.port?.number ?? service?.port?.name;
    return service ? [{ service: service.name, weight, ...(port === undefined ? {} : { port }) }] : [];
  });
}

function firstRule(ingress: Found): NonNullable<Ingress["rules"]>[number] | undefined {
  return (ingress["spec"] as Ingress | undefined)?.rules?.[0];
}

function firstPath(ingress: Found) {
  return firstRule(ingress)?.http?.paths[0];
}

function placeOf(ingress: Found): string {
  return `${firstRule(ingress)?.host ?? "*"} ${firstPath(ingress)?.path ?? "/"}`;
}
