import assert from "node:assert/strict";
import { capability, type Case } from "../case.ts";
import { messages, said } from "../writes.ts";

export const known: readonly Case[] = capability("known", {
  "a decision gets only the events after what it knows": async (trial) => {
    await trial.create("r", said("0", "1", "2", "3"));
    for (const [from, expected] of [
      [-1, ["0", "1", "2", "3"]],
      [0, ["1", "2", "3"]],
      [2, ["3"]],
      [3, []],
    ] as const) {
      const { seq, events } = await trial.load("r", from);
      assert.deepEqual([seq, messages(events)], [3, expected], `known up to ${from}`);
    }
  },
  "a decision sees the run as lists show it": async (trial) => {
    await trial.create(
      "r",
      { ...said("0"), status: "parked" },
      {
        idempotencyKey: "k",
        pipeline: "p",
        actor: "ana",
        application: "shop",
      },
    );
    const [listed] = await trial.engine.list({});
    const { summary } = await trial.load("r");
    const startedAt = trial.clock.now();
    assert.deepEqual(summary, {
      run: "r",
      pipeline: "p",
      status: "parked",
      startedAt,
      idempotencyKey: "k",
      actor: "ana",
      application: "shop",
    });
    assert.deepEqual(listed, summary);
  },
});
