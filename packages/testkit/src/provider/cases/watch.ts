import assert from "node:assert/strict";
import { type ClusterState, DeliveryError } from "@gennaker/core/ports";
import { capability, feature, type Case } from "../case.ts";
import { ending } from "../expect.ts";
import type { Trial } from "../trial.ts";

interface Watch {
  readonly states: ClusterState[];
  readonly stop: () => void;
  readonly end: { error?: unknown; over: boolean };
}

/** Watches until it is stopped, and keeps what was told. */
function watch(trial: Trial, stopper: AbortController = new AbortController()): Watch {
  const states: ClusterState[] = [];
  const end: Watch["end"] = { over: false };
  const follow = async (): Promise<void> => {
    for await (const state of trial.provider.watch(trial.cluster, { signal: stopper.signal }))
      states.push(state);
  };
  void ending(follow()).then((how) => Object.assign(end, { over: true }, how));
  return { states, end, stop: () => stopper.abort(new Error("the kit stops watching")) };
}

async function ends(trial: Trial, { end, stop }: Watch): Promise<void> {
  stop();
  await trial.wait(async () => end.over, "the end of a watch whose signal was aborted");
  assert.equal(end.error, undefined, "a watch that is aborted ends without an error");
}

const watched = (on: Case["run"]): Case["run"] =>
  feature((supports) => supports.watch, {
    on,
    async off(trial) {
      const { end, stop } = watch(trial);
      await trial.wait(async () => end.over, "watch to be refused");
      stop();
      assert.ok(DeliveryError.is(end.error), "watch fails where it is not supported");
      assert.equal(end.error.code, "GENNAKER_UNSUPPORTED");
    },
  });

export const watching: readonly Case[] = capability("watch", {
  "the cluster as it is comes first": watched(async (trial) => {
    const group = await trial.create(0);
    const told = watch(trial);
    await trial.wait(async () => told.states.length > 0, "a first state");
    assert.deepEqual(
      told.states[0]?.groups.map(({ name }) => name),
      [group],
    );
    await ends(trial, told);
  }),
  "a cluster that was never used can be watched from its beginning": watched(async (trial) => {
    const told = watch(trial);
    await trial.wait(async () => told.states.length > 0, "a first state");
    assert.deepEqual(told.states[0]?.groups, []);
    await trial.create(0);
    await trial.wait(async () => told.states.at(-1)?.groups.length === 1, "news of the first group");
    await ends(trial, told);
  }),
  "changes are told by themselves, in order of revision": watched(async (trial) => {
    const told = watch(trial);
    const group = await trial.healthy(1);
    await trial.traffic({ [group]: 100 });
    await trial.scale(group, 2);
    const last = (): ClusterState["groups"][number] | undefined => told.states.at(-1)?.groups[0];
    await trial.wait(
      async () => last()?.healthy === 2 && last()?.share === 100,
      "news of 2 healthy with traffic",
    );
    await trial.destroy(group);
    await trial.wait(async () => told.states.at(-1)?.groups.length === 0, "news of the end of the group");
    const revisions = told.states.map((state) => state.revision);
    assert.deepEqual(
      revisions,
      [...new Set(revisions)].toSorted((a, b) => a - b),
      "each state is newer",
    );
    await ends(trial, told);
  }),
  "two watches of one cluster do not disturb each other": watched(async (trial) => {
    const [first, second] = [watch(trial), watch(trial)];
    await trial.wait(
      async () => first.states.length > 0 && second.states.length > 0,
      "a first state of both",
    );
    await ends(trial, first);
    await trial.create(0);
    await trial.wait(
      async () => second.states.at(-1)?.groups.length === 1,
      "news for the watch that goes on",
    );
    await ends(trial, second);
  }),
  "a watch whose signal was aborted before ends at once": watched(async (trial) => {
    const stopper = new AbortController();
    stopper.abort();
    const told = watch(trial, stopper);
    await ends(trial, told);
    assert.deepEqual(told.states, []);
  }),
});
