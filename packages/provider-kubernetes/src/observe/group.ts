import type { Json, ServerGroup } from "@gennaker/core/ports";
import { ADOPTING, KEY, RELEASE, RESERVED, SEQUENCE } from "../marks.ts";
import type { Pod, PodEvent, ReplicaSet } from "../objects/objects.ts";
import { healthOf, type PodHealth } from "./pod-health.ts";
import { problemOf } from "./problem.ts";

/** What a group is read from. */
export interface GroupSource {
  readonly set: ReplicaSet;
  readonly pods: readonly Pod[];
  readonly share: number;
  readonly leaving: boolean;
  readonly nodesMayCome: boolean;
  readonly events: readonly PodEvent[];
}

/** Whether a ReplicaSet is a group: not one that is still being made, nor one that is going. */
export function isGroup({ metadata }: ReplicaSet): boolean {
  const { deletionTimestamp, annotations = {} } = metadata;
  return deletionTimestamp === undefined && !(RESERVED in annotations) && !(ADOPTING in annotations);
}

/** A ReplicaSet and its pods as a server group. */
export function groupOf(source: GroupSource): ServerGroup {
  const { set, pods, share } = source;
  const { metadata, spec } = set;
  const { [SEQUENCE]: sequence, [KEY]: key, [RELEASE]: release } = metadata.annotations ?? {};
  const problem = problemOf(source);
  return {
    name: metadata.name,
    sequence: Number(sequence ?? 0),
    desired: spec.replicas ?? 1,
    ...countsOf(set, pods),
    share,
    ...(key !== undefined && { key }),
    ...(release !== undefined && releaseOf(release)),
    ...(problem && { problem }),
  };
}

type Counts = Pick<ServerGroup, "healthy" | "starting" | "unhealthy" | "unknown">;

/** Instances by how they are; those that are still to be made count as starting. */
export function countsOf({ spec, status }: ReplicaSet, pods: readonly Pod[]): Counts {
  const health = pods.map(healthOf);
  const number = (of: PodHealth): number => health.filter((each) => each === of).length;
  const ready = number("ready");
  // Only the ReplicaSet knows, by the server's clock, who has been ready for long enough; it may be behind, the pods not.
  const healthy = spec.minReadySeconds ? Math.min(ready, status?.availableReplicas ?? 0) : ready;
  const missing = Math.max(0, (spec.replicas ?? 1) - health.filter((each) => each !== "gone").length);
  return {
    healthy,
    starting: number("starting") + (ready - healthy) + missing,
    unhealthy: number("unhealthy"),
    unknown: number("unknown"),
  };
}

// Somebody may have edited it by hand.
function releaseOf(text: string): { readonly release?: Json } {
  try {
    return { release: JSON.parse(text) as Json };
  } catch {
    return {};
  }
}
