// What the supervisor keeps on disk, one file per cluster. It names every process that may exist, before it exists.
import type { Json } from "@gennaker/core/ports";
import type { RunSpec } from "../release.ts";
import type { ProcessIdentity } from "./process-table.ts";

/** An instance that is to be, is, or is on its way out. */
export interface InstanceRecord {
  /** Unique in the directory and never used again: `shop-api-v003-2`. */
  readonly id: string;
  /** Takes no new requests; ends after draining. */
  readonly leaving?: true;
  /** The port and the process it has now; absent before its first start. */
  readonly port?: number;
  readonly process?: ProcessIdentity;
}

export interface GroupRecord {
  readonly name: string;
  readonly sequence: number;
  readonly key: string;
  /** As it was given, for observers. */
  readonly release: Json;
  readonly run: RunSpec;
  readonly desired: number;
  readonly share: number;
  /** Destroyed: nobody sees it any more, its instances are on their way out. */
  readonly gone?: true;
  /** How many instances it ever had. */
  readonly born: number;
  readonly instances: readonly InstanceRecord[];
}

export interface ClusterRecord {
  readonly format: 1;
  readonly name: string;
  readonly epoch: number;
  /** The run that claimed it last. */
  readonly claimedBy?: string;
  /** Sequence of the newest group that ever was. */
  readonly sequence: number;
  /** Counts the supervisors that opened this file; makes revisions grow over restarts. */
  readonly opened: number;
  /** Where the balancer listens; absent before its first time. */
  readonly listen?: Listen;
  /** Which group each key made, also of groups that are gone. */
  readonly keys: { readonly [key: string]: string };
  /** The newest command that landed: said again, it is a success and changes nothing. */
  readonly last?: { readonly command: string; readonly said: string };
  readonly groups: readonly GroupRecord[];
}

/** Where a balancer listens. */
export interface Listen {
  readonly host: string;
  readonly port: number;
}

export function newCluster(name: string): ClusterRecord {
  return { format: 1, name, epoch: 0, sequence: 0, opened: 0, keys: {}, groups: [] };
}
