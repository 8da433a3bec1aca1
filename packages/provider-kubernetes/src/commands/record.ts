import type { Call } from "../api/calls.ts";
import { isAnswer } from "../api/failure.ts";
import { CONFIG_MAPS } from "../api/resource.ts";
import type { Ground } from "../ground.ts";
import { CLUSTER, MANAGED_BY } from "../marks.ts";
import type { Settings } from "../objects/objects.ts";

/** What is remembered of a cluster besides its groups: a ConfigMap. */
export interface ClusterRecord {
  readonly epoch: number;
  /** The run that claimed last. */
  readonly claimedBy: string;
  /** The highest number that a group ever had. */
  readonly sequence: number;
  readonly resourceVersion: string | undefined;
}

/** Name of a cluster's ConfigMap. */
export function recordName(cluster: string): string {
  return `gennaker-${cluster}`;
}

/** Undefined when the cluster was never claimed. */
export async function readRecord(
  { calls, cluster, lastRecord }: Ground,
  call: Call,
): Promise<ClusterRecord | undefined> {
  const found = await calls.find<Settings>(CONFIG_MAPS, recordName(cluster), call);
  const record = found && recordOf(found);
  lastRecord.keep(record);
  return record;
}

function recordOf({ data = {}, metadata }: Settings): ClusterRecord {
  return {
    epoch: Number(data["epoch"] ?? 0),
    claimedBy: data["claimedBy"] ?? "",
    sequence: Number(data["sequence"] ?? 0),
    resourceVersion: metadata.resourceVersion,
  };
}

function dataOf({ epoch, claimedBy, sequence }: ClusterRecord): Record<string, string> {
  return { epoch: String(epoch), claimedBy, sequence: String(sequence) };
}

/** Writes the record, if nobody else did since it was read. @throws ApiFailure, a conflict, when somebody did */
export async function writeRecord(
  { calls, cluster, lastRecord }: Ground,
  record: ClusterRecord,
  call: Call,
): Promise<void> {
  const name = recordName(cluster);
  const { resourceVersion } = record;
  const data = dataOf(record);
  if (resourceVersion !== undefined) {
    const body = { metadata: { resourceVersion }, data };
    lastRecord.keep(recordOf(await calls.merge<Settings>(CONFIG_MAPS, name, body, call)));
    return;
  }
  const labels = { [CLUSTER]: cluster, [MANAGED_BY]: "gennaker" };
  const object = { metadata: { name, labels }, data };
  lastRecord.keep(recordOf(await calls.create<Settings>(CONFIG_MAPS, object, call)));
}

/** Whether a record could not be written because somebody else was quicker: to write it, or to delete it. */
export function lostRecord(error: unknown): boolean {
  return isAnswer(error, 409) || isAnswer(error, 404);
}
