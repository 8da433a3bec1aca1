import type { NewEvent } from "../../machine/events.ts";
import type { RolloutState } from "../../machine/rollout/state.ts";
import { viewGroups } from "../../machine/rollout/view.ts";
import type { ClusterState } from "../../model/cluster.ts";

// What is seen changes in bursts; progress shows it at most this often.
const EVERY_MS = 200;

/** What was last recorded of a rollout's groups, and when the next may be. */
export class ObservedGroups {
  readonly #stage: string;
  #recorded = "";
  #nextAt = 0;

  constructor(stage: string) {
    this.#stage = stage;
  }

  /** When a change is to be recorded; undefined: nothing has changed. */
  dueAt(rollout: RolloutState, world: ClusterState | undefined): number | undefined {
    return this.#isNew(rollout, world) ? this.#nextAt : undefined;
  }

  isDue(rollout: RolloutState, world: ClusterState | undefined, now: number): boolean {
    return now >= this.#nextAt && this.#isNew(rollout, world);
  }

  /** The last look is not put off: no other comes after it. */
  take(
    rollout: RolloutState,
    world: ClusterState | undefined,
    now: number,
    isLast: boolean,
  ): readonly NewEvent[] {
    const due = isLast ? this.#isNew(rollout, world) : this.isDue(rollout, world, now);
    if (!world || !due) return [];
    const groups = viewGroups(rollout, world);
    this.#recorded = JSON.stringify(groups);
    this.#nextAt = now + EVERY_MS;
    return [{ type: "rollout-observed", at: now, stage: this.#stage, groups }];
  }

  #isNew(rollout: RolloutState, world: ClusterState | undefined): boolean {
    return (
      world !== undefined && !world.stale && JSON.stringify(viewGroups(rollout, world)) !== this.#recorded
    );
  }
}
