// Whether a command may land at all: who says it, whether it was said before, and what it requires of the world.
import type { Condition, Token } from "@gennaker/core/ports";
import type { ClusterRecord } from "./record.ts";
import { Refusal } from "./refusal.ts";

/** How many instances of a group are healthy now. */
export type HealthyNow = (group: string) => number;

/** An epoch that was never given out is refused too: it comes from a world that is gone. */
export function requireEpoch(record: ClusterRecord, token: Token): void {
  if (token.epoch === record.epoch) return;
  throw new Refusal(
    "fenced",
    `run ${token.run} speaks with epoch ${token.epoch}; the cluster is at epoch ${record.epoch}, claimed by run ${record.claimedBy ?? "unknown"}`,
    record.claimedBy,
  );
}

/** A command on its way: lands once, if its epoch is the newest and its condition holds. */
export function land(
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
