import {
  CustomObjectsApi,
  type KubeConfig,
  type KubernetesObject,
  PatchStrategy,
  setHeaderOptions,
} from "@kubernetes/client-node";

const CONTROLLER = "bed.gennaker.dev/balancer";

interface Route extends KubernetesObject {
  readonly spec?: { readonly parentRefs?: readonly object[] };
  readonly status?: {
    readonly parents?: readonly {
      readonly controllerName?: string;
      readonly conditions?: readonly { readonly observedGeneration?: number }[];
    }[];
  };
}

/** Whether a route does not say yet that its present generation is in force here. */
export function unreported(object: KubernetesObject): boolean {
  const { status, metadata } = object as Route;
  const own = status?.parents?.find(({ controllerName }) => controllerName === CONTROLLER);
  return own?.conditions?.[0]?.observedGeneration !== metadata?.generation;
}

/** Says in a route's status that its present generation is in force: what a gateway's controller does. */
export async function reportRoute(config: KubeConfig, object: KubernetesObject): Promise<void> {
  const { metadata, spec } = object as Route;
  const { name = "", namespace = "", generation, resourceVersion } = metadata ?? {};
  const condition = (type: string): object => ({
    type,
    status: "True",
    reason: type,
    message: "",
    observedGeneration: generation,
    lastTransitionTime: new Date().toISOString(),
  });
  const parents = (spec?.parentRefs ?? [{ name: "bed" }]).map((parentRef) => ({
    parentRef,
    controllerName: CONTROLLER,
    conditions: [condition("Accepted"), condition("ResolvedRefs")],
  }));
  await config.makeApiClient(CustomObjectsApi).patchNamespacedCustomObjectStatus(
    {
      group: "gateway.networking.k8s.io",
      version: "v1",
      plural: "httproutes",
      namespace,
      name,
      body: { metadata: { resourceVersion }, status: { parents } },
    },
    setHeaderOptions("Content-Type", PatchStrategy.MergePatch),
  );
}
