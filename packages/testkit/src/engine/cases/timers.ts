import assert from "node:assert/strict";
import { capability, type Case, surviving } from "../case.ts";
import type { Trial } from "../trial.ts";
import { said } from "../writes.ts";

export const timers: readonly Case[] = capability("timers", {
  "a run is woken at its instant, once, and not before": async (trial) => {
    await trial.create("r", wake(trial, 1000));
    await pass(trial, 999);
    assert.deepEqual(trial.due, []);
    await pass(trial, 1);
    await trial.until(() => trial.due.length > 0, "the wake-up");
    await pass(trial, 10_000);
    assert.deepEqual(trial.due, ["r"]);
  },
  "an earlier instant takes the place of a later one": async (trial) => {
    await trial.create("r", wake(trial, 1000));
    await trial.commit("r", wake(trial, 100));
    await pass(trial, 100);
    await trial.until(() => trial.due.length > 0, "the earlier wake-up");
    await pass(trial, 2000);
    assert.deepEqual(trial.due, ["r"]);
  },
  "a later instant takes the place of an earlier one": async (trial) => {
    await trial.create("r", wake(trial, 100));
    await trial.commit("r", wake(trial, 1000));
    await pass(trial, 999);
    assert.deepEqual(trial.due, []);
    await pass(trial, 1);
    await trial.until(() => trial.due.length > 0, "the later wake-up");
  },
  "null takes a wake-up back": async (trial) => {
    await trial.create("r", wake(trial, 100));
    await trial.commit("r", { events: [], wakeAt: null });
    await pass(trial, 1000);
    assert.deepEqual(trial.due, []);
  },
  "a commit that says nothing of the wake-up leaves it": async (trial) => {
    await trial.create("r", wake(trial, 100));
    await trial.commit("r", said("approved meanwhile"));
    await pass(trial, 100);
    await trial.until(() => trial.due.length > 0, "the wake-up");
  },
  "an instant that has passed wakes at once": async (trial) => {
    await trial.create("r", wake(trial, -1000));
    await pass(trial, 0);
    await trial.until(() => trial.due.length > 0, "the wake-up");
  },
  "an instant that comes while it is being recorded is not lost": async (trial) => {
    await trial.create("r");
    await trial.settle();
    const recording = trial.commit("r", wake(trial, 1));
    // Time moves before the recording can go on.
    trial.clock.after(1, () => {});
    trial.clock.fireNext();
    await recording;
    await pass(trial, 0);
    await trial.until(() => trial.due.length > 0, "the wake-up");
  },
  // A timer may fire a moment early; a decision then finds nothing to do and asks for the same instant again.
  "the same instant, asked for again after it came, wakes again": async (trial) => {
    const write = wake(trial, 100);
    await trial.create("r", write);
    await pass(trial, 100);
    await trial.until(() => trial.due.length === 1, "the first wake-up");
    await trial.commit("r", write);
    await pass(trial, 0);
    await trial.until(() => trial.due.length === 2, "the second wake-up");
  },
  "many runs are woken each at its own instant": async (trial) => {
    const instants = Array.from({ length: 60 }, (_, n) => ({ run: `r${n}`, ms: 1 + ((n * 37) % 61) * 10 }));
    await Promise.all(instants.map(({ run, ms }) => trial.create(run, wake(trial, ms))));
    const cancelled = instants.filter((_, n) => n % 5 === 0).map(({ run }) => run);
    await Promise.all(cancelled.map((run) => trial.commit(run, { events: [], wakeAt: null })));
    const expected = instants.filter(({ run }) => !cancelled.includes(run)).toSorted((a, b) => a.ms - b.ms);
    await pass(trial, 1000);
    await trial.until(() => trial.due.length >= expected.length, "all wake-ups");
    assert.deepEqual(
      trial.due,
      expected.map(({ run }) => run),
    );
  },
  "wake-ups come when the log is opened again, past ones at once, until they are changed": surviving(
    async (trial) => {
      await trial.create("past", wake(trial, 10));
      await trial.create("future", wake(trial, 1000));
      await trial.create("settled", wake(trial, 10));
      await pass(trial, 100);
      await trial.commit("settled", { events: [], wakeAt: null });
    },
    async (successor) => {
      await pass(successor, 0);
      await successor.until(() => successor.due.length > 0, "the wake-up that had come");
      assert.deepEqual(successor.due, ["past"]);
      await pass(successor, 900);
      await successor.until(() => successor.due.length > 1, "the wake-up that was to come");
      assert.deepEqual(successor.due, ["past", "future"]);
    },
  ),
});

function wake({ clock }: Trial, ms: number): { readonly events: readonly never[]; readonly wakeAt: number } {
  return { events: [], wakeAt: clock.now() + ms };
}

async function pass(trial: Trial, ms: number): Promise<void> {
  await trial.clock.advance(ms);
  await trial.settle();
}
