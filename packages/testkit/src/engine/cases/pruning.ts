import assert from "node:assert/strict";
import { capability, type Case, surviving } from "../case.ts";
import type { Trial } from "../trial.ts";
import { issuing, messages, refused, said } from "../writes.ts";

export const pruning: readonly Case[] = capability("pruning", {
  "a run that is over is removed with all its events, and no other": async (trial) => {
    await finished(trial, "r", "s");
    assert.deepEqual(await prune(trial, ["r", "nobody"]), ["r"]);
    assert.deepEqual(messages(await trial.engine.scan(0, 10)), ["s", "s over"]);
    assert.deepEqual(await trial.engine.read("r", 0, 10), []);
    assert.deepEqual(
      (await trial.engine.list({})).map(({ run }) => run),
      ["s"],
    );
    await refused(trial.commit("r", said("late")), "GENNAKER_CONFLICT", "a commit to a removed run");
  },
  "a run that is not over is not removed, nor one that is still worked for": async (trial) => {
    await trial.createAll(["running", "watched"]);
    await trial.create("parked", { ...said("parked"), status: "parked" });
    await trial.commit("watched", { ...issuing("a"), status: "failed" });
    assert.deepEqual(await prune(trial, ["running", "parked", "watched"]), []);
    assert.equal((await trial.engine.list({})).length, 3);
  },
  "a run that was not read to its end is not removed": async (trial) => {
    await finished(trial, "r");
    const [first, last] = await trial.engine.scan(0, 10);
    assert.deepEqual(await prune(trial, ["r"], first!.offset), []);
    assert.deepEqual(await prune(trial, ["r"], last!.offset), ["r"]);
  },
  "no offset is given again": async (trial) => {
    await finished(trial, "r", "s");
    const newest = (await trial.engine.scan(0, 10)).at(-1)!;
    await prune(trial, ["r", "s"]);
    await trial.create("t");
    const [next] = await trial.engine.scan(0, 10);
    assert.ok(next!.offset > newest.offset, `offset ${next!.offset} came after ${newest.offset}`);
    assert.deepEqual(await trial.engine.scan(newest.offset, 10), [next]);
    assert.equal(await trial.engine.cursor?.("chat"), next!.offset);
  },
  "an idempotency key is free again when its run is removed": async (trial) => {
    await trial.create("r", { ...said("0"), status: "succeeded" }, { idempotencyKey: "k" });
    await prune(trial, ["r"]);
    const { run, created } = await trial.create("s", undefined, { idempotencyKey: "k" });
    assert.deepEqual([run, created], ["s", true]);
  },
  "what was removed is not there, and its offsets are not given, when the log is opened again": surviving(
    async (trial) => {
      await finished(trial, "r");
      await prune(trial, ["r"]);
    },
    async (successor) => {
      assert.deepEqual(await successor.engine.list({}), []);
      await successor.create("s");
      const [next] = await successor.engine.scan(0, 10);
      assert.ok(next!.offset > 2, `offset ${next!.offset} was given again`);
    },
  ),
});

async function finished(trial: Trial, ...runs: readonly string[]): Promise<void> {
  await trial.createAll(runs);
  for (const run of runs) await trial.commit(run, { ...said(`${run} over`), status: "succeeded" });
}

function prune({ engine }: Trial, runs: readonly string[], upTo?: number): Promise<readonly string[]> {
  const removed = engine.prune?.(runs, upTo);
  assert.ok(removed, "the engine removes nothing");
  return removed;
}
