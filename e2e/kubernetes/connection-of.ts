import type { KubeConfig } from "@kubernetes/client-node";
import { connection, type KubernetesApi } from "@gennaker/provider-kubernetes";

/** The provider's own connection, to be put something in between. */
export function connectionOf(config: KubeConfig): KubernetesApi {
  return connection({ config });
}
