import type { Cluster } from "../model/cluster.ts";
import type { Duration } from "../model/duration.ts";
import type { Json } from "../model/json.ts";
import type { GroupSelector, Operation, SizeChange } from "../model/operation.ts";
import type { StageType } from "../model/stage.ts";
import { checkOperation } from "./operation-input.ts";

/** What all operations take. */
export interface OnCluster {
  readonly cluster: Cluster<unknown>;
  /** Until all is as wanted. Default `"10m"`. */
  readonly timeout?: Duration;
}

/** What an operation leaves. */
export interface OperationOutput {
  readonly cluster: Cluster;
  /** The groups that it was about, as they are now. */
  readonly groups: readonly {
    readonly name: string;
    readonly desired: number;
    readonly healthy: number;
    readonly share: number;
  }[];
}

/** What `findGroup` found. */
export interface FoundGroup extends OperationOutput {
  readonly group: string;
  /** What it runs, where the provider can tell. */
  readonly release?: Json;
}

/** Finds a group of a cluster, and the release that it runs. Changes nothing. */
export const findGroup: StageType<OnCluster & { readonly group: GroupSelector }, FoundGroup> =
  operation("find");

/** Sets how many instances a group has, and waits until they are healthy. A group with traffic cannot be emptied. */
export const resizeGroup: StageType<
  OnCluster & { readonly group: GroupSelector; readonly size: SizeChange },
  OperationOutput
> = operation("resize");

/** Divides the traffic of a cluster among its groups; whoever is not named gets nothing. */
export const shiftTraffic: StageType<
  OnCluster & { readonly shares: readonly { readonly group: GroupSelector; readonly share: number }[] },
  OperationOutput
> = operation("shift");

/** Gives a group a share of the traffic (default 100), which the others give in proportion to what they have. */
export const enableGroup: StageType<
  OnCluster & { readonly group: GroupSelector; readonly share?: number },
  OperationOutput
> = operation("enable");

/** Takes a group's traffic away; the others get it in proportion to what they have. Not the last one's. */
export const disableGroup: StageType<OnCluster & { readonly group: GroupSelector }, OperationOutput> =
  operation("disable");

/**
 * Removes groups. One with traffic is refused, unless `force` is said: then its traffic goes to the others first. In a
 * cluster that is `guarded` (see `createDelivery`) the last group that serves is never removed.
 */
export const destroyGroup: StageType<
  OnCluster & { readonly group: GroupSelector | readonly GroupSelector[]; readonly force?: boolean },
  OperationOutput
> = operation("destroy");

function operation<Input extends OnCluster, Output>(name: Operation["do"]): StageType<Input, Output> {
  return {
    type: name === "shift" ? "shift-traffic" : `${name}-group`,
    kind: "operation",
    operation: name,
    check: (input) => checkOperation({ ...input, do: name } as unknown as Operation),
  };
}
