import type { ApiObject } from "../access/objects.ts";
import { type Balancer, until } from "../index.ts";

/** A Service of port 80 before the pods' 8080. */
export function service(namespace: string, name: string, selector: Record<string, string>): ApiObject {
  const spec = { selector, ports: [{ port: 80, targetPort: 8080 }] };
  return { apiVersion: "v1", kind: "Service", metadata: { name, namespace }, spec };
}

/** An HTTPRoute `shop` between `shop-a` and `shop-b`. */
export function httpRoute(namespace: string, a: number, b: number): ApiObject {
  const backendRefs = [
    { name: "shop-a", port: 80, weight: a },
    { name: "shop-b", port: 80, weight: b },
  ];
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name: "shop", namespace },
    spec: { parentRefs: [{ name: "gateway" }], rules: [{ backendRefs }] },
  };
}

/** A VirtualService `shop` between `shop-a` and `shop-b`. */
export function virtualService(namespace: string, a: number, b: number): ApiObject {
  const route = [
    { destination: { host: "shop-a", port: { number: 80 } }, weight: a },
    { destination: { host: `shop-b.${namespace}.svc.cluster.local` }, weight: b },
  ];
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name: "shop", namespace },
    spec: { hosts: ["shop"], http: [{ route }] },
  };
}

/** An NGINX ingress of `shop.test`; a canary with a weight. */
export function ingress(namespace: string, name: string, to: string, canaryWeight?: number): ApiObject {
  const canary = "nginx.ingress.kubernetes.io/canary";
  const annotations =
    canaryWeight === undefined ? {} : { [canary]: "true", [`${canary}-weight`]: `${canaryWeight}` };
  const backend = { service: { name: to, port: { number: 80 } } };
  const paths = [{ path: "/", pathType: "Prefix", backend }];
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: { name, namespace, annotations },
    spec: { ingressClassName: "nginx", rules: [{ host: "shop.test", http: { paths } }] },
  };
}

/** Waits until each of the backends has as many endpoints. */
export async function settled(balancer: Balancer, backends: number, endpoints: number): Promise<void> {
  await until(
    () =>
      (balancer.shares.length === backends &&
        balancer.shares.every((share) => share.endpoints.length === endpoints)) ||
      undefined,
    { what: `the balancer has ${backends} backends of ${endpoints} endpoints` },
  );
}

/** Who answers a hundred requests: the versions, or the statuses of what is not an answer, with how many. */
export async function hundred({ url }: Balancer): Promise<Record<string, number>> {
  const seen: Record<string, number> = {};
  for (let n = 0; n < 100; n += 1) {
    const response = await fetch(url);
    await response.arrayBuffer();
    const version = response.headers.get("x-version") ?? String(response.status);
    seen[version] = (seen[version] ?? 0) + 1;
  }
  return seen;
}
