import { randomBytes } from "node:crypto";
import { CoreV1Api, type KubeConfig, VersionApi, loadAllYaml } from "@kubernetes/client-node";
import { type ApiObject, applyAll } from "../access/objects.ts";
import { until } from "../processes/until.ts";

/** What the API server says it is. */
export async function serverVersion(config: KubeConfig): Promise<string> {
  return (await config.makeApiClient(VersionApi).getCode()).gitVersion;
}

/** Makes a namespace with a name of its own; resolves when its default service account is there, without which no pod is. */
export async function newNamespace(config: KubeConfig, prefix = "test"): Promise<string> {
  const namespace = `${prefix}-${randomBytes(4).toString("hex")}`;
  const api = config.makeApiClient(CoreV1Api);
  await api.createNamespace({ body: { metadata: { name: namespace } } });
  await until(() => api.readNamespacedServiceAccount({ name: "default", namespace }), {
    what: `namespace ${namespace} has its default service account`,
  });
  return namespace;
}

/** Applies objects, and the objects in YAML. */
export async function applyMixed(
  config: KubeConfig,
  objects: readonly (ApiObject | string)[],
): Promise<void> {
  const loaded = objects.flatMap((object) =>
    typeof object === "string" ? (loadAllYaml(object) as ApiObject[]) : [object],
  );
  // In their order: a namespace comes before what is in it.
  for (const object of loaded) await applyAll(config, [object]);
}
