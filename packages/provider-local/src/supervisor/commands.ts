// Commands as arithmetic on the record: old record in, new record out, or a Refusal. What happens to processes and
// traffic follows from the record, elsewhere.
import type { Condition, Json, Token } from "@gennaker/core/ports";
import type { RunSpec } from "../release.ts";
import type { ProcessIdentity } from "./process-table.ts";
import type { ClusterRecord, GroupRecord, InstanceRecord, Listen } from "./record.ts";
import { Refusal } from "./refusal.ts";

/** How many instances of a group are healthy now. */
export type HealthyNow = (group: string) => number;

const KEYS_KEPT = 1000;

export interface NewGroup {
  readonly key: string;
  readonly size: number;
  readonly release: Json;
  readonly run: RunSpec;
}

export function claim(record: ClusterRecord, run: string): ClusterRecord {
  return { ...record, epoch: record.epoch + 1, claimedBy: run };
}

/** An epoch that was never given out is refused too: it comes from a world that is gone. */
export function requireEpoch(record: ClusterRecord, token: Token): void {
  if (token.epoch === record.epoch) return;
  throw new Refusal(
    "fenced",
    `run ${token.run} speaks with epoch ${token.epoch}; the cluster is at epoch ${record.epoch}, claimed by run ${record.claimedBy ?? "unknown"}`,
    record.claimedBy,
  );
}

export function createGroup(
  record: ClusterRecord,
  spec: NewGroup,
  token: Token,
  listen: Listen,
): ClusterRecord {
  requireEpoch(record, token);
  if (Object.hasOwn(record.keys, spec.key)) return record;
  const sequence = record.sequence + 1;
  const name = `${record.name}-v${String(sequence).padStart(3, "0")}`;
  const group: GroupRecord = { ...spec, name, sequence, desired: 0, share: 0, born: 0, instances: [] };
  return {
    ...record,
    sequence,
    listen,
    keys: Object.fromEntries([...Object.entries(record.keys).slice(1 - KEYS_KEPT), [spec.key, name]]),
    groups: [...record.groups, resize(group, spec.size, [])],
  };
}

export interface Scale {
  readonly group: string;
  readonly size: number;
  readonly condition?: Condition;
}

/** `dispensable`: ids in the order in which they may leave, the least useful first. */
export function scaleGroup(
  record: ClusterRecord,
  change: Scale,
  token: Token,
  healthy: HealthyNow,
  dispensable: readonly string[],
): ClusterRecord {
  return land(record, "scale", change, token, healthy, () => {
    const group = find(record, change.group);
    return replace(record, resize(group, change.size, dispensable));
  });
}

export interface Traffic {
  readonly shares: Readonly<Record<string, number>>;
  readonly condition?: Condition;
}

export function setTraffic(
  record: ClusterRecord,
  change: Traffic,
  token: Token,
  healthy: HealthyNow,
): ClusterRecord {
  return land(record, "traffic", change, token, healthy, () => {
    const { shares } = change;
    for (const name of Object.keys(shares)) find(record, name);
    const groups = record.groups.map((group) => ({
      ...group,
      share: Object.hasOwn(shares, group.name) ? (shares[group.name] ?? 0) : 0,
    }));
    return { ...record, groups };
  });
}

export interface Destroy {
  readonly group: string;
  readonly condition?: Condition;
}

export function destroyGroup(
  record: ClusterRecord,
  change: Destroy,
  token: Token,
  healthy: HealthyNow,
): ClusterRecord {
  return land(record, "destroy", change, token, healthy, () => end(record, change.group));
}

/** Ends every group, whoever holds the cluster. */
export function destroyAll(record: ClusterRecord): ClusterRecord {
  return record.groups.reduce((left, group) => end(left, group.name), record);
}

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

// ---

function land(
  record: ClusterRecord,
  operation: string,
  change: { readonly condition?: Condition },
  token: Token,
  healthy: HealthyNow,
  apply: () => ClusterRecord,
): ClusterRecord {
  requireEpoch(record, token);
  // A connection that broke before the answer makes the client say it again: its condition held when it landed.
  const said = `${operation} ${JSON.stringify(change)}`;
  if (record.last?.command === token.command && record.last.said === said) return record;
  requireCondition(record, change.condition ?? {}, healthy);
  return { ...apply(), last: { command: token.command, said } };
}

function requireCondition(record: ClusterRecord, condition: Condition, healthy: HealthyNow): void {
  for (const [name, { healthyAtLeast = 0, shareAtMost = 100, desiredAtMost = Infinity }] of Object.entries(
    condition,
  )) {
    const group = record.groups.find((one) => one.name === name && !one.gone);
    const now = group ? healthy(name) : 0;
    if (now < healthyAtLeast)
      throw new Refusal(
        "conflict",
        `${name} has ${now} healthy instances, at least ${healthyAtLeast} are required`,
      );
    if ((group?.share ?? 0) > shareAtMost)
      throw new Refusal(
        "conflict",
        `${name} has ${group?.share} % of the traffic, at most ${shareAtMost} % are allowed`,
      );
    if ((group?.desired ?? 0) > desiredAtMost)
      throw new Refusal(
        "conflict",
        `${name} is to have ${group?.desired} instances, at most ${desiredAtMost} are allowed`,
      );
  }
}

function find(record: ClusterRecord, name: string): GroupRecord {
  const group = record.groups.find((one) => one.name === name && !one.gone);
  if (!group) throw new Refusal("not-found", `there is no group ${name} in ${record.name}`);
  return group;
}

function replace(record: ClusterRecord, group: GroupRecord): ClusterRecord {
  return { ...record, groups: record.groups.map((one) => (one.name === group.name ? group : one)) };
}

function end(record: ClusterRecord, name: string): ClusterRecord {
  const group = record.groups.find((one) => one.name === name && !one.gone);
  if (!group) return record;
  if (group.instances.length === 0)
    return { ...record, groups: record.groups.filter((one) => one !== group) };
  return replace(record, { ...resize(group, 0, []), share: 0, gone: true });
}

function resize(group: GroupRecord, size: number, dispensable: readonly string[]): GroupRecord {
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
