import type { Token } from "@gennaker/core/ports";
import { type Call, type PatchStep } from "../api/calls.ts";
import { Refusal } from "../api/failure.ts";
import type { Ground } from "../ground.ts";
import { annotationPath, epochMark } from "../marks.ts";
import type { KubernetesObject } from "../objects/objects.ts";
import { type ClusterRecord, readRecord } from "./record.ts";

/** Who claimed last, as a mark on an object says. */
export interface Stamp {
  readonly epoch: number;
  readonly run: string;
}

/** The mark of a claim: `7 run-1`. */
function stampText({ epoch, run }: Stamp): string {
  return `${epoch} ${run}`;
}

/** The mark of a claim, as an annotation. */
export function marked(cluster: string, stamp: Stamp): Record<string, string> {
  return { [epochMark(cluster)]: stampText(stamp) };
}

/** The claim whose mark an object carries. */
export function stampOf({ metadata }: KubernetesObject, cluster: string): Stamp | undefined {
  const [, epoch, run] = /^(\d+) (.*)$/.exec(metadata.annotations?.[epochMark(cluster)] ?? "") ?? [];
  return epoch === undefined || run === undefined ? undefined : { epoch: Number(epoch), run };
}

/** @throws Refusal when a newer epoch holds */
function refuseOlder(token: Token, stamp: Stamp): void {
  if (stamp.epoch <= token.epoch) return;
  throw new Refusal("fenced", `epoch ${token.epoch} is over, ${stamp.epoch} holds the cluster`, stamp.run);
}

/**
 * Whether a command may write an object that was just read, provided that it writes into that very version of it.
 * The mark of its own epoch is enough: a newer claim changes the object before it resolves, and the write fails. An
 * object without it came after the claim; then the record decides, and it must be read after the object: a claim that
 * follows finds the object and marks it.
 *
 * @throws Refusal, kind `fenced`
 */
export async function admit(
  ground: Ground,
  token: Token,
  object: KubernetesObject | undefined,
  call: Call,
): Promise<void> {
  const stamp = object && stampOf(object, ground.cluster);
  if (stamp) refuseOlder(token, stamp);
  if (stamp?.epoch !== token.epoch) await refuseUnlessRecorded(ground, token, call);
}

/** The record, which says that the token's epoch holds. @throws Refusal, kind `fenced`, when it does not */
export async function refuseUnlessRecorded(ground: Ground, token: Token, call: Call): Promise<ClusterRecord> {
  const record = await readRecord(ground, call);
  if (!record)
    throw new Refusal("fenced", `the cluster was never claimed, or its record was deleted: claim it`);
  refuseOlder(token, { epoch: record.epoch, run: record.claimedBy });
  if (record.epoch < token.epoch)
    throw new Refusal(
      "fenced",
      `epoch ${token.epoch} was never given out here: the record says ${record.epoch}`,
    );
  return record;
}

/** Steps that set a mark, if it is still the one that was seen. */
export function stampSteps(object: KubernetesObject, cluster: string, stamp: Stamp): readonly PatchStep[] {
  const mark = epochMark(cluster);
  const path = annotationPath(mark);
  const seen = object.metadata.annotations?.[mark];
  const value = stampText(stamp);
  if (seen !== undefined)
    return [
      { op: "test", path, value: seen },
      { op: "replace", path, value },
    ];
  // Nothing can be tested that is not there: the version is.
  const version: PatchStep = {
    op: "test",
    path: "/metadata/resourceVersion",
    value: object.metadata.resourceVersion,
  };
  if (object.metadata.annotations) return [version, { op: "add", path, value }];
  return [version, { op: "add", path: "/metadata/annotations", value: { [mark]: value } }];
}
