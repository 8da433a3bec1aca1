/** A kind of object, as the API server names it. */
export interface Resource {
  /** `""` for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** In paths and Roles: `replicasets`. */
  readonly plural: string;
}

const resource = (group: string, version: string, kind: string, plural: string): Resource => ({
  group,
  version,
  kind,
  plural,
});

export const REPLICA_SETS: Resource = resource("apps", "v1", "ReplicaSet", "replicasets");
export const DEPLOYMENTS: Resource = resource("apps", "v1", "Deployment", "deployments");
export const PODS: Resource = resource("", "v1", "Pod", "pods");
export const SERVICES: Resource = resource("", "v1", "Service", "services");
export const CONFIG_MAPS: Resource = resource("", "v1", "ConfigMap", "configmaps");
export const SECRETS: Resource = resource("", "v1", "Secret", "secrets");
export const EVENTS: Resource = resource("", "v1", "Event", "events");
export const AUTOSCALERS: Resource = resource(
  "autoscaling",
  "v2",
  "HorizontalPodAutoscaler",
  "horizontalpodautoscalers",
);

/** As in an object's `apiVersion`. */
export function apiVersion({ group, version }: Resource): string {
  return group === "" ? version : `${group}/${version}`;
}

/** As `kubectl` takes it: `replicasets.apps`. */
export function qualified({ group, plural }: Resource, subresource?: string): string {
  const name = subresource === undefined ? plural : `${plural}/${subresource}`;
  return group === "" ? name : `${name}.${group}`;
}

/** Path of a kind in a namespace, or of one object of it. */
export function pathOf(kind: Resource, namespace: string, name?: string, subresource?: string): string {
  const root = kind.group === "" ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`;
  const parts = [root, "namespaces", encodeURIComponent(namespace), kind.plural];
  if (name !== undefined) parts.push(encodeURIComponent(name));
  if (subresource !== undefined) parts.push(subresource);
  return parts.join("/");
}
