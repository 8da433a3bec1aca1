import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { type KubeConfig, KubernetesObjectApi, PatchStrategy, loadAllYaml } from "@kubernetes/client-node";
import type { KubernetesObject } from "@kubernetes/client-node";

const FIELD_MANAGER = "gennaker-bed";

/** Any object of the API. */
export interface ApiObject extends KubernetesObject {
  readonly spec?: unknown;
  readonly status?: unknown;
  readonly data?: unknown;
  readonly rules?: unknown;
  readonly roleRef?: unknown;
  readonly subjects?: unknown;
}

/** Creates or changes objects by server-side apply, in no order; what others own and the bed wants, it takes. */
export async function applyAll(config: KubeConfig, objects: readonly ApiObject[]): Promise<void> {
  const api = KubernetesObjectApi.makeApiClient(config);
  const apply = (object: ApiObject): Promise<KubernetesObject> =>
    api.patch(object, undefined, undefined, FIELD_MANAGER, true, PatchStrategy.ServerSideApply);
  await Promise.all(objects.map(apply));
}

/** The objects in the YAML files below a folder. */
export async function objectsBelow(folder: string): Promise<KubernetesObject[]> {
  const files = await readdir(folder, { recursive: true });
  const yaml = files.filter((file) => file.endsWith(".yaml")).toSorted();
  const texts = await Promise.all(yaml.map((file) => readFile(join(folder, file), "utf8")));
  return texts
    .flatMap((text) => loadAllYaml(text) as (KubernetesObject | null)[])
    .filter((object) => object !== null);
}
