import assert from "node:assert/strict";
import { capability, type Case } from "../case.ts";
import type { Trial } from "../trial.ts";
import { asking, issuing, messages, said } from "../writes.ts";

const WHOLE = { issue: [{ id: "deploy", attempt: 1 }], settle: ["first"], status: "paused" } as const;

export const atomicity: readonly Case[] = capability("atomicity", {
  "a write is recorded whole": async (trial) => {
    await trial.create("r", issuing("first"));
    const wakeAt = trial.clock.now() + 1000;
    const { events, issued, permits } = await trial.commit("r", {
      ...WHOLE,
      ...asking(),
      ...said("changed"),
      wakeAt,
    });
    assert.deepEqual(messages(events), ["changed"]);
    assert.deepEqual(
      permits.map(({ run, key, holder, granted, position }) => [run, key, holder, granted, position]),
      [["r", "cluster", "a", true, 0]],
    );
    const loaded = await trial.load("r");
    assert.deepEqual(messages(loaded.events), ["changed"]);
    assert.deepEqual(loaded.effects, issued);
    assert.deepEqual([loaded.effects[0]?.id, loaded.effects.length], ["deploy", 1]);
    assert.equal(loaded.summary.status, "paused");
    await trial.clock.advance(1000);
    await trial.until(() => trial.due.length > 0, "the wake-up of the write");
  },
  "a decision that throws records nothing, and its error is the caller's": async (trial) => {
    await trial.create("r", { ...issuing("deploy"), ...said("begun") });
    await trial.settle();
    const before = await snapshot(trial);
    const error = new Error("not like this");
    await assert.rejects(
      trial.commit("r", () => {
        throw error;
      }),
      error,
    );
    await trial.settle();
    assert.deepEqual(await snapshot(trial), before);
  },
  "a decision that throws takes no other of the same moment with it": async (trial) => {
    await trial.createAll(["r", "s"]);
    const ended = await Promise.allSettled([
      trial.commit("r", said("one")),
      trial.commit("r", () => {
        throw new Error("not like this");
      }),
      trial.commit("s", said("other")),
      trial.commit("r", said("two")),
    ]);
    assert.deepEqual(
      ended.map(({ status }) => status),
      ["fulfilled", "rejected", "fulfilled", "fulfilled"],
    );
    assert.deepEqual(messages(await trial.engine.read("r", 0, 10)), ["r", "one", "two"]);
    assert.deepEqual(messages(await trial.engine.read("s", 0, 10)), ["s", "other"]);
  },
  "a run that is not there can decide, but not be written": async (trial) => {
    const error = new Error("there is none");
    let seen: unknown = "not asked";
    const refuse = trial.commit("nobody", (loaded) => {
      seen = loaded;
      throw error;
    });
    await assert.rejects(refuse, error);
    assert.equal(seen, undefined, "what the decision was given");
    await assert.rejects(trial.commit("nobody", said("ghost")), /nobody/);
    await trial.settle();
    assert.deepEqual(await trial.engine.scan(0, 10), []);
    assert.deepEqual(trial.committed, []);
  },
});

async function snapshot(trial: Trial): Promise<unknown> {
  const { summary, seq, events, effects } = await trial.load("r");
  const told = [trial.committed.length, trial.dispatched.length, trial.due.length];
  return { summary, seq, events: [...events], effects: [...effects], told };
}
