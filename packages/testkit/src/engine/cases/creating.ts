import assert from "node:assert/strict";
import { capability, type Case, surviving } from "../case.ts";
import { issuing, refused, said } from "../writes.ts";

const KEY = { idempotencyKey: "ci-8841" };

export const creating: readonly Case[] = capability("creating", {
  "a key that is taken names its run, and nothing is written": async (trial) => {
    const first = await trial.create("r", undefined, KEY);
    assert.deepEqual([first.run, first.created], ["r", true]);
    const second = await trial.create("s", { ...issuing("deploy"), ...said("again") }, KEY);
    assert.deepEqual(second, { run: "r", created: false, events: [], issued: [], permits: [] });
    await trial.settle();
    assert.deepEqual([trial.committed.length, trial.dispatched.length], [1, 0]);
    assert.deepEqual(
      (await trial.engine.list({})).map(({ run }) => run),
      ["r"],
    );
  },
  "a key counts within its pipeline": async (trial) => {
    await trial.create("r", undefined, KEY);
    const other = await trial.create("s", undefined, { ...KEY, pipeline: "another" });
    assert.deepEqual([other.run, other.created], ["s", true]);
  },
  "fifty at once with one key make one run": async (trial) => {
    const creations = await Promise.all(
      Array.from({ length: 50 }, (_, n) => trial.create(`r${n}`, undefined, KEY)),
    );
    assert.equal(creations.filter(({ created }) => created).length, 1);
    assert.equal(new Set(creations.map(({ run }) => run)).size, 1);
    assert.equal((await trial.engine.list({})).length, 1);
    assert.equal((await trial.engine.scan(0, 100)).length, 1);
  },
  "runs without a key are many": async (trial) => {
    await trial.createAll(["r", "s"]);
    assert.equal((await trial.engine.list({})).length, 2);
  },
  "an id is used once": async (trial) => {
    await trial.create("r");
    const error = await refused(trial.create("r", said("again")), "GENNAKER_CONFLICT", "a second run r");
    assert.match(error.message, /\br\b/);
    assert.equal((await trial.engine.read("r", 0, 10)).length, 1);
  },
  "a key stays taken when the log is opened again": surviving(
    async (trial) => {
      await trial.create("r", undefined, KEY);
    },
    async (successor) => {
      const second = await successor.create("s", undefined, KEY);
      assert.deepEqual([second.run, second.created], ["r", false]);
    },
  ),
});
