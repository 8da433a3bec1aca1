import assert from "node:assert/strict";
import { capability, type Case } from "../case.ts";
import { ending, refused } from "../expect.ts";

export const fencing: readonly Case[] = capability("fencing", {
  "each claim is above all earlier ones": async (trial) => {
    const epochs = [];
    for (let count = 0; count < 3; count++) epochs.push((await trial.claim()).epoch);
    assert.deepEqual(
      epochs,
      [...new Set(epochs)].toSorted((a, b) => a - b),
      "each above the one before",
    );
  },
  "claims made at once get different epochs": async (trial) => {
    const epochs = (await Promise.all([trial.claim(), trial.claim(), trial.claim()])).map(
      ({ epoch }) => epoch,
    );
    assert.equal(new Set(epochs).size, 3, `different epochs, not ${epochs.join(", ")}`);
    const next = await trial.claim();
    assert.ok(next.epoch > Math.max(...epochs), "the next one is above them");
  },
  "a claim over another connection is above the earlier ones": async (trial) => {
    const { epoch } = await trial.claim();
    const other = await trial.reconnect();
    assert.ok((await other.claim(trial.cluster, { run: "other" })) > epoch);
  },
  "commands of an older epoch are refused and change nothing": async (trial) => {
    const { provider, cluster, release } = trial;
    const group = await trial.healthy(1);
    const old = await trial.token();
    await provider.claim(cluster, { run: "newcomer" });
    await trial.unchangedBy(async () => {
      const create = provider.createGroup(cluster, { key: "late", release, size: 1 }, old);
      const { claimedBy = "newcomer" } = await refused(create, "fenced");
      assert.equal(claimedBy, "newcomer", "claimedBy names the claimant, or is left out");
      await refused(provider.scaleGroup(cluster, { group, size: 2 }, old), "fenced");
      await refused(provider.setTraffic(cluster, { shares: { [group]: 100 } }, old), "fenced");
      await refused(provider.destroyGroup(cluster, { group }, old), "fenced");
    });
  },
  // It is refused when it lands, or the claim waits for it: either way it cannot land after the claim.
  "a command that is on its way when the cluster is claimed does not land afterwards": async (trial) => {
    const group = await trial.create(0);
    const command = ending(trial.scale(group, 1));
    await trial.claim();
    await trial.unchangedBy(() => command);
  },
  "commands of the newest epoch are carried out": async (trial) => {
    const group = await trial.create(0);
    await trial.claim();
    await trial.scale(group, 1);
    assert.equal((await trial.group(group)).desired, 1);
  },
  "a claim of one cluster does not fence another": async (trial) => {
    const group = await trial.create(0);
    const other = trial.provider.cluster(`${trial.cluster.name}-other`);
    for (let count = 0; count < 5; count++) await trial.provider.claim(other, { run: "other" });
    await trial.scale(group, 1);
    assert.equal((await trial.group(group)).desired, 1);
  },
});
