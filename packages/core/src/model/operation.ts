import type { Cluster } from "./cluster.ts";
import type { Duration } from "./duration.ts";
import type { Json } from "./json.ts";

/**
 * Which group of a cluster. `newest` and `oldest` by sequence; `largest` by desired size and `serving` by traffic, of
 * equal ones the newest; `previous` is the newest one before `serving`; `{ release }` the newest one whose release has
 * these fields.
 */
export type GroupSelector =
  | "newest"
  | "oldest"
  | "previous"
  | "largest"
  | "serving"
  | { readonly name: string }
  | { readonly release: Json };

/** To how many instances: a number, so many more or (negative) fewer, or a percentage of what it has, rounded up. */
export type SizeChange = number | { readonly by: number } | { readonly percent: number };

interface On {
  readonly cluster: Cluster;
  readonly timeout?: Duration;
}

/** What can be done to the groups of a cluster by hand, outside of any rollout. */
export type Operation =
  | (On & { readonly do: "find"; readonly group: GroupSelector })
  | (On & { readonly do: "resize"; readonly group: GroupSelector; readonly size: SizeChange })
  | (On & {
      readonly do: "shift";
      /** Whoever is not named gets nothing; 100 in all. */
      readonly shares: readonly { readonly group: GroupSelector; readonly share: number }[];
    })
  | (On & { readonly do: "enable"; readonly group: GroupSelector; readonly share?: number })
  | (On & { readonly do: "disable"; readonly group: GroupSelector })
  | (On & {
      readonly do: "destroy";
      readonly group: GroupSelector | readonly GroupSelector[];
      readonly force?: boolean;
    });
