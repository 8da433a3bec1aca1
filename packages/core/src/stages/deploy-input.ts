import type { Cluster } from "../model/cluster.ts";
import type { Strategy } from "../model/phase.ts";

/** What is wrong with a cluster reference. */
export function checkCluster(cluster: Cluster<unknown> | undefined): readonly string[] {
  if (typeof cluster !== "object" || cluster === null)
    return ["cluster: is missing (make one with your provider's cluster(name))"];
  const missing = (["provider", "account", "location", "name"] as const).filter(
    (field) => typeof cluster[field] !== "string" || cluster[field] === "",
  );
  return missing.map(
    (field) => `cluster: ${field} is missing (make clusters with your provider's cluster(name))`,
  );
}

/** What is wrong with a strategy value. */
export function checkStrategy(strategy: Strategy | undefined): readonly string[] {
  return typeof strategy?.name === "string" && typeof strategy.rollout === "function"
    ? []
    : ["strategy: is missing or not a strategy (for example redBlack())"];
}

const ON_BUSY: ReadonlySet<unknown> = new Set([undefined, "supersede", "queue", "reject"]);

/** What is wrong with what a deploy does when its cluster is taken. */
export function checkOnBusy(onBusy: unknown): readonly string[] {
  return ON_BUSY.has(onBusy)
    ? []
    : [`onBusy: ${JSON.stringify(onBusy)} is not one of supersede, queue, reject`];
}

/** What is wrong with the name of the group that is to go. */
export function checkReplaces(replaces: string | undefined): readonly string[] {
  return replaces === undefined || (typeof replaces === "string" && replaces !== "")
    ? []
    : ["replaces: must be the name of a group of the cluster, or left out"];
}

/** What is wrong with the name of a group to bring back. */
export function checkGroup(group: string | undefined): readonly string[] {
  return group === undefined || (typeof group === "string" && group !== "")
    ? []
    : ["group: must be the name of a group of the cluster, or left out"];
}
