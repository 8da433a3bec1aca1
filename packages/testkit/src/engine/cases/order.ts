import assert from "node:assert/strict";
import type { Event } from "@gennaker/core/ports";
import { capability, type Case, surviving } from "../case.ts";
import type { Trial } from "../trial.ts";
import { issuing, messages, said } from "../writes.ts";

const RUNS = ["r", "s", "t", "u", "v"];

export const order: readonly Case[] = capability("order", {
  "events count from 0 in each run, and their offsets grow over all runs": async (trial) => {
    await crowd(trial);
    for (const run of RUNS) {
      const events = await trial.engine.read(run, 0, 100);
      assert.deepEqual(
        events.map(({ seq, id }) => [seq, id]),
        Array.from({ length: 21 }, (_, seq) => [seq, `${run}/${seq}`]),
      );
    }
    const offsets = (await trial.engine.scan(0, 1000)).map(({ offset }) => offset);
    assert.equal(offsets.length, 105);
    assertGrows(offsets);
  },
  "every event is told once, in order of offset": async (trial) => {
    await crowd(trial);
    await trial.until(() => trial.committed.length >= 105, "all events are told");
    await trial.settle();
    assert.deepEqual(trial.committed, await trial.engine.scan(0, 1000));
  },
  "what a commit returns is what is read": async (trial) => {
    const { events: first } = await trial.create("r", said("one", "two"));
    const { events: second } = await trial.commit("r", said("three"));
    assert.deepEqual(await trial.engine.read("r", 0, 10), [...first, ...second]);
  },
  "an event is told when it can be read": async (trial) => {
    await trial.create("r");
    await trial.until(() => trial.committed.length === 1, "the first event is told");
    const reads: Promise<boolean>[] = [];
    const canBeRead = async ({ id, seq }: Event): Promise<boolean> => {
      const found = await trial.engine.read("r", seq, 1).catch(() => []);
      return found[0]?.id === id;
    };
    trial.onCallback = (what) => {
      if (what === "committed") reads.push(canBeRead(trial.committed.at(-1)!));
    };
    await trial.commit("r", said("one"));
    await trial.commit("r", said("two"));
    await trial.until(() => reads.length >= 2, "both events are told");
    assert.deepEqual(await Promise.all(reads), [true, true]);
  },
  "who awaits a commit hears of it before the callbacks tell": async (trial) => {
    const heard: string[] = [];
    trial.onCallback = (what) => heard.push(what);
    await trial.create("r");
    heard.push("caller");
    await trial.until(() => heard.length >= 2, "the creation is told");
    await trial.commit("r", { ...issuing("deploy"), ...said("one") });
    heard.push("caller");
    await trial.until(() => heard.length >= 5, "the commit is told");
    assert.deepEqual(heard, ["caller", "committed", "caller", "committed", "dispatch"]);
  },
  "nothing is called back within a commit": async (trial) => {
    await trial.create("r", issuing("a"));
    const commits = Array.from({ length: 10 }, (_, n) => trial.commit("r", issuing(`effect ${n}`)));
    await Promise.all(commits);
    await trial.settle();
    trial.checkCallbacks();
  },
  "a callback may commit": async (trial) => {
    await trial.create("r");
    await trial.settle();
    const answers: Promise<unknown>[] = [];
    trial.onCallback = (what) => {
      if (what === "dispatch" && answers.length === 0) answers.push(trial.commit("r", said("answered")));
    };
    await trial.commit("r", issuing("ask"));
    await trial.until(() => answers.length > 0, "the effect is handed out");
    await Promise.all(answers);
    assert.deepEqual(messages(await trial.engine.read("r", 0, 10)), ["r", "answered"]);
  },
  "a callback that throws keeps none of the others from being called": async (trial) => {
    trial.onCallback = () => {
      throw new Error("a host's mistake");
    };
    await trial.create("r", issuing("a", "b"));
    await trial.until(() => trial.dispatched.length === 2, "both effects are handed out");
  },
  "each decision of a run sees what the one before recorded": async (trial) => {
    await trial.create("r");
    const seen: number[] = [];
    const commits = Array.from({ length: 20 }, () =>
      trial.commit("r", (loaded) => {
        seen.push(loaded?.seq ?? -1);
        return said("one more");
      }),
    );
    await Promise.all(commits);
    // A decision may be asked again, so only the set is told.
    assert.deepEqual(
      [...new Set(seen)],
      Array.from({ length: 20 }, (_, n) => n),
    );
  },
  "offsets and sequence numbers go on where they stood when the log is opened again": surviving(
    async (trial) => {
      await trial.create("r", said("one", "two"));
      await trial.create("s");
    },
    async (successor) => {
      const before = await successor.engine.scan(0, 10);
      const { events } = await successor.commit("r", said("three"));
      assert.equal(events[0]?.seq, 2);
      assertGrows([...before, ...events].map(({ offset }) => offset));
      await successor.settle();
      assert.deepEqual(successor.committed, events, "only what is new is told");
    },
  ),
});

async function crowd(trial: Trial): Promise<void> {
  await trial.createAll(RUNS);
  const rounds = Array.from({ length: 20 }, (_, n) => RUNS.map((run) => trial.commit(run, said(`${n}`))));
  await Promise.all(rounds.flat());
}

function assertGrows(offsets: readonly number[]): void {
  const sorted = [...new Set(offsets)].toSorted((a, b) => a - b);
  assert.deepEqual(offsets, sorted, "offsets grow, and none is used twice");
}
