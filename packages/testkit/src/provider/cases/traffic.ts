import assert from "node:assert/strict";
import { capability, type Case } from "../case.ts";
import { refused } from "../expect.ts";
import type { Trial } from "../trial.ts";

/** Sets shares, and waits until they are observed: where traffic follows health, that may take a moment. */
async function shifts(
  trial: Trial,
  said: Readonly<Record<string, number>>,
  seen: Readonly<Record<string, number>> = said,
): Promise<void> {
  await trial.traffic(said);
  assert.deepEqual(await trial.shares(), seen);
}

/** Where traffic cannot be split, a split is refused and nothing moves. */
async function refusesSplit(trial: Trial, a: string, b: string): Promise<void> {
  await trial.traffic({ [a]: 100 });
  await trial.unchangedBy(() => refused(trial.traffic({ [a]: 75, [b]: 25 }), "invalid"));
}

export const traffic: readonly Case[] = capability("traffic", {
  "all of it goes to one group, and then to another": async (trial) => {
    const [a, b] = [await trial.healthy(1), await trial.healthy(1, trial.otherRelease)];
    await shifts(trial, { [a]: 100 });
    await shifts(trial, { [b]: 100 });
  },
  "it is split: by weight, by healthy instances, or not at all": async (trial) => {
    const [a, b] = [await trial.healthy(3), await trial.healthy(1, trial.otherRelease)];
    if (trial.provider.supports.traffic === "switch") return refusesSplit(trial, a, b);
    if (trial.provider.supports.traffic === "weighted") await shifts(trial, { [a]: 90, [b]: 10 });
    else await shifts(trial, { [a]: 90, [b]: 10 }, { [a]: 75, [b]: 25 });
  },
  "observed shares of three groups sum to 100": async (trial) => {
    if (trial.provider.supports.traffic === "switch") {
      return refusesSplit(trial, await trial.healthy(1), await trial.healthy(1));
    }
    const groups = [await trial.healthy(1), await trial.healthy(1), await trial.healthy(1)];
    await trial.traffic(Object.fromEntries(groups.map((group, index) => [group, index === 0 ? 34 : 33])));
    const shares = Object.values(await trial.shares());
    assert.deepEqual(
      shares.toSorted((a, b) => a - b),
      [33, 33, 34],
    );
  },
  "the same shares, said twice, are the same shares": async (trial) => {
    const group = await trial.healthy(1);
    const token = await trial.token();
    await trial.provider.setTraffic(trial.cluster, { shares: { [group]: 100 } }, token);
    await trial.unchangedBy(() =>
      trial.provider.setTraffic(trial.cluster, { shares: { [group]: 100 } }, token),
    );
  },
  "where nobody is named, nobody has traffic": async (trial) => {
    const group = await trial.healthy(1);
    await shifts(trial, { [group]: 100 });
    await shifts(trial, {});
  },
  "sizes and instances stay as they are": async (trial) => {
    const group = await trial.healthy(1);
    await trial.traffic({ [group]: 100 });
    const { desired, healthy } = await trial.group(group);
    assert.deepEqual({ desired, healthy }, { desired: 1, healthy: 1 });
  },
  "shares that do not sum to 100, or are no shares, are invalid": async (trial) => {
    const [a, b] = [await trial.healthy(1), await trial.healthy(1)];
    await trial.traffic({ [a]: 100 });
    await trial.unchangedBy(async () => {
      for (const shares of [
        { [a]: 50 },
        { [a]: 0, [b]: 0 },
        { [a]: 100, [b]: 100 },
        { [a]: 150, [b]: -50 },
      ]) {
        await refused(trial.traffic(shares), "invalid");
      }
    });
  },
  "a group that does not exist is not found": async (trial) => {
    const group = await trial.healthy(1);
    await trial.traffic({ [group]: 100 });
    await trial.unchangedBy(() => refused(trial.traffic({ "no-such-group-v999": 100 }), "not-found"));
  },
});
