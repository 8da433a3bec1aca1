// Commands as arithmetic on the record: old record in, new record out, or a Refusal. What happens to processes and
// traffic follows from the record, elsewhere.
import type { Condition, Json, Token } from "@gennaker/core/ports";
import type { RunSpec } from "../release.ts";
import { type HealthyNow, land, requireEpoch } from "./landing.ts";
import { resize } from "./membership.ts";
import type { ClusterRecord, GroupRecord, Listen } from "./record.ts";
import { Refusal } from "./refusal.ts";

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

// ---

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
