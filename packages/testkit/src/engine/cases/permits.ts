import assert from "node:assert/strict";
import type { PermitState } from "@gennaker/core/ports";
import { capability, type Case, surviving } from "../case.ts";
import type { Trial } from "../trial.ts";
import { asking, giving, refused, said } from "../writes.ts";

export const permits: readonly Case[] = capability("permits", {
  "places are given in the order of asking": async (trial) => {
    await trial.createAll(["r", "s", "t"]);
    assert.deepEqual(await ask(trial, ["r", "s", "t"]), [0, 1, 2]);
    await trial.commit("r", giving);
    await told(trial, ["s"]);
    await trial.commit("s", giving);
    await told(trial, ["s", "t"]);
    assert.deepEqual(trial.granted[1], { run: "t", key: "cluster", holder: "a", granted: true, position: 0 });
  },
  "as many have a place as the limit says": async (trial) => {
    await trial.createAll(["r", "s", "t", "u"]);
    assert.deepEqual(await ask(trial, ["r", "s", "t", "u"], 2), [0, 0, 1, 2]);
    await trial.commit("s", giving);
    await told(trial, ["t"]);
  },
  "asking again takes no second place, and tells where the first one stands": async (trial) => {
    await trial.createAll(["r", "s", "t"]);
    await ask(trial, ["r", "s", "t"]);
    assert.deepEqual(await ask(trial, ["r", "t"]), [0, 2]);
    await trial.commit("s", giving);
    assert.deepEqual(await ask(trial, ["t"]), [1]);
    await trial.commit("r", giving);
    await told(trial, ["t"]);
  },
  "a request can be withdrawn": async (trial) => {
    await trial.createAll(["r", "s", "t"]);
    await ask(trial, ["r", "s", "t"]);
    await trial.commit("s", giving);
    await trial.commit("r", giving);
    await told(trial, ["t"]);
  },
  "giving back what one does not have changes nothing": async (trial) => {
    await trial.createAll(["r", "s", "t"]);
    await ask(trial, ["r", "s"]);
    await trial.commit("t", giving);
    await trial.settle();
    assert.deepEqual(trial.granted, []);
    assert.deepEqual(await ask(trial, ["s"]), [1]);
  },
  "another key, and another holder of one run, are other places": async (trial) => {
    await trial.createAll(["r", "s"]);
    await ask(trial, ["r"]);
    const [other] = (await trial.commit("s", asking(1, { key: "another" }))).permits;
    assert.equal(other?.granted, true);
    const [holder] = (await trial.commit("r", asking(1, { holder: "b" }))).permits;
    assert.deepEqual([holder?.granted, holder?.position], [false, 1]);
  },
  "who gives back and asks in one write goes to the end": async (trial) => {
    await trial.createAll(["r", "s"]);
    await ask(trial, ["r", "s"]);
    const [again] = (await trial.commit("r", { ...asking(), ...giving })).permits;
    assert.deepEqual([again?.granted, again?.position], [false, 1]);
    await told(trial, ["s"]);
  },
  "each is held to the limit of its own request, in turn": async (trial) => {
    await trial.createAll(["r", "s", "t"]);
    await ask(trial, ["r"], 2);
    assert.deepEqual(await ask(trial, ["s"], 1), [1]);
    assert.deepEqual(await ask(trial, ["t"], 2), [2]);
    await trial.commit("s", giving);
    await told(trial, ["t"]);
  },
  "a hundred at once never exceed the limit, and each gets its turn": async (trial) => {
    const runs = Array.from({ length: 100 }, (_, n) => `r${n}`);
    await Promise.all(runs.map((run) => trial.create(run)));
    const states = (await Promise.all(runs.map((run) => trial.commit(run, asking(3))))).flatMap(
      (committed) => committed.permits,
    );
    const inside = states.filter(({ granted }) => granted).map(({ run }) => run);
    assert.equal(inside.length, 3);
    const turns = [...inside];
    for (let run = inside.shift(); run !== undefined; run = inside.shift()) {
      const before = trial.granted.length;
      await trial.commit(run, giving);
      if (turns.length < 100) await trial.until(() => trial.granted.length > before, "the next turn");
      const next = trial.granted.slice(before).map((permit) => permit.run);
      turns.push(...next);
      inside.push(...next);
      assert.ok(inside.length <= 3, `${inside.length} at once`);
    }
    assert.deepEqual(turns, inOrderOfAsking(states));
  },
  "who wants a place only if it is free is refused where none is, and nothing of the write is recorded":
    async (trial) => {
      await trial.createAll(["r", "s"]);
      await ask(trial, ["r"]);
      const write = { ...asking(1, { onlyIfFree: true }), ...said("never") };
      await refusedPlace(trial.commit("s", write), "a change that wants a place only if it is free");
      await refusedPlace(trial.create("t", write), "a run that wants a place only if it is free");
      assert.deepEqual(await lineOf(trial), ["r 0"]);
      assert.deepEqual(
        (await trial.engine.scan(0, 100)).map(({ run }) => run),
        ["r", "s"],
      );
      assert.deepEqual((await trial.engine.list({})).map(({ run }) => run).toSorted(), ["r", "s"]);
    },
  "who wants a place only if it is free gets one that is, and is not refused for asking again": async (
    trial,
  ) => {
    await trial.createAll(["r", "s"]);
    for (const run of ["r", "s", "r"]) {
      const [state] = (await trial.commit(run, asking(2, { onlyIfFree: true }))).permits;
      assert.equal(state?.granted, true, `run ${run} did not get a place that is free`);
    }
  },
  "the line tells who has a place and who waits, in the order of asking": async (trial) => {
    await trial.createAll(["t", "s", "r", "u"]);
    assert.deepEqual(await lineOf(trial), []);
    await ask(trial, ["t", "s", "r", "u"], 2);
    await trial.commit("s", asking(1, { key: "another" }));
    assert.deepEqual(await lineOf(trial), ["t 0", "s 0", "r 1", "u 2"]);
    await trial.commit("t", giving);
    assert.deepEqual(await lineOf(trial), ["s 0", "r 0", "u 1"]);
  },
  "places and queues are as they were when the log is opened again": surviving(
    async (trial) => {
      await trial.createAll(["r", "s", "t", "u"]);
      await ask(trial, ["r", "s", "t", "u"], 2);
    },
    async (successor) => {
      await told(successor, ["r", "s"]);
      assert.deepEqual(await lineOf(successor), ["r 0", "s 0", "t 1", "u 2"]);
      await successor.commit("s", giving);
      await told(successor, ["r", "s", "t"]);
      assert.deepEqual(await ask(successor, ["r", "u"], 2), [0, 1]);
    },
  ),
});

async function ask(trial: Trial, runs: readonly string[], limit: number = 1): Promise<readonly number[]> {
  const positions: number[] = [];
  for (const run of runs) {
    const [state] = (await trial.commit(run, asking(limit))).permits;
    assert.ok(state, `run ${run} asked, and was told nothing`);
    assert.equal(state.granted, state.position === 0, `position ${state.position} of run ${run}`);
    positions.push(state.position);
  }
  return positions;
}

async function refusedPlace(call: Promise<unknown>, what: string): Promise<void> {
  const error = await refused(call, "GENNAKER_CONFLICT", what);
  assert.equal(error.details["permit"], "cluster", `${what}: the refusal does not say of which permit`);
}

/** Who is in the line of the kit's key: run and position. */
async function lineOf(trial: Trial): Promise<readonly string[]> {
  return (await trial.engine.line("cluster")).map(({ run, position }) => `${run} ${position}`);
}

async function told(trial: Trial, runs: readonly string[]): Promise<void> {
  await trial.until(() => trial.granted.length >= runs.length, `${runs.at(-1)} gets a place`);
  await trial.settle();
  assert.deepEqual(
    trial.granted.map(({ run }) => run),
    runs,
  );
}

function inOrderOfAsking(states: readonly PermitState[]): readonly string[] {
  return states.toSorted((a, b) => a.position - b.position).map(({ run }) => run);
}
