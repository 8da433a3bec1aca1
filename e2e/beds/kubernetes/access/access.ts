import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";

/** A way into a cluster: as whom, and at which address. */
export interface Access {
  /** The kubeconfig file. */
  readonly file: string;
  /** The same, loaded. */
  readonly config: KubeConfig;
}

/** What a kubeconfig is written from. */
export interface Credentials {
  readonly server: string;
  /** The certificate authority, PEM. */
  readonly ca: string;
  readonly user: string;
  readonly token: string;
  /** The namespace of calls that name none. @default "default" */
  readonly namespace?: string;
}

/** The access of a kubeconfig file that is there already. */
export function accessOf(file: string): Access {
  const config = new KubeConfig();
  config.loadFromFile(file);
  return { file, config };
}

/** Writes a kubeconfig, readable by its owner alone. */
export async function writeAccess(folder: string, name: string, as: Credentials): Promise<Access> {
  const context = { cluster: "bed", user: as.user, namespace: as.namespace ?? "default" };
  const kubeconfig = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      {
        name: "bed",
        cluster: {
          server: as.server,
          "certificate-authority-data": Buffer.from(as.ca).toString("base64"),
        },
      },
    ],
    users: [{ name: as.user, user: { token: as.token } }],
    contexts: [{ name: "bed", context }],
    "current-context": "bed",
  };
  const file = join(folder, `${name}.kubeconfig`);
  // JSON is YAML.
  await writeFile(file, `${JSON.stringify(kubeconfig, null, 2)}\n`, { mode: 0o600 });
  return accessOf(file);
}

/** What an access with a token was written from. */
export function credentialsOf({ config, file }: Access): Credentials {
  const cluster = config.getCurrentCluster();
  const user = config.getCurrentUser();
  if (!cluster?.caData || !user?.token)
    throw new Error(`${file} has no certificate authority and token inside`);
  const namespace = config.getContextObject(config.getCurrentContext())?.namespace;
  return {
    server: cluster.server,
    ca: Buffer.from(cluster.caData, "base64").toString(),
    user: user.name,
    token: user.token,
    ...(namespace ? { namespace } : {}),
  };
}
