import { conditionOf, type ContainerStatus, type Pod } from "../objects/objects.ts";

/** How one pod is. `gone`: leaving or ended, no instance any more. */
export type PodHealth = "ready" | "starting" | "unhealthy" | "unknown" | "gone";

/** Readiness alone; `minReadySeconds` is the ReplicaSet's affair. */
export function healthOf(pod: Pod): PodHealth {
  const { phase } = pod.status ?? {};
  if (pod.metadata.deletionTimestamp !== undefined) return "gone";
  // A ReplicaSet replaces these; they stay as records only.
  if (phase === "Failed" || phase === "Succeeded") return "gone";
  const ready = conditionOf(pod, "Ready");
  if (phase === "Unknown" || ready?.status === "Unknown") return "unknown";
  if (ready?.status === "True") return "ready";
  return isBroken(pod) || wasReady(pod) ? "unhealthy" : "starting";
}

/** All containers, those that run before the others first. */
export function containersOf(pod: Pod): readonly ContainerStatus[] {
  return [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
}

const STARTING = new Set(["ContainerCreating", "PodInitializing"]);

function isBroken(pod: Pod): boolean {
  return containersOf(pod).some(({ state, restartCount = 0 }) => {
    if (state?.waiting) return state.waiting.reason !== undefined && !STARTING.has(state.waiting.reason);
    if (state?.terminated) return state.terminated.exitCode !== 0;
    return restartCount > 0;
  });
}

// Kubernetes tells nowhere that a pod was ready before, but when its readiness last changed: at its start, or later.
function wasReady(pod: Pod): boolean {
  const { status, lastTransitionTime } = conditionOf(pod, "Ready") ?? {};
  if (status !== "False" || lastTransitionTime === undefined) return false;
  const starts = (pod.status?.containerStatuses ?? []).map(({ state }) => state?.running?.startedAt);
  return (
    starts.length > 0 &&
    starts.every((at) => at !== undefined && Date.parse(at) < Date.parse(lastTransitionTime))
  );
}
