import type { ClusterState, Event } from "@gennaker/core/ports";
import type { SimulatedCloud } from "../cloud/simulated-cloud.ts";

/** Looks, whenever a rollout took the way back, whether things are as they were. */
export class WayBackJudge {
  readonly #cloud: SimulatedCloud;
  readonly #planned = new Map<string, Event<"rollout-planned">>();
  readonly #turned = new Set<string>();
  readonly #forced = new Set<string>();
  /** Somebody else may change sizes too. */
  readonly #autoscaled: boolean;

  constructor(cloud: SimulatedCloud, autoscaled: boolean) {
    this.#cloud = cloud;
    this.#autoscaled = autoscaled;
  }

  /** Hears of an event in the instant of its recording; what is wrong with the world then. */
  notice(event: Event): readonly string[] {
    if (event.type === "run-cancel-requested" && event.mode === "forced") this.#forced.add(event.run);
    if (!("stage" in event)) return [];
    const rollout = `${event.run}/${event.stage}`;
    if (event.type === "rollout-planned") this.#planned.set(rollout, event);
    if (event.type === "rollout-turned-back") this.#turned.add(rollout);
    const planned = this.#planned.get(rollout);
    if (event.type !== "rollout-finished" || !planned) return [];
    if (event.outcome !== "rolled-back" && !this.#cameBack(event, rollout)) return [];
    return differences(planned, this.#cloud.world(planned.cluster), this.#autoscaled).map(
      (difference) => `${rollout} is ${event.outcome}, but ${difference}`,
    );
  }

  // A forced cancel leaves things as they are.
  #cameBack({ run, outcome }: Event<"rollout-finished">, rollout: string): boolean {
    return outcome === "cancelled" && this.#turned.has(rollout) && !this.#forced.has(run);
  }
}

function differences(
  { before, key, rollout, traffic }: Event<"rollout-planned">,
  { groups }: ClusterState,
  autoscaled: boolean,
): readonly string[] {
  const wrong: string[] = [];
  const candidate = groups.find((group) => group.key === key);
  if (candidate && rollout.onRollback === "destroy") wrong.push(`candidate ${candidate.name} is still there`);
  if (candidate && (candidate.share > 0 || candidate.desired > 0))
    wrong.push(
      `candidate ${candidate.name} has ${candidate.desired} instances and ${candidate.share} % of the traffic`,
    );
  for (const [name, was] of Object.entries(before?.traffic ?? {})) {
    const share = groups.find((group) => group.name === name)?.share ?? 0;
    // Proportional shares follow health: only who takes part can be compared.
    const same = traffic === "proportional" ? share > 0 === was > 0 : Math.abs(share - was) < 1e-6;
    if (!same) wrong.push(`${name} has ${share} % of the traffic, and had ${was} %`);
  }
  const stable = groups.find((group) => group.name === before?.group);
  if (before && stable && !autoscaled && stable.desired !== before.desired)
    wrong.push(`${stable.name} is to have ${stable.desired} instances, and had ${before.desired}`);
  if (before && !stable) wrong.push(`${before.group} is gone`);
  return wrong;
}
