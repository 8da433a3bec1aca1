import { AppsV1Api, CoreV1Api, type V1Deployment, type V1Pod, type V1PodSpec } from "@kubernetes/client-node";
import type { Bed } from "../index.ts";
import { until } from "../index.ts";

/** A Deployment of some pods with one container. */
export function deployment(
  name: string,
  image: string,
  more: Partial<V1PodSpec> = {},
  replicas = 2,
): V1Deployment {
  const labels = { app: name };
  return {
    metadata: { name, labels },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: "main", image, ports: [{ containerPort: 8080 }] }], ...more },
      },
    },
  };
}

/** Creates a Deployment. */
export async function create(bed: Bed, namespace: string, body: V1Deployment): Promise<void> {
  await bed.admin.config.makeApiClient(AppsV1Api).createNamespacedDeployment({ namespace, body });
}

/** The pods of an app. */
export async function podsOf(bed: Bed, namespace: string, app: string): Promise<V1Pod[]> {
  const api = bed.admin.config.makeApiClient(CoreV1Api);
  return (await api.listNamespacedPod({ namespace, labelSelector: `app=${app}` })).items;
}

/** Whether a pod is ready. */
export function isReady({ status }: V1Pod): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") ?? false;
}

/** Waits for pods that are as wanted; resolves to them. */
export function pods(
  bed: Bed,
  namespace: string,
  app: string,
  what: string,
  wanted: (pods: readonly V1Pod[]) => boolean,
): Promise<V1Pod[]> {
  const look = async (): Promise<V1Pod[] | undefined> => {
    const found = await podsOf(bed, namespace, app);
    return wanted(found) ? found : undefined;
  };
  return until(look, { what: `${app}: ${what}` });
}
