import type { ServerGroup } from "@gennaker/core/ports";
import type { Health } from "./health.ts";
import type { GroupRecord } from "./record.ts";
import { groupProblem, type Trouble } from "./trouble.ts";

/** What is known of one instance. */
export interface InstanceView {
  readonly health: Health;
  readonly trouble: Trouble | undefined;
}

/** A group as the provider port shows it. `instances`: those that stay. */
export function observedGroup(
  group: GroupRecord,
  instances: readonly InstanceView[],
  balancerTrouble?: string,
): ServerGroup {
  const count = (health: Health): number => instances.filter((one) => one.health === health).length;
  const problem =
    balancerTrouble === undefined
      ? groupProblem(
          instances.map((one) => (one.health === "healthy" ? undefined : one.trouble)),
          group.desired,
        )
      : { message: balancerTrouble, fatal: true };
  return {
    name: group.name,
    sequence: group.sequence,
    desired: group.desired,
    healthy: count("healthy"),
    starting: count("starting"),
    unhealthy: count("unhealthy"),
    unknown: count("unknown"),
    share: group.share,
    key: group.key,
    release: group.release,
    ...(problem && { problem }),
  };
}

/** Ids of a group's instances in the order in which they may leave: the least useful first, then the newest. */
export function dispensable(
  group: GroupRecord,
  view: (id: string) => InstanceView | undefined,
): readonly string[] {
  const worth: Readonly<Record<Health, number>> = { unhealthy: 0, starting: 1, unknown: 2, healthy: 3 };
  const rank = (id: string): number => worth[view(id)?.health ?? "starting"];
  return group.instances
    .map(({ id }) => id)
    .toReversed()
    .toSorted((a, b) => rank(a) - rank(b));
}
