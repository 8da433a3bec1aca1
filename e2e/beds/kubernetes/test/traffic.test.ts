import { AppsV1Api, CoreV1Api, PatchStrategy, setHeaderOptions } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startLoad } from "../../load.ts";
import { type Agent, type Balancer, type Bed, type Front, startKubernetes, until, whyNoKubernetes } from "../index.ts";
import { create, deployment, isReady, pods } from "./objects.ts";

const why = await whyNoKubernetes();

describe.skipIf(why)(`pods that are processes, behind a balancer${why ? ` (skipped: ${why})` : ""}`, () => {
  let bed: Bed;
  let agent: Agent;
  let namespace: string;

  beforeAll(async () => {
    bed = await startKubernetes();
    if (!bed.control) throw new Error(bed.whyNoControl);
    agent = await bed.control.agent();
    namespace = await bed.namespace();
    for (const version of ["a", "b"]) await create(bed, namespace, serving(`shop-${version}`, `shop:${version}`));
    for (const version of ["a", "b"]) {
      await pods(bed, namespace, `shop-${version}`, "two are ready", (found) => found.filter(isReady).length === 2);
      await bed.apply(service(`shop-${version}`, { app: `shop-${version}` }));
    }
  });
  afterAll(() => bed.close());

  function serving(name: string, image: string, replicas = 2) {
    const body = deployment(name, image, agent.placement, replicas);
    const [container] = body.spec?.template.spec?.containers ?? [];
    Object.assign(container ?? {}, { readinessProbe: { httpGet: { path: "/healthz", port: 8080 }, periodSeconds: 1 } });
    return body;
  }
  function service(name: string, selector: Record<string, string>) {
    const spec = { selector, ports: [{ port: 80, targetPort: 8080 }] };
    return { apiVersion: "v1", kind: "Service", metadata: { name, namespace }, ...{ spec } };
  }
  async function balancing(front: Front): Promise<Balancer> {
    const balancer = await bed.control?.balancer(namespace, front);
    if (!balancer) throw new Error(bed.whyNoControl);
    return balancer;
  }
  const settled = (balancer: Balancer, what: string, wanted: (shares: Balancer["shares"]) => boolean): Promise<true> =>
    until(() => wanted(balancer.shares) || undefined, { what });
  const weights = (balancer: Balancer): Record<string, number> =>
    Object.fromEntries(balancer.shares.map(({ service: name, weight }) => [name, weight]));
  async function hundred(balancer: Balancer): Promise<Record<string, number>> {
    const seen: Record<string, number> = {};
    for (let n = 0; n < 100; n += 1) {
      const response = await fetch(balancer.url);
      const version = response.headers.get("x-version") ?? String(response.status);
      seen[version] = (seen[version] ?? 0) + 1;
    }
    return seen;
  }

  test("a pod answers from its own address, and its log says what it printed", async () => {
    const balancer = await balancing({ kind: "Service", name: "shop-a" });
    await settled(balancer, "two endpoints", ([share]) => share?.endpoints.length === 2);
    const answers = await Promise.all([1, 2, 3, 4].map(async () => (await (await fetch(balancer.url)).json()) as { pod: string }));
    const names = (await pods(bed, namespace, "shop-a", "are there", () => true)).map(({ metadata }) => metadata?.name);
    expect(new Set(answers.map(({ pod }) => pod))).toEqual(new Set(names));
  });

  test("a Service that selects other pods loses no request under load", async () => {
    await bed.apply(service("switch", { app: "shop-a" }));
    const balancer = await balancing({ kind: "Service", name: "switch" });
    await settled(balancer, "two endpoints", ([share]) => share?.endpoints.length === 2);
    const load = startLoad({ url: balancer.url });
    await until(() => (load.tally.versions["a"] ?? 0) > 50 || undefined, { what: "a answers" });
    await bed.apply(service("switch", { app: "shop-b" }));
    await until(() => (load.tally.versions["b"] ?? 0) > 50 || undefined, { what: "b answers" });
    const tally = await load.stop();
    expect(tally.lost, JSON.stringify(tally.reasons)).toBe(0);
    expect(await hundred(balancer)).toEqual({ b: 100 });
  });

  test("a Service without a ready pod loses every request, and the load says so", async () => {
    await bed.apply(service("empty", { app: "nobody" }));
    const balancer = await balancing({ kind: "Service", name: "empty" });
    const load = startLoad({ url: balancer.url, connections: 1 });
    await until(() => load.tally.lost > 5 || undefined, { what: "requests are lost" });
    expect(Object.keys((await load.stop()).reasons)).toEqual(["status 503 (no ready endpoint)"]);
  });

  test("an HTTPRoute gives its backends exactly their weights, and is told that it is in force", async () => {
    const route = (a: number, b: number) => ({
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "HTTPRoute",
      metadata: { name: "shop", namespace },
      spec: {
        parentRefs: [{ name: "gateway" }],
        rules: [
          {
            backendRefs: [
              { name: "shop-a", port: 80, weight: a },
              { name: "shop-b", port: 80, weight: b },
            ],
          },
        ],
      },
    });
    await bed.apply(route(80, 20));
    const balancer = await balancing({ kind: "HTTPRoute", name: "shop" });
    await settled(balancer, "endpoints", (shares) => shares.every(({ endpoints }) => endpoints.length === 2));
    expect(await hundred(balancer)).toEqual({ a: 80, b: 20 });
    await bed.apply(route(0, 100));
    await settled(balancer, "all to b", () => weights(balancer)["shop-a"] === 0);
    expect(await hundred(balancer)).toEqual({ b: 100 });
    const { CustomObjectsApi } = await import("@kubernetes/client-node");
    const api = bed.admin.config.makeApiClient(CustomObjectsApi);
    await until(
      async () => {
        const found = (await api.getNamespacedCustomObject({
          group: "gateway.networking.k8s.io",
          version: "v1",
          plural: "httproutes",
          namespace,
          name: "shop",
        })) as { metadata: { generation: number }; status?: { parents?: { conditions: { observedGeneration: number }[] }[] } };
        const observed = found.status?.parents?.[0]?.conditions[0]?.observedGeneration;
        return observed === found.metadata.generation || undefined;
      },
      { what: "the route says that its generation is in force" },
    );
  });

  test("a VirtualService and an NGINX canary ingress give their weights too", async () => {
    await bed.apply({
      apiVersion: "networking.istio.io/v1",
      kind: "VirtualService",
      metadata: { name: "shop", namespace },
      ...{
        spec: {
          hosts: ["shop"],
          http: [
            {
              route: [
                { destination: { host: "shop-a", port: { number: 80 } }, weight: 90 },
                { destination: { host: `shop-b.${namespace}.svc.cluster.local` }, weight: 10 },
              ],
            },
          ],
        },
      },
    });
    const path = (name: string) => ({
      path: "/",
      pathType: "Prefix",
      backend: { service: { name, port: { number: 80 } } },
    });
    const ingress = (name: string, to: string, annotations: Record<string, string>) => ({
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      metadata: { name, namespace, annotations },
      ...{ spec: { ingressClassName: "nginx", rules: [{ host: "shop.test", http: { paths: [path(to)] } }] } },
    });
    await bed.apply(ingress("shop", "shop-a", {}));
    await bed.apply(
      ingress("shop-canary", "shop-b", {
        "nginx.ingress.kubernetes.io/canary": "true",
        "nginx.ingress.kubernetes.io/canary-weight": "30",
      }),
    );
    const mesh = await balancing({ kind: "VirtualService", name: "shop" });
    const nginx = await balancing({ kind: "Ingress", name: "shop" });
    for (const balancer of [mesh, nginx]) {
      await settled(balancer, "endpoints", (shares) => shares.length === 2 && shares.every(({ endpoints }) => endpoints.length === 2));
    }
    expect(await hundred(mesh)).toEqual({ a: 90, b: 10 });
    expect(await hundred(nginx)).toEqual({ a: 70, b: 30 });
  });

  test("a rolling update by the real controller ends every old process", async () => {
    await create(bed, namespace, serving("rolled", "rolled:1"));
    await pods(bed, namespace, "rolled", "two are ready", (found) => found.filter(isReady).length === 2);
    await bed.admin.config.makeApiClient(AppsV1Api).patchNamespacedDeployment(
      { name: "rolled", namespace, body: { spec: { template: { spec: { containers: [{ name: "main", image: "rolled:2" }] } } } } },
      setHeaderOptions("Content-Type", PatchStrategy.StrategicMergePatch),
    );
    const now = await pods(
      bed,
      namespace,
      "rolled",
      "two of the new version and no other",
      (found) => found.length === 2 && found.every((pod) => isReady(pod) && pod.spec?.containers[0]?.image === "rolled:2"),
    );
    expect(now).toHaveLength(2);
  });

  test("a process that dies is started again, and counted", async () => {
    await create(bed, namespace, serving("crashing", "crashing:1-crash-loop", 1));
    const [pod] = await pods(bed, namespace, "crashing", "was restarted", ([one]) =>
      Boolean((one?.status?.containerStatuses?.[0]?.restartCount ?? 0) > 0),
    );
    expect(pod?.status?.containerStatuses?.[0]?.lastState?.terminated?.exitCode).toBe(1);
  });

  test("a deleted pod's process is gone before its object is", async () => {
    await create(bed, namespace, serving("ending", "ending:1", 1));
    await pods(bed, namespace, "ending", "is ready", ([one]) => one !== undefined && isReady(one));
    await bed.admin.config.makeApiClient(AppsV1Api).deleteNamespacedDeployment({ name: "ending", namespace });
    const running = agent.running;
    await pods(bed, namespace, "ending", "is gone", (found) => found.length === 0);
    await until(() => agent.running < running || undefined, { what: "the agent forgot it" });
    const api = bed.admin.config.makeApiClient(CoreV1Api);
    expect((await api.readNode({ name: agent.node })).spec?.unschedulable).toBeUndefined();
  });
});
