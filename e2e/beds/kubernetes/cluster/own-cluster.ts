import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CoreV1Api } from "@kubernetes/client-node";
import { accessOf } from "../access/access.ts";
import { makeUser } from "../access/user.ts";
import type { Bed } from "../bed.ts";
import { applyMixed, newNamespace, serverVersion } from "./common.ts";

/** Why a user's own cluster has no `control`. */
export const NO_CONTROL =
  "it needs power over the control plane, and GENNAKER_KUBECONFIG names a cluster that runs by itself";

/** A bed in somebody's own cluster. Nothing of it is installed or changed but namespaces, which `close` deletes. */
export async function useCluster(kubeconfig: string): Promise<Bed> {
  const admin = accessOf(kubeconfig);
  const folder = await mkdtemp(join(tmpdir(), "gennaker-kubernetes-"));
  const namespaces: string[] = [];
  return {
    version: await serverVersion(admin.config),
    admin,
    control: undefined,
    whyNoControl: NO_CONTROL,
    async namespace(prefix) {
      const namespace = await newNamespace(admin.config, prefix);
      namespaces.push(namespace);
      return namespace;
    },
    user: (name, namespace, rules) => makeUser(admin.config, folder, { name, namespace, rules }),
    apply: (...objects) => applyMixed(admin.config, objects),
    async close() {
      const api = admin.config.makeApiClient(CoreV1Api);
      await Promise.all(namespaces.map((name) => api.deleteNamespace({ name })));
      await rm(folder, { recursive: true, force: true });
    },
  };
}
