import {
  AppsV1Api,
  CustomObjectsApi,
  PatchStrategy,
  type V1Deployment,
  type V1Pod,
  setHeaderOptions,
} from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startLoad } from "../../load.ts";
import { hostOf } from "../agent/addressing.ts";
import {
  type Agent,
  type Balancer,
  type Bed,
  type Front,
  startKubernetes,
  until,
  whyNoControl,
} from "../index.ts";
import { create, deployment, isReady, pods } from "./objects.ts";
import { httpRoute, hundred, ingress, service, settled, virtualService } from "./traffic-objects.ts";

const why = await whyNoControl();

function imageIs(pod: V1Pod, image: string): boolean {
  return pod.spec?.containers[0]?.image === image;
}

function twoReady(found: readonly V1Pod[]): boolean {
  return found.filter(isReady).length === 2;
}

function restarts(pod: V1Pod | undefined): number {
  return pod?.status?.containerStatuses?.[0]?.restartCount ?? 0;
}

describe.skipIf(why)(`pods that are processes, behind a balancer${why ? ` (skipped: ${why})` : ""}`, () => {
  let bed: Bed;
  let agent: Agent;
  let namespace: string;

  beforeAll(async () => {
    bed = await startKubernetes();
    if (!bed.control) throw new Error(bed.whyNoControl);
    agent = await bed.control.agent();
    namespace = await bed.namespace();
    await Promise.all(["a", "b"].map((version) => serve(`shop-${version}`, `shop:${version}`)));
  });
  afterAll(() => bed.close());

  function serving(name: string, image: string, replicas: number): V1Deployment {
    const body = deployment(name, image, agent.placement, replicas);
    const [container] = body.spec?.template.spec?.containers ?? [];
    const readinessProbe = { httpGet: { path: "/healthz", port: 8080 }, periodSeconds: 1 };
    Object.assign(container ?? {}, { readinessProbe });
    return body;
  }
  async function serve(name: string, image: string): Promise<void> {
    await create(bed, namespace, serving(name, image, 2));
    await bed.apply(service(namespace, name, { app: name }));
    await pods(bed, namespace, name, "two are ready", twoReady);
  }
  async function balancing(front: Front): Promise<Balancer> {
    const balancer = await bed.control?.balancer(namespace, front);
    if (!balancer) throw new Error(bed.whyNoControl);
    return balancer;
  }

  test("every ready pod of a Service answers", async () => {
    const balancer = await balancing({ kind: "Service", name: "shop-a" });
    await settled(balancer, 1, 2);
    const ask = async (): Promise<string> =>
      ((await (await fetch(balancer.url)).json()) as { pod: string }).pod;
    const answered = await Promise.all([ask(), ask(), ask(), ask()]);
    const names = (await pods(bed, namespace, "shop-a", "are there", () => true)).map(
      ({ metadata }) => metadata?.name,
    );
    expect(new Set(answered)).toEqual(new Set(names));
  });

  test("a Service that selects other pods loses no request under load", async () => {
    await bed.apply(service(namespace, "switch", { app: "shop-a" }));
    const balancer = await balancing({ kind: "Service", name: "switch" });
    await settled(balancer, 1, 2);
    const load = startLoad({ url: balancer.url });
    await until(() => (load.tally.versions["a"] ?? 0) > 50 || undefined, { what: "a answers" });
    await bed.apply(service(namespace, "switch", { app: "shop-b" }));
    await until(() => (load.tally.versions["b"] ?? 0) > 50 || undefined, { what: "b answers" });
    const { lost, reasons } = await load.stop();
    expect({ lost, reasons }).toEqual({ lost: 0, reasons: {} });
    expect(await hundred(balancer)).toEqual({ b: 100 });
  });

  test("a Service without a ready pod loses every request, and the load says why", async () => {
    await bed.apply(service(namespace, "empty", { app: "nobody" }));
    const balancer = await balancing({ kind: "Service", name: "empty" });
    const load = startLoad({ url: balancer.url, connections: 1 });
    await until(() => load.tally.lost > 5 || undefined, { what: "requests are lost" });
    const { answered, reasons } = await load.stop();
    expect(answered).toBe(0);
    expect(Object.keys(reasons)).toEqual(["status 503 (no ready endpoint)"]);
  });

  test("an HTTPRoute gives its backends exactly their weights, and is told that it is in force", async () => {
    await bed.apply(httpRoute(namespace, 80, 20));
    const balancer = await balancing({ kind: "HTTPRoute", name: "shop" });
    await settled(balancer, 2, 2);
    expect(await hundred(balancer)).toEqual({ a: 80, b: 20 });
    await bed.apply(httpRoute(namespace, 0, 100));
    const api = bed.admin.config.makeApiClient(CustomObjectsApi);
    const at = {
      group: "gateway.networking.k8s.io",
      version: "v1",
      plural: "httproutes",
      namespace,
      name: "shop",
    };
    interface Route {
      readonly metadata: { readonly generation: number };
      readonly status?: {
        readonly parents: readonly { conditions: readonly { observedGeneration: number }[] }[];
      };
    }
    const inForce = async (): Promise<true | undefined> => {
      const { metadata, status } = (await api.getNamespacedCustomObject(at)) as Route;
      return status?.parents[0]?.conditions[0]?.observedGeneration === metadata.generation || undefined;
    };
    await until(inForce, { what: "the route says that its generation is in force" });
    expect(await hundred(balancer)).toEqual({ b: 100 });
  });

  test("a backend without a ready pod costs exactly its share", async () => {
    await create(bed, namespace, serving("sick", "sick:1-never-ready", 1));
    await bed.apply(service(namespace, "sick", { app: "sick" }));
    const route = httpRoute(namespace, 0, 0);
    const backendRefs = [
      { name: "shop-a", port: 80, weight: 90 },
      { name: "sick", port: 80, weight: 10 },
    ];
    await bed.apply({ ...route, metadata: { name: "half", namespace }, spec: { rules: [{ backendRefs }] } });
    const balancer = await balancing({ kind: "HTTPRoute", name: "half" });
    await until(() => balancer.shares[0]?.endpoints.length === 2 || undefined, { what: "shop-a is known" });
    expect(await hundred(balancer)).toEqual({ a: 90, 503: 10 });
  });

  test("a VirtualService and an NGINX canary ingress give their weights too", async () => {
    await bed.apply(
      virtualService(namespace, 90, 10),
      ingress(namespace, "shop", "shop-a"),
      ingress(namespace, "shop-canary", "shop-b", 30),
    );
    const mesh = await balancing({ kind: "VirtualService", name: "shop" });
    const nginx = await balancing({ kind: "Ingress", name: "shop" });
    await settled(mesh, 2, 2);
    await settled(nginx, 2, 2);
    expect(await hundred(mesh)).toEqual({ a: 90, b: 10 });
    expect(await hundred(nginx)).toEqual({ a: 70, b: 30 });
  });

  test("a rolling update by the real controller under load loses no request, and leaves no old pod", async () => {
    await serve("rolled", "rolled:1");
    const balancer = await balancing({ kind: "Service", name: "rolled" });
    await settled(balancer, 1, 2);
    const load = startLoad({ url: balancer.url });
    const spec = { template: { spec: { containers: [{ name: "main", image: "rolled:2" }] } } };
    await bed.admin.config
      .makeApiClient(AppsV1Api)
      .patchNamespacedDeployment(
        { name: "rolled", namespace, body: { spec } },
        setHeaderOptions("Content-Type", PatchStrategy.StrategicMergePatch),
      );
    await pods(
      bed,
      namespace,
      "rolled",
      "two new ones and no other",
      (found) => found.length === 2 && found.every((pod) => isReady(pod) && imageIs(pod, "rolled:2")),
    );
    await until(() => (load.tally.versions["2"] ?? 0) > 50 || undefined, { what: "the new ones answer" });
    const { lost, reasons, versions } = await load.stop();
    expect({ lost, reasons }).toEqual({ lost: 0, reasons: {} });
    expect(Object.keys(versions).toSorted()).toEqual(["1", "2"]);
  });

  test("a process that dies is started again, and counted", async () => {
    await create(bed, namespace, serving("crashing", "crashing:1-crash-loop", 1));
    const [pod] = await pods(bed, namespace, "crashing", "was restarted", ([one]) => restarts(one) > 0);
    expect(pod?.status?.containerStatuses?.[0]?.lastState?.terminated?.exitCode).toBe(1);
  });

  test("a deleted pod's process is gone before its object is", async () => {
    await create(bed, namespace, serving("ending", "ending:1", 1));
    const [pod] = await pods(
      bed,
      namespace,
      "ending",
      "is ready",
      ([one]) => one !== undefined && isReady(one),
    );
    const url = `http://${hostOf(pod?.status?.podIP ?? "")}:8080`;
    expect((await fetch(url)).headers.get("x-version")).toBe("1");
    await bed.admin.config.makeApiClient(AppsV1Api).deleteNamespacedDeployment({ name: "ending", namespace });
    await pods(bed, namespace, "ending", "is gone", (found) => found.length === 0);
    await expect(fetch(url)).rejects.toThrow("fetch failed");
  });
});
