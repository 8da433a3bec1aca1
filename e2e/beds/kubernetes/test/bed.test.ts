import { AppsV1Api, AuthorizationV1Api, CoreV1Api, CustomObjectsApi, Watch } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Bed, type Control, startKubernetes, until, whyNoControl } from "../index.ts";
import { useCluster } from "../cluster/own-cluster.ts";
import { kubernetesVersion } from "../build/recipe.ts";
import { create, deployment, isReady, pods, podsOf } from "./objects.ts";

const why = await whyNoControl();

describe.skipIf(why)(`a Kubernetes control plane of our own${why ? ` (skipped: ${why})` : ""}`, () => {
  let bed: Bed;
  let control: Control;
  let namespace: string;

  beforeAll(async () => {
    bed = await startKubernetes();
    if (!bed.control) throw new Error(bed.whyNoControl);
    control = bed.control;
    namespace = await bed.namespace();
  });
  afterAll(() => bed.close());

  test("says the version that it was built from", () => {
    expect(bed.version).toBe(kubernetesVersion());
  });

  test("makes the pods of a Deployment and lets them become ready", async () => {
    await create(bed, namespace, deployment("web", "web:1", {}, 3));
    const all = await pods(
      bed,
      namespace,
      "web",
      "three are ready",
      (found) => found.filter(isReady).length === 3,
    );
    expect(new Set(all.map(({ spec }) => spec?.nodeName))).toSatisfy((nodes: Set<string>) =>
      [...nodes].every((node) => node.startsWith("kwok-")),
    );
    expect(all.every(({ status }) => status?.podIP?.startsWith("10."))).toBe(true);
  });

  test("a user may do what the rules say and nothing else, until the rules change", async () => {
    const user = await bed.user("reader", namespace, [
      { apiGroups: [""], resources: ["pods"], verbs: ["list"] },
    ]);
    const core = user.config.makeApiClient(CoreV1Api);
    expect((await core.listNamespacedPod({ namespace })).items).not.toHaveLength(0);
    await expect(core.listNamespacedSecret({ namespace })).rejects.toMatchObject({ code: 403 });
    await expect(core.listNamespacedPod({ namespace: "default" })).rejects.toMatchObject({ code: 403 });

    await user.allow([{ apiGroups: [""], resources: ["secrets"], verbs: ["list"] }]);
    await until(async () => (await core.listNamespacedSecret({ namespace })).items, {
      what: "secrets may be listed",
    });
    await expect(core.listNamespacedPod({ namespace })).rejects.toMatchObject({ code: 403 });
    const review = await user.config.makeApiClient(AuthorizationV1Api).createSelfSubjectAccessReview({
      body: { spec: { resourceAttributes: { namespace, resource: "pods", verb: "list" } } },
    });
    expect(review.status?.allowed).toBe(false);
  });

  test("knows the Gateway API and Istio, and refuses what their schemas refuse", async () => {
    const route = (weight: number) => ({
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "HTTPRoute",
      metadata: { name: "shop", namespace },
      spec: { rules: [{ backendRefs: [{ name: "shop", port: 80, weight }] }] },
    });
    await bed.apply(route(40));
    await expect(bed.apply(route(-1))).rejects.toMatchObject({ code: 422 });
    await bed.apply(`
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: shop, namespace: ${namespace} }
spec: { hosts: [shop], http: [{ route: [{ destination: { host: shop }, weight: 100 }] }] }
`);
    const found = (await bed.admin.config.makeApiClient(CustomObjectsApi).getNamespacedCustomObject({
      group: "networking.istio.io",
      version: "v1",
      plural: "virtualservices",
      namespace,
      name: "shop",
    })) as { spec: { hosts: string[] } };
    expect(found.spec.hosts).toEqual(["shop"]);
  });

  test("an API server that crashes comes back at the same address with everything that was there", async () => {
    const before = control.servers.apiserver.pid;
    await control.servers.apiserver.end("SIGKILL");
    await expect(podsOf(bed, namespace, "web")).rejects.toThrow("fetch failed");
    await control.servers.apiserver.start();
    expect(control.servers.apiserver.pid).not.toBe(before);
    expect(await podsOf(bed, namespace, "web")).toHaveLength(3);
  });

  test("after a compaction and a restart of the API server an old resource version is gone", async () => {
    const { metadata } = await bed.admin.config.makeApiClient(CoreV1Api).listNamespacedPod({ namespace });
    await bed.apply({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "later", namespace } });
    await control.compact();
    await control.servers.apiserver.end("SIGKILL");
    await control.servers.apiserver.start();
    const events: { phase: string; object: { code?: number } }[] = [];
    const { promise, resolve } = Promise.withResolvers<unknown>();
    await new Watch(bed.admin.config).watch(
      `/api/v1/namespaces/${namespace}/pods`,
      { resourceVersion: metadata?.resourceVersion },
      (phase, object: { code?: number }) => events.push({ phase, object }),
      resolve,
    );
    const end = (await promise) as { statusCode?: number } | null;
    const codes = [...events.map(({ object }) => object.code), end?.statusCode];
    expect(codes).toContain(410);
  });

  test("without the controller manager a scaled Deployment gets no pods; with it, it does", async () => {
    await control.servers["controller-manager"].end("SIGKILL");
    await create(bed, namespace, deployment("idle", "idle:1"));
    const deployments = bed.admin.config.makeApiClient(AppsV1Api);
    const { status } = await deployments.readNamespacedDeployment({ name: "idle", namespace });
    expect(status?.observedGeneration).toBeUndefined();
    expect(await podsOf(bed, namespace, "idle")).toHaveLength(0);
    await control.servers["controller-manager"].start();
    await pods(bed, namespace, "idle", "two are ready", (found) => found.filter(isReady).length === 2);
  });

  test("the pods of a lost node are not ready any more, and are again when it is back", async () => {
    await control.nodes.add({ name: "fragile" });
    await create(
      bed,
      namespace,
      deployment("lost", "lost:1", { nodeSelector: { "kubernetes.io/hostname": "fragile" } }),
    );
    await pods(bed, namespace, "lost", "two are ready", (found) => found.filter(isReady).length === 2);
    await control.nodes.lose("fragile");
    await pods(bed, namespace, "lost", "none is ready", (found) => !found.some(isReady));
    const node = await bed.admin.config.makeApiClient(CoreV1Api).readNode({ name: "fragile" });
    expect(node.status?.conditions?.find(({ type }) => type === "Ready")?.status).toBe("Unknown");
    await control.nodes.recover("fragile");
    await pods(bed, namespace, "lost", "two are ready again", (found) => found.filter(isReady).length === 2);
  });

  test("a cluster of somebody's own gets namespaces and users, no control, and loses its namespaces at the end", async () => {
    const own = await useCluster(bed.admin.file);
    expect(own).toMatchObject({ version: bed.version, control: undefined });
    const there = await own.namespace("own");
    const nobody = await own.user("nobody", there, []);
    const core = nobody.config.makeApiClient(CoreV1Api);
    await expect(core.listNamespacedPod({ namespace: there })).rejects.toMatchObject({ code: 403 });
    await own.close();
    const { items } = await bed.admin.config.makeApiClient(CoreV1Api).listNamespace();
    const left = items.filter(({ metadata }) => metadata?.name === there);
    expect(left.every(({ metadata }) => metadata?.deletionTimestamp !== undefined)).toBe(true);
  });

  test("a pod that asks for more than any node has stays unschedulable", async () => {
    const resources = { requests: { cpu: "2k" } };
    const containers = [{ name: "main", image: "huge:1", resources }];
    await create(bed, namespace, deployment("huge", "huge:1", { containers }, 1));
    const [pod] = await pods(bed, namespace, "huge", "the scheduler gave up", ([one]) =>
      Boolean(one?.status?.conditions?.some(({ reason }) => reason === "Unschedulable")),
    );
    expect(pod?.status?.phase).toBe("Pending");
  });
});
