import assert from "node:assert/strict";
import { DeliveryError } from "@gennaker/core/ports";
import { capability, feature, type Case } from "../case.ts";
import { ending, refused } from "../expect.ts";
import type { Trial } from "../trial.ts";

/** Opens the door to a group; where it is. */
async function door({ provider, cluster }: Trial, group: string): Promise<string> {
  const told = await provider.preview?.(cluster, group);
  assert.ok(told, "a provider that supports preview has it");
  const { address } = told;
  assert.ok(typeof address === "string" && address !== "", `${group}: its address is a text`);
  return address;
}

const opened = (on: Case["run"]): Case["run"] =>
  feature((supports) => supports.preview === true, {
    on,
    async off({ provider, cluster }) {
      if (!provider.preview) return;
      const end = await ending(provider.preview(cluster, "any"));
      assert.ok("error" in end && DeliveryError.is(end.error), "preview fails where it is not supported");
      assert.equal(end.error.code, "GENNAKER_UNSUPPORTED");
    },
  });

export const previews: readonly Case[] = capability("preview", {
  "where it is not supported, it is absent or refused": opened(async (trial) => {
    await door(trial, await trial.create(0));
  }),
  "a door to a group without traffic changes nothing of the cluster's traffic": opened(async (trial) => {
    const serving = await trial.healthy(1);
    await trial.traffic({ [serving]: 100 });
    const group = await trial.healthy(1);
    await trial.unchangedBy(() => door(trial, group));
    assert.deepEqual(await trial.shares(), { [serving]: 100 });
  }),
  "what goes in there reaches this group alone": opened(async (trial) => {
    const reach = trial.need("reach");
    const serving = await trial.healthy(1);
    await trial.traffic({ [serving]: 100 });
    const group = await trial.healthy(1, trial.otherRelease);
    const [there, here] = [await door(trial, group), await door(trial, serving)];
    for (let n = 0; n < 5; n += 1) {
      assert.equal(await reach(there), group, "whoever answers behind the door of the new group");
      assert.equal(await reach(here), serving, "whoever answers behind the door of the serving group");
    }
  }),
  "asked again, it is the same door, also once the group has traffic": opened(async (trial) => {
    const group = await trial.healthy(1);
    const address = await door(trial, group);
    assert.equal(await door(trial, group), address);
    await trial.traffic({ [group]: 100 });
    assert.equal(await door(trial, group), address);
  }),
  "a group that does not exist has no door": opened(async (trial) => {
    await trial.create(0);
    const { provider, cluster } = trial;
    await refused(provider.preview?.(cluster, `${cluster.name}-v999`) ?? Promise.resolve(), "not-found");
  }),
});
