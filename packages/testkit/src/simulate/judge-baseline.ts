import { type Cluster, clusterId, type ClusterState, type Event } from "@gennaker/core/ports";
import type { Landing } from "../cloud/landing.ts";

interface Comparison {
  readonly cluster: Cluster;
  readonly key: string;
  readonly stable: string | undefined;
}

/** Watches that baselines are what they are for: stable's release to compare with, gone when the rollout is over. */
export class BaselineJudge {
  readonly #look: (cluster: Cluster) => ClusterState;
  readonly #comparisons = new Map<string, Comparison>();
  readonly #forced = new Set<string>();

  constructor(look: (cluster: Cluster) => ClusterState) {
    this.#look = look;
  }

  /** Hears of an event in the instant of its recording; what is wrong with the world then. */
  notice(event: Event): string | undefined {
    if (event.type === "run-cancel-requested" && event.mode === "forced") this.#forced.add(event.run);
    if (event.type === "rollout-planned" && event.baseline)
      this.#comparisons.set(`${event.run}/${event.stage}`, {
        cluster: event.cluster,
        key: event.baseline.key,
        stable: event.before?.group,
      });
    if (event.type !== "rollout-finished" || event.outcome === "failed") return undefined;
    const rollout = `${event.run}/${event.stage}`;
    const comparison = this.#comparisons.get(rollout);
    if (!comparison || this.#forced.has(event.run)) return undefined;
    const { groups } = this.#look(comparison.cluster);
    const left = groups.find(({ key }) => key === comparison.key);
    return left && `${rollout} is ${event.outcome}, but its baseline ${left.name} is still there`;
  }

  /** Hears of a command that landed; what is wrong with it. */
  noticeLanding({ cluster, command, before, after }: Landing): string | undefined {
    if (command.do !== "create-group") return undefined;
    const comparison = [...this.#comparisons.values()].find(
      (each) => each.key === command.key && clusterId(each.cluster) === clusterId(cluster),
    );
    const made = after.groups.find(({ key }) => key === command.key);
    const stable = before.groups.find(({ name }) => name === comparison?.stable);
    const same = JSON.stringify(made?.release) === JSON.stringify(stable?.release);
    return !comparison || !made || !stable || same
      ? undefined
      : `baseline ${made.name} runs ${JSON.stringify(made.release)}, and ${stable.name} ${JSON.stringify(stable.release)}`;
  }
}
