import {
  deploy,
  type DryRun,
  dryRunText,
  type RolloutForecast,
  type Strategy,
  type TrafficMode,
} from "@gennaker/core";
import { deliveryOn, makeBed } from "./bed.ts";

/** A strategy's plan, as `delivery.plan` gives it. */
export interface Planned {
  readonly text: string;
  readonly rollout: RolloutForecast;
}

/** Plans a strategy against a cluster with a stable group. */
export async function planOf(strategy: Strategy, traffic: TrafficMode): Promise<Planned> {
  const bed = makeBed(traffic);
  const delivery = deliveryOn(bed);
  const plan: DryRun = await bed.clock.drive(
    delivery.plan(deploy, { cluster: bed.cluster, release: "v2", strategy }),
  );
  await bed.clock.drive(delivery.close());
  const rollout = plan.stages[0]?.rollout;
  if (!rollout || plan.problems.length > 0)
    throw new Error(`${strategy.name} cannot be planned: ${plan.problems.join("; ")}`);
  return { text: dryRunText(plan), rollout };
}
