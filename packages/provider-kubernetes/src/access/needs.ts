import {
  AUTOSCALERS,
  CONFIG_MAPS,
  EVENTS,
  PODS,
  REPLICA_SETS,
  type Resource,
  SECRETS,
  SERVICES,
} from "../api/resource.ts";
import { recordName } from "../commands/record.ts";
import type { Ground } from "../ground.ts";
import type { KubernetesRelease } from "../release.ts";

/** A permission that the provider needs. */
export interface Need {
  readonly resource: Resource;
  readonly subresource?: string;
  readonly verb: string;
  /** Only for this object. */
  readonly name?: string;
  /** Without it something is told less well, and nothing else. */
  readonly optional?: boolean;
}

/** Everything that a cluster, and a release if there is one, needs; nothing more. */
export function needsOf(
  { cluster, traffic, autoscaler }: Ground,
  release?: KubernetesRelease,
): readonly Need[] {
  const { configMaps = [], secrets = [] } = release?.versioned ?? {};
  return [
    ...each(REPLICA_SETS, ["get", "list", "watch", "create", "patch", "delete"]),
    { resource: REPLICA_SETS, subresource: "scale", verb: "patch" },
    ...each(PODS, ["list", "watch", ...(traffic.labelsPods ? ["get", "patch"] : [])]),
    { resource: EVENTS, verb: "watch", optional: true },
    // Kubernetes cannot limit a create to a name.
    { resource: CONFIG_MAPS, verb: "create" },
    ...each(CONFIG_MAPS, ["get", "patch"], recordName(cluster)),
    ...traffic
      .routes(cluster)
      .flatMap(({ resource, name, blank }) => [
        ...each(resource, ["get", "list", "watch", "patch"], name),
        ...(blank ? each(resource, ["create"]) : []),
      ]),
    ...(traffic.port ? each(SERVICES, ["create", "get"]) : []),
    ...(autoscaler === undefined ? [] : each(AUTOSCALERS, ["get", "patch"], autoscaler)),
    ...configMaps.flatMap((name) => each(CONFIG_MAPS, ["get"], name)),
    ...secrets.flatMap((name) => each(SECRETS, ["get"], name)),
    ...(secrets.length > 0 ? each(SECRETS, ["create"]) : []),
  ];
}

function each(resource: Resource, verbs: readonly string[], name?: string): readonly Need[] {
  return verbs.map((verb) => ({ resource, verb, ...(name !== undefined && { name }) }));
}
