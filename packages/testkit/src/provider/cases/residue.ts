import assert from "node:assert/strict";
import { capability, type Case } from "../case.ts";

export const residue: readonly Case[] = capability("residue", {
  "nothing is left once everything is disposed of": async (trial) => {
    trial.need("residue");
    const group = await trial.healthy(1);
    await trial.create(1, "second", trial.otherRelease);
    await trial.traffic({ [group]: 100 });
    await trial.dispose();
    assert.deepEqual(await trial.residue(), []);
  },
});
