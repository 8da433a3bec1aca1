import assert from "node:assert/strict";
import { capability, type Case } from "../case.ts";
import { refused } from "../expect.ts";

export const errors: readonly Case[] = capability("errors", {
  "an error names the provider, the operation and the resource, and is not retried in vain": async (
    trial,
  ) => {
    const error = await refused(trial.scale("no-such-group-v999", 1), "not-found");
    assert.equal(error.provider, trial.provider.name);
    assert.ok(error.operation.length > 0, "the operation is named");
    assert.match(`${error.resource} ${error.message}`, /no-such-group-v999/, "the group is named");
    assert.equal(error.retryable, false);
    assert.equal(error.ambiguous, false, "it surely changed nothing");
  },
  "a size of a new group that is no number of instances is invalid": async (trial) => {
    for (const size of [-1, 1.5]) await refused(trial.create(size), "invalid");
    assert.deepEqual(await trial.wanted(), []);
  },
  "a good release has no problems, and looking for them changes nothing": async (trial) => {
    assert.deepEqual(await trial.provider.check(trial.cluster, trial.release), []);
    assert.deepEqual(await trial.wanted(), []);
  },
  "a cluster is a name of this provider": async (trial) => {
    assert.equal(trial.cluster.provider, trial.provider.name);
    assert.deepEqual(JSON.parse(JSON.stringify(trial.cluster)), trial.cluster, "it can be recorded as JSON");
    assert.deepEqual(trial.provider.cluster(trial.cluster.name), trial.cluster, "it is the same each time");
  },
});
