import { expect, it } from "vitest";
import { kubernetes, nginxCanary, serviceSelector } from "../src/index.ts";
import { openBed, release, TRAFFIC } from "./fixtures/bed.ts";
import { FakeApi, status } from "./fixtures/fake-api.ts";

it("finds nothing wrong where all is well, changes nothing, and does not ask twice what it may do", async () => {
  const { api, provider, cluster } = await openBed();
  expect(await provider.check(cluster, release("shop:1"))).toEqual([]);
  expect(api.all("replicasets")).toEqual([]);
  const asked = api.requests.length;
  await provider.check(cluster, release("shop:1"));
  expect(api.requests.slice(asked).filter(({ path }) => path.includes("accessreviews"))).toEqual([]);
});

it("prints the Role that is missing, and nothing else of it", async () => {
  const { api, provider, cluster } = await openBed();
  api.denied.add("patch replicasets").add("create configmaps");
  const [problem] = await provider.check(cluster, release("shop:1"));
  expect(problem).toBe(
    `in namespace prod this user may not: patch replicasets.apps, patch replicasets/scale.apps, create configmaps. The Role that is missing:
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: gennaker-shop
  namespace: prod
rules:
  - apiGroups: ["apps"]
    resources: ["replicasets"]
    verbs: ["patch"]
  - apiGroups: ["apps"]
    resources: ["replicasets/scale"]
    verbs: ["patch"]
  - apiGroups: [""]
    resources: ["configmaps"]
    verbs: ["create"]
`,
  );
});

it("prints the whole Role of a cluster, limited to its own objects where Kubernetes can", async () => {
  const { provider, cluster } = await openBed({ clusters: { shop: { autoscaler: "shop" } } });
  const { rules } = provider.role(cluster, release("x", { versioned: { secrets: ["db"] } })).role;
  expect(rules).toContainEqual({
    apiGroups: [""],
    resources: ["services"],
    verbs: ["get", "list", "watch", "patch"],
    resourceNames: ["shop"],
  });
  expect(rules).toContainEqual({
    apiGroups: [""],
    resources: ["secrets"],
    verbs: ["get"],
    resourceNames: ["db"],
  });
  expect(rules).toContainEqual({
    apiGroups: [""],
    resources: ["configmaps"],
    verbs: ["get", "patch"],
    resourceNames: ["gennaker-shop"],
  });
  expect(rules.flatMap(({ resources }) => resources)).toContain("horizontalpodautoscalers");
  expect(JSON.stringify(rules)).not.toContain("*");
});

const pods = async (traffic: (typeof TRAFFIC)["proportional"]) => {
  const { provider, cluster } = await openBed({ traffic });
  return provider.role(cluster).role.rules.find(({ resources }) => resources.includes("pods"))?.verbs;
};

it("asks for pods to be changed only where groups are enabled pod by pod", async () => {
  expect(await pods(TRAFFIC.serviceSelector)).toEqual(["list", "watch"]);
  expect(await pods(TRAFFIC.proportional)).toContain("patch");
});

it("says which router, autoscaler and settings are not there", async () => {
  const { api, provider, cluster } = await openBed({ clusters: { shop: { autoscaler: "shop" } } });
  api.remove("services", "shop");
  expect(await provider.check(cluster, release("x", { versioned: { configMaps: ["settings"] } }))).toEqual([
    "there is no Service shop in namespace prod: make it, serviceSelector only changes it",
    "autoscaler: there is no HorizontalPodAutoscaler shop in namespace prod",
    "versioned: there is no ConfigMap settings in namespace prod",
  ]);
});

it("asks the server itself whether it would take the release", async () => {
  const { api, provider, cluster } = await openBed();
  const [problem] = await provider.check(cluster, release("no-such-field"));
  expect(problem).toMatch(/is invalid/);
  api.fault = ({ path }) =>
    path.includes("dryRun") ? status(403, "Forbidden", "denied by policy") : undefined;
  expect(await provider.check(cluster, release("shop:1"))).toEqual(["denied by policy"]);
});

it("says all that is wrong with the options at once", () => {
  const odd = { namespace: "Prod", name: "-", requestTimeoutMs: 0, watchIdleMs: Number.NaN, color: "red" };
  const clusters = { Shop: {}, shop: { traffic: nginxCanary({ port: 80 }) } };
  const message = (() => {
    try {
      kubernetes({ ...odd, clusters, traffic: serviceSelector() });
    } catch (error) {
      return String(error);
    }
    return "";
  })();
  for (const part of [
    "color",
    "namespace",
    "name",
    "requestTimeoutMs",
    "watchIdleMs",
    "clusters",
    "clusters.shop.traffic",
  ])
    expect(message).toContain(`\n  ${part}: `);
});

// The official client is large, and the machine may be busy.
it(
  "loads no client of its own where one is given, and none before the first call",
  { timeout: 60_000 },
  async () => {
    const provider = kubernetes({ kubeconfig: "/nowhere/config" });
    const cluster = provider.cluster("shop");
    await expect(provider.observe(cluster)).rejects.toMatchObject({
      kind: "invalid",
      message: expect.stringContaining("kubeconfig: "),
    });
    expect(await kubernetes({ api: new FakeApi() }).observe(cluster)).toEqual({ groups: [], revision: 0 });
  },
);
