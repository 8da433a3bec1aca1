import type { Condition, ServerGroup, TrafficMode } from "@gennaker/core/ports";
import { Refusal } from "../api/failure.ts";

/** @throws Refusal when it is no number of instances */
export function checkSize(size: number): void {
  if (!Number.isInteger(size) || size < 0)
    throw new Refusal("invalid", `${size} is not a number of instances (0 or more)`);
}

/** @throws Refusal when they are no shares of this kind of traffic */
export function checkShares(shares: Readonly<Record<string, number>>, mode: TrafficMode): void {
  const values = Object.values(shares);
  const sum = values.reduce((total, share) => total + share, 0);
  if (values.some((share) => !(share >= 0 && share <= 100))) throw new Refusal("invalid", "a share is 0–100");
  if (values.length > 0 && Math.abs(sum - 100) > 1e-6)
    throw new Refusal("invalid", `shares sum to 100, not to ${sum}`);
  if (mode === "switch" && values.some((share) => share !== 0 && share !== 100))
    throw new Refusal("invalid", "traffic cannot be split here: one group gets 100");
}

/** @throws Refusal, kind `conflict`, when a condition does not hold among the groups that are there */
export function checkCondition(condition: Condition, groups: readonly ServerGroup[]): void {
  for (const [name, { healthyAtLeast = 0, shareAtMost = 100, desiredAtMost = Infinity }] of Object.entries(
    condition,
  )) {
    const { healthy, share, desired } = groups.find((group) => group.name === name) ?? ABSENT;
    if (healthy < healthyAtLeast)
      throw new Refusal("conflict", `${name} has ${healthy} healthy instances, ${healthyAtLeast} needed`);
    if (share > shareAtMost)
      throw new Refusal("conflict", `${name} has ${share} % of the traffic, at most ${shareAtMost} allowed`);
    if (desired > desiredAtMost)
      throw new Refusal(
        "conflict",
        `${name} is to have ${desired} instances, at most ${desiredAtMost} expected`,
      );
  }
}

const ABSENT = { healthy: 0, share: 0, desired: 0 };
