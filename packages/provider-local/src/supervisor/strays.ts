import { isAlive, markedProcesses } from "./process-table.ts";
import type { ClusterRecord } from "./record.ts";

/** Ends what instances left behind, and what was started in the instant before a supervisor died. */
export async function killStrays(
  directory: string,
  records: readonly ClusterRecord[],
  log: (message: string) => void,
): Promise<void> {
  const instances = records.flatMap(({ groups }) => groups.flatMap((group) => group.instances));
  const known = new Set<string>();
  for (const { id, process: leader } of instances) if (leader && (await isAlive(leader))) known.add(id);
  for (const { pid, instance } of await markedProcesses(directory)) {
    if (known.has(instance)) continue;
    killOne(pid);
    log(
      `killed process ${pid}: it belongs to ${instance}, of which nothing is known or whose process has ended`,
    );
  }
}

/** Ends what is left of one instance: processes that left its process group, but not its marks. */
export async function killInstanceStrays(directory: string, id: string): Promise<void> {
  for (const { pid, instance } of await markedProcesses(directory)) if (instance === id) killOne(pid);
}

// ---

function killOne(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It is gone already.
  }
}
