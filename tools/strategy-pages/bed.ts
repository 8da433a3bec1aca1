import {
  type Check,
  type Cluster,
  createDelivery,
  defineCheck,
  type Delivery,
  memory,
  type TrafficMode,
} from "@gennaker/core";
import { type SimulatedCloud, simulatedCloud, virtualClock, type VirtualClock } from "@gennaker/testkit";
import { SIZE, TRAFFIC } from "./subjects.ts";

/** Milliseconds that an instance boots where nothing else is said; what a plan assumes without a history. */
export const BOOT_MS = 30_000;

/** A cluster with a stable group, in virtual time. */
export interface Bed {
  readonly clock: VirtualClock;
  readonly cloud: SimulatedCloud;
  readonly cluster: Cluster;
  readonly traffic: TrafficMode;
}

/** A fresh cluster: the same one each time. */
export function makeBed(traffic: TrafficMode = TRAFFIC): Bed {
  const clock = virtualClock(Date.UTC(2026, 0, 1));
  const cloud = simulatedCloud({ clock, seed: 1, latencyMs: 20 });
  cloud.behaviour(() => ({ bootMs: BOOT_MS }));
  const cluster = cloud.provider({ traffic }).cluster("shop-api");
  cloud.seed(cluster, [{ size: SIZE, share: 100, release: "v1" }]);
  return { clock, cloud, cluster, traffic };
}

/** The checks that the pages' strategies name; `passes` says what each measurement finds. */
export function checksOn(passes: () => boolean): readonly Check<never>[] {
  const run: Check<never>["run"] = () => Promise.resolve({ verdict: passes() ? "pass" : "fail" });
  return ["smoke", "errors"].map((name) => defineCheck<never>({ name, run }));
}

/** A delivery that looks at a bed. */
export function deliveryOn({ clock, cloud, traffic }: Bed): Delivery {
  const providers = [cloud.provider({ traffic })];
  return createDelivery({ engine: memory(), clock, providers, checks: checksOn(() => true) });
}
