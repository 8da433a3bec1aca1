// Which instances a group has: old record in, new record out.
import type { ProcessIdentity } from "./process-table.ts";
import type { ClusterRecord, GroupRecord, InstanceRecord } from "./record.ts";

/** The process that an instance has now. */
export function recordProcess(
  record: ClusterRecord,
  id: string,
  running: { readonly port: number; readonly process: ProcessIdentity },
): ClusterRecord {
  const groups = record.groups.map((group) => ({
    ...group,
    instances: group.instances.map((instance) =>
      instance.id === id ? { ...instance, ...running } : instance,
    ),
  }));
  return { ...record, groups };
}

/** An instance of which nothing is left; with the last one, a destroyed group goes too. */
export function forgetInstance(record: ClusterRecord, id: string): ClusterRecord {
  const groups = record.groups.map((group) => ({
    ...group,
    instances: group.instances.filter((instance) => instance.id !== id),
  }));
  return { ...record, groups: groups.filter((group) => !group.gone || group.instances.length > 0) };
}

/** Another size. `dispensable`: ids in the order in which they may leave, before all others. */
export function resize(group: GroupRecord, size: number, dispensable: readonly string[]): GroupRecord {
  const staying = group.instances.filter((instance) => !instance.leaving);
  const order = [...dispensable, ...staying.map(({ id }) => id).toReversed()];
  const leaving = new Set<string>();
  for (const id of order) {
    if (staying.length - leaving.size <= size) break;
    if (staying.some((instance) => instance.id === id)) leaving.add(id);
  }
  const added = Math.max(0, size - staying.length);
  return {
    ...group,
    desired: size,
    born: group.born + added,
    instances: [
      ...group.instances.map((one): InstanceRecord =>
        leaving.has(one.id) ? { ...one, leaving: true } : one,
      ),
      ...Array.from({ length: added }, (_, n): InstanceRecord => ({
        id: `${group.name}-${group.born + n + 1}`,
      })),
    ],
  };
}
