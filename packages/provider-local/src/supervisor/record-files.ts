import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { ClusterRecord } from "./record.ts";

/** @throws Error that names every file that cannot be read, and why */
export async function readRecords(directory: string): Promise<readonly ClusterRecord[]> {
  const folder = join(directory, "clusters");
  const names = (await readdir(folder)).filter((name) => name.endsWith(".json"));
  const read = await Promise.allSettled(names.map((name) => readRecord(join(folder, name))));
  const problems = read.flatMap((one) => (one.status === "rejected" ? [String(one.reason.message)] : []));
  if (problems.length > 0)
    throw new Error(`${problems.join("; ")}. Move it away to begin anew; what it names will be ended`);
  return read.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
}

async function readRecord(path: string): Promise<ClusterRecord> {
  try {
    const record = JSON.parse(await readFile(path, "utf8")) as Partial<ClusterRecord> | null;
    const strange = strangeness(record, basename(path, ".json"));
    if (strange !== undefined) throw new Error(strange);
    return record as ClusterRecord;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`${path} cannot be read: ${why}`, { cause: error });
  }
}

/** Why it is no record of ours. What we wrote whole need not be checked to the last field. */
function strangeness(record: Partial<ClusterRecord> | null, name: string): string | undefined {
  if (typeof record !== "object" || record === null) return "it is no record of a cluster";
  if (record.format !== 1) return `its format is ${String(record.format)}, this version reads 1`;
  if (record.name !== name) return `it is of the cluster ${JSON.stringify(record.name)}`;
  const whole =
    [record.epoch, record.sequence, record.opened].every(Number.isSafeInteger) &&
    typeof record.keys === "object" &&
    record.keys !== null &&
    Array.isArray(record.groups) &&
    record.groups.every((group) => Array.isArray(group?.instances) && typeof group?.run === "object");
  return whole ? undefined : "a part of it is missing";
}
