import assert from "node:assert/strict";
import { capability, type Case } from "../case.ts";

export const destroy: readonly Case[] = capability("destroy", {
  "a destroyed group is gone": async (trial) => {
    const group = await trial.healthy(1);
    await trial.destroy(group);
    await trial.until(({ groups }) => groups.length === 0, "no groups");
  },
  "a group destroyed twice is a success": async (trial) => {
    const group = await trial.create(1);
    const token = await trial.token();
    await trial.provider.destroyGroup(trial.cluster, { group }, token);
    await trial.provider.destroyGroup(trial.cluster, { group }, token);
    assert.deepEqual(await trial.wanted(), []);
  },
  "a group that never existed is a success": async (trial) => {
    await trial.create(0);
    await trial.unchangedBy(() => trial.destroy("no-such-group-v999"));
  },
  "other groups keep their instances and their traffic": async (trial) => {
    const serving = await trial.healthy(1);
    const other = await trial.healthy(1, trial.otherRelease);
    await trial.traffic({ [serving]: 100 });
    await trial.destroy(other);
    const { healthy, desired, share } = await trial.group(serving);
    assert.deepEqual({ healthy, desired, share }, { healthy: 1, desired: 1, share: 100 });
  },
});
