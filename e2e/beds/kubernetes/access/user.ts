import { readFile } from "node:fs/promises";
import { CoreV1Api, type KubeConfig, type V1PolicyRule } from "@kubernetes/client-node";
import { type Access, writeAccess } from "./access.ts";
import { type ApiObject, applyAll } from "./objects.ts";

/** Somebody who may do only what the rules say, in one namespace. */
export interface UserSpec {
  readonly name: string;
  readonly namespace: string;
  readonly rules: readonly V1PolicyRule[];
}

/** A service account with a Role of its own, and the kubeconfig to act as it. */
export interface User extends Access {
  /** Replaces what it may do. The API server follows within moments. */
  allow(rules: readonly V1PolicyRule[]): Promise<void>;
}

const TOKEN_SECONDS = 24 * 3600;

/** Makes the service account, its Role with the rules, their binding, and a kubeconfig with its token. */
export async function makeUser(
  admin: KubeConfig,
  folder: string,
  { name, namespace, rules }: UserSpec,
): Promise<User> {
  const metadata = { name, namespace };
  await applyAll(admin, [{ apiVersion: "v1", kind: "ServiceAccount", metadata }]);
  const allow = (rulesNow: readonly V1PolicyRule[]): Promise<void> =>
    applyAll(admin, [role(metadata, rulesNow)]);
  await allow(rules);
  await applyAll(admin, [binding(metadata)]);
  const token = await admin.makeApiClient(CoreV1Api).createNamespacedServiceAccountToken({
    name,
    namespace,
    body: {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      spec: { audiences: [], expirationSeconds: TOKEN_SECONDS },
    },
  });
  const { server, ca } = await clusterOf(admin);
  const as = { server, ca, namespace, user: `${namespace}-${name}`, token: token.status?.token ?? "" };
  return { ...(await writeAccess(folder, `${namespace}-${name}`, as)), allow };
}

interface Named {
  readonly name: string;
  readonly namespace: string;
}

function role(metadata: Named, rules: readonly V1PolicyRule[]): ApiObject {
  return { apiVersion: "rbac.authorization.k8s.io/v1", kind: "Role", metadata, rules };
}

function binding(metadata: Named): ApiObject {
  return {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "RoleBinding",
    metadata,
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: metadata.name },
    subjects: [{ kind: "ServiceAccount", ...metadata }],
  };
}

async function clusterOf(admin: KubeConfig): Promise<{ server: string; ca: string }> {
  const cluster = admin.getCurrentCluster();
  if (!cluster) throw new Error("the kubeconfig has no current cluster");
  if (cluster.caData) return { server: cluster.server, ca: Buffer.from(cluster.caData, "base64").toString() };
  return { server: cluster.server, ca: cluster.caFile ? await readFile(cluster.caFile, "utf8") : "" };
}
