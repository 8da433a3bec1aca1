import type { Cluster } from "../model/cluster.ts";
import type { Strategy } from "../model/phase.ts";
import type { StageType } from "../model/stage.ts";
import { checkCluster, checkGroup, checkOnBusy, checkReplaces, checkStrategy } from "./deploy-input.ts";

/** What a deploy is asked to do. */
export interface DeployInput<Release> {
  readonly cluster: Cluster<Release>;
  readonly release: Release;
  readonly strategy: Strategy;
  /** Brings this group of the cluster back instead of making a new one: what an undo does while the group is there. */
  readonly group?: string;
  /** Only while this group serves: when another one does, the stage succeeds, and changes nothing. Default: whatever serves. */
  readonly replaces?: string;
  /** What to do when another run has the cluster, or waits for it. Default `"supersede"`. */
  readonly onBusy?: OnBusy;
}

/**
 * What a deploy does when another run's rollout has its cluster, or waits for it:
 * - `"supersede"`: runs that were started earlier make room. One that waits is cancelled at once; one that is under way
 *   takes its way back first, so that the newer release is compared with the stable one; past its point of no return it
 *   finishes instead, without its holds. Runs that were started later have precedence: it waits for them.
 * - `"queue"`: it waits for its turn, first come, first served.
 * - `"reject"`: the stage fails at once, and its error names the run that has the cluster.
 *
 * Stages of one run never supersede or reject each other: they wait.
 */
export type OnBusy = "supersede" | "queue" | "reject";

/** What a deploy leaves for later stages. */
export interface DeployOutput<Release> {
  readonly cluster: Cluster<Release>;
  readonly release: Release;
  /** The group that now serves. */
  readonly group: string;
  /** The group that served before; absent at a first deploy. */
  readonly previous?: string;
}

/** The type of the `deploy` stage. */
export interface DeployStage extends StageType<DeployInput<never>, DeployOutput<never>> {
  readonly kind: "rollout";
}

/**
 * Replaces what a cluster runs by a release, by a strategy. Ends `succeeded` with the new group serving, or
 * rolled back with things as they were.
 */
export const deploy: DeployStage = {
  type: "deploy",
  kind: "rollout",
  check: ({ cluster, release, strategy, group, replaces, onBusy }) => [
    ...checkCluster(cluster),
    ...(release === undefined ? ["release: is missing"] : []),
    ...checkStrategy(strategy),
    ...checkGroup(group),
    ...checkReplaces(replaces),
    ...checkOnBusy(onBusy),
  ],
};
