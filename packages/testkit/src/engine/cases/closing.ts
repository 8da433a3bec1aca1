import assert from "node:assert/strict";
import { capability, type Case } from "../case.ts";
import { issuing, refused, said } from "../writes.ts";

export const closing: readonly Case[] = capability("closing", {
  "closing waits for commits under way": async (trial) => {
    await trial.create("r");
    let done = 0;
    const commits = Array.from({ length: 5 }, (_, n) =>
      trial.commit("r", said(`${n}`)).then(() => (done += 1)),
    );
    const ended = Promise.allSettled(commits);
    await trial.engine.close();
    assert.equal(done, 5, "commits that were acknowledged when the engine was closed");
    await ended;
  },
  "a closed engine refuses every call, and says that it is closed": async (trial) => {
    await trial.create("r");
    await trial.engine.close();
    const calls = {
      create: trial.create("s"),
      commit: trial.commit("r", said("late")),
      read: trial.engine.read("r", 0, 1),
      scan: trial.engine.scan(0, 1),
      list: trial.engine.list({}),
    };
    const ends = Object.entries(calls).map(async ([name, call]) => {
      const { message } = await refused(call, "GENNAKER_CONFLICT", name);
      assert.match(message, /not open/);
    });
    await Promise.all(ends);
  },
  "a closed engine calls nobody back": async (trial) => {
    await trial.create("r", { ...issuing("deploy"), wakeAt: trial.clock.now() + 10 });
    await trial.engine.close();
    const before = [trial.committed.length, trial.dispatched.length];
    await trial.clock.advance(100);
    await trial.settle();
    assert.deepEqual([trial.committed.length, trial.dispatched.length], before);
    assert.deepEqual(trial.due, []);
  },
  "closing twice is closing once": async (trial) => {
    await Promise.all([trial.engine.close(), trial.engine.close()]);
    await trial.engine.close();
  },
  "an open engine cannot be opened": async (trial) => {
    await refused(trial.engine.open(trial.host()), "GENNAKER_CONFIGURATION", "a second opening");
    await trial.create("r");
  },
});
