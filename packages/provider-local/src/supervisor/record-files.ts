import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ClusterRecord } from "./record.ts";

/** @throws Error that names the file, when one cannot be read */
export async function readRecords(directory: string): Promise<readonly ClusterRecord[]> {
  const folder = join(directory, "clusters");
  const names = (await readdir(folder)).filter((name) => name.endsWith(".json"));
  return Promise.all(names.map((name) => readRecord(join(folder, name))));
}

async function readRecord(path: string): Promise<ClusterRecord> {
  try {
    const record = JSON.parse(await readFile(path, "utf8")) as ClusterRecord;
    if (record.format !== 1) throw new Error(`its format is ${String(record.format)}, this version reads 1`);
    return record;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(
      `${path} cannot be read: ${why}. Move it away to begin anew; what it names will be ended`,
      {
        cause: error,
      },
    );
  }
}
