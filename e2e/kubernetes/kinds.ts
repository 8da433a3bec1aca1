import { ApisApi, type KubernetesObject } from "@kubernetes/client-node";
import type { Bed } from "../beds/kubernetes/index.ts";
import {
  gatewayRoute,
  istio,
  nginxCanary,
  serviceSelector,
  type Traffic,
} from "@gennaker/provider-kubernetes";

/** The kinds of traffic. */
export const KINDS = ["serviceSelector", "proportional", "gatewayRoute", "istio", "nginxCanary"] as const;
export type Kind = (typeof KINDS)[number];

type Objects = readonly KubernetesObject[];

interface KindOfTraffic {
  readonly traffic: Traffic;
  /** What a user makes before the first group. */
  readonly objects: (
    cluster: string,
    namespace: string,
    selector?: Readonly<Record<string, string>>,
  ) => Objects;
}

const PORT = { port: 80, targetPort: 8080 };

const KINDS_OF_TRAFFIC: Record<Kind, KindOfTraffic> = {
  serviceSelector: { traffic: serviceSelector(), objects: service },
  proportional: { traffic: serviceSelector({ mode: "proportional" }), objects: service },
  gatewayRoute: {
    traffic: gatewayRoute(PORT),
    objects: (name, namespace) => [
      {
        apiVersion: "gateway.networking.k8s.io/v1",
        kind: "HTTPRoute",
        metadata: { name, namespace },
        spec: { parentRefs: [{ name: "front" }], rules: [{ backendRefs: [] }] },
      } as Objects[number],
    ],
  },
  istio: {
    traffic: istio(PORT),
    objects: (name, namespace) => [
      {
        apiVersion: "networking.istio.io/v1",
        kind: "VirtualService",
        metadata: { name, namespace },
        spec: { hosts: [name], http: [{ directResponse: { status: 503 } }] },
      } as Objects[number],
    ],
  },
  nginxCanary: {
    traffic: nginxCanary(PORT),
    objects: (name, namespace) => [
      {
        apiVersion: "networking.k8s.io/v1",
        kind: "Ingress",
        metadata: { name, namespace },
        spec: {
          ingressClassName: "nginx",
          rules: [
            {
              host: `${name}.${namespace}.example`,
              http: {
                paths: [
                  {
                    path: "/",
                    pathType: "Prefix",
                    backend: { service: { name: "nobody", port: { number: 80 } } },
                  },
                ],
              },
            },
          ],
        },
      } as Objects[number],
    ],
  },
};

function service(
  name: string,
  namespace: string,
  selector: Readonly<Record<string, string>> = { app: "shop" },
): Objects {
  const spec = { selector, ports: [{ name: "http", port: 80, targetPort: 8080 }] };
  return [{ apiVersion: "v1", kind: "Service", metadata: { name, namespace }, spec } as Objects[number]];
}

/** Those that an API server knows the objects of. */
export async function servedKinds({ admin }: Bed): Promise<readonly Kind[]> {
  const { groups } = await admin.config.makeApiClient(ApisApi).getAPIVersions();
  const served = new Set(groups.map(({ name }) => name));
  return KINDS.filter((kind) => served.has(GROUPS[kind] ?? "apps"));
}

const GROUPS: Partial<Record<Kind, string>> = {
  gatewayRoute: "gateway.networking.k8s.io",
  istio: "networking.istio.io",
};

export function kindOf(kind: Kind): KindOfTraffic {
  return KINDS_OF_TRAFFIC[kind];
}
