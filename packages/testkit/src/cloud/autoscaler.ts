import type { SimulatedCluster } from "./cluster.ts";
import { scale } from "./landing.ts";

const SOON = [1000, 60_000] as const;

/** By chance, and in a while, somebody else scales a group that has traffic: down by one, or up by one or two. */
export function temptAutoscaler(world: SimulatedCluster): void {
  const { nature } = world;
  const { clock, random } = nature;
  if (!random.chance(nature.faults.autoscaler ?? 0)) return;
  clock.after(random.within(SOON), () => {
    const serving = [...world.groups.values()].filter((group) => group.share > 0);
    if (serving.length === 0 || !nature.faults.autoscaler) return;
    const group = random.pick(serving);
    scale(world, group.identity.name, Math.max(1, group.desired + random.pick([-1, 1, 2])));
  });
}
