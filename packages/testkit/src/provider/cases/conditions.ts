import assert from "node:assert/strict";
import type { Condition } from "@gennaker/core/ports";
import { capability, feature, type Case } from "../case.ts";
import { refused } from "../expect.ts";
import type { Trial } from "../trial.ts";

/** A cluster with one healthy group that has all the traffic, and an empty one. */
async function pair(trial: Trial): Promise<{ readonly serving: string; readonly empty: string }> {
  const serving = await trial.healthy(1);
  await trial.traffic({ [serving]: 100 });
  return { serving, empty: await trial.create(0) };
}

/** A command whose condition does not hold: refused, or, where conditions are not supported, carried out. */
function unmet(
  command: (trial: Trial, names: { serving: string; empty: string }) => Promise<void>,
): Case["run"] {
  return feature(({ conditions }) => conditions, {
    async on(trial) {
      const names = await pair(trial);
      await trial.unchangedBy(() => refused(command(trial, names), "conflict"));
    },
    async off(trial) {
      await command(trial, await pair(trial));
    },
  });
}

export const conditions: readonly Case[] = capability("conditions", {
  "a group is not scaled while another has too few healthy instances": unmet((trial, { serving, empty }) =>
    trial.scale(serving, 0, { [empty]: { healthyAtLeast: 1 } }),
  ),
  "traffic is not moved to a group with too few healthy instances": unmet((trial, { empty }) =>
    trial.traffic({ [empty]: 100 }, { [empty]: { healthyAtLeast: 1 } }),
  ),
  "a group with more traffic than allowed is not destroyed": unmet((trial, { serving }) =>
    trial.destroy(serving, { [serving]: { shareAtMost: 0 } }),
  ),
  "a group that is not there is not healthy": unmet((trial, { serving }) =>
    trial.scale(serving, 0, { "no-such-group-v999": { healthyAtLeast: 1 } }),
  ),
  "a group that somebody made larger than allowed is not scaled": unmet((trial, { serving }) =>
    trial.scale(serving, 2, { [serving]: { desiredAtMost: 0 } }),
  ),
  "all parts of a condition must hold": unmet((trial, { serving, empty }) =>
    trial.destroy(empty, { [serving]: { healthyAtLeast: 1 }, [empty]: { healthyAtLeast: 1 } }),
  ),
  "commands are carried out where their conditions hold": async (trial) => {
    const { serving, empty } = await pair(trial);
    const holds: Condition = { [serving]: { healthyAtLeast: 1 }, [empty]: { shareAtMost: 0 } };
    await trial.scale(empty, 1, holds);
    await trial.traffic({ [serving]: 100 }, holds);
    await trial.destroy(empty, holds);
    assert.deepEqual(await trial.wanted(), [{ name: serving, desired: 1, share: 100 }]);
  },
});
