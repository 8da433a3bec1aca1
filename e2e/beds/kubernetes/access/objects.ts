import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { type KubeConfig, KubernetesObjectApi, PatchStrategy, loadAllYaml } from "@kubernetes/client-node";
import type { KubernetesObject } from "@kubernetes/client-node";

const FIELD_MANAGER = "gennaker-bed";

/** Any object of the API, with what its kind has. */
export type ApiObject = KubernetesObject & Readonly<Record<string, unknown>>;

/** Creates or changes objects by server-side apply; what others own and the bed wants, it takes. */
export async function applyAll(config: KubeConfig, objects: readonly KubernetesObject[]): Promise<void> {
  const api = KubernetesObjectApi.makeApiClient(config);
  for (const object of objects) {
    await api.patch(object, undefined, undefined, FIELD_MANAGER, true, PatchStrategy.ServerSideApply);
  }
}

/** The objects in the YAML files below a folder. */
export async function objectsBelow(folder: string): Promise<KubernetesObject[]> {
  const files = await readdir(folder, { recursive: true });
  const yaml = files.filter((file) => file.endsWith(".yaml")).toSorted();
  const texts = await Promise.all(yaml.map((file) => readFile(join(folder, file), "utf8")));
  return texts.flatMap((text) => loadAllYaml(text) as (KubernetesObject | null)[]).filter((object) => object !== null);
}
