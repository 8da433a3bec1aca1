import assert from "node:assert/strict";
import { capability, type Case } from "../case.ts";
import { refused } from "../expect.ts";
import type { Trial } from "../trial.ts";

/** Exactly so many instances, all healthy. */
async function settlesAt(trial: Trial, name: string, size: number): Promise<void> {
  await trial.untilGroup(
    name,
    (it) => it.desired === size && it.healthy === size && it.starting + it.unhealthy + it.unknown === 0,
    `exactly ${size} instances, all healthy`,
  );
}

export const scale: readonly Case[] = capability("scale", {
  "a group grows": async (trial) => {
    const group = await trial.healthy(1);
    await trial.scale(group, 2);
    await settlesAt(trial, group, 2);
  },
  "a group shrinks": async (trial) => {
    const group = await trial.healthy(2);
    await trial.scale(group, 1);
    await settlesAt(trial, group, 1);
  },
  "a group shrinks to nothing, and comes back": async (trial) => {
    const group = await trial.healthy(1);
    await trial.scale(group, 0);
    await settlesAt(trial, group, 0);
    await trial.scale(group, 1);
    await settlesAt(trial, group, 1);
  },
  "the same size, said twice, is the same size": async (trial) => {
    const group = await trial.healthy(1);
    const token = await trial.token();
    await trial.provider.scaleGroup(trial.cluster, { group, size: 2 }, token);
    await trial.provider.scaleGroup(trial.cluster, { group, size: 2 }, token);
    assert.equal((await trial.group(group)).desired, 2);
    await settlesAt(trial, group, 2);
  },
  "other groups and the traffic stay as they are": async (trial) => {
    const serving = await trial.healthy(1);
    const other = await trial.create(0);
    await trial.traffic({ [serving]: 100 });
    await trial.scale(other, 1);
    const { desired, share } = await trial.group(serving);
    assert.deepEqual({ desired, share }, { desired: 1, share: 100 });
    assert.equal((await trial.group(other)).share, 0);
  },
  "a group that does not exist is not found": async (trial) => {
    await trial.create(0);
    await trial.unchangedBy(() => refused(trial.scale("no-such-group-v999", 1), "not-found"));
  },
  "a size that is no number of instances is invalid": async (trial) => {
    const group = await trial.create(0);
    await trial.unchangedBy(async () => {
      for (const size of [-1, 1.5, Number.NaN]) await refused(trial.scale(group, size), "invalid");
    });
  },
});
