import assert from "node:assert/strict";
import { capability, type Case, surviving } from "../case.ts";
import { issuing, messages, refused, said } from "../writes.ts";

export const durability: readonly Case[] = capability("durability", {
  "what is acknowledged can be read": async (trial) => {
    await trial.create("r");
    for (const message of ["one", "two", "three"]) {
      await trial.commit("r", said(message));
      assert.equal(messages(await trial.engine.read("r", 0, 10)).at(-1), message);
    }
  },
  "what is acknowledged is there when the log is opened again": surviving(
    async (trial) => {
      await trial.create("r", said("begun"), { idempotencyKey: "k" });
      await trial.commit("r", { ...said("approved"), status: "paused" });
    },
    async (successor, former) => {
      assert.deepEqual(await successor.engine.scan(0, 10), former.committed);
      const { summary, seq, events } = await successor.load("r");
      assert.deepEqual([seq, messages(events)], [1, ["begun", "approved"]]);
      assert.deepEqual([summary.status, summary.idempotencyKey, summary.pipeline], ["paused", "k", "kit"]);
    },
  ),
  "who had the log before can record nothing, and calls nobody back": surviving(
    async (trial) => {
      await trial.create("r", { ...said("begun"), wakeAt: trial.clock.now() + 1000 });
    },
    async (successor, former) => {
      const write = { ...issuing("deploy"), ...said("late") };
      const { message } = await refused(former.commit("r", write), "GENNAKER_CONFLICT", "a late commit");
      assert.match(message, /taken over/);
      await refused(former.create("s"), "GENNAKER_CONFLICT", "a late creation");
      const told = former.committed.length;
      await successor.commit("r", said("goes on"));
      await successor.clock.advance(2000);
      await successor.until(() => successor.due.length > 0, "the successor's wake-up");
      assert.deepEqual([former.dispatched.length, former.due.length], [0, 0]);
      assert.equal(former.committed.length, told);
      assert.deepEqual(messages(await successor.engine.scan(0, 10)), ["begun", "goes on"]);
    },
  ),
});
