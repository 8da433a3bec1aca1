import assert from "node:assert/strict";
import type { RunFilter, Write } from "@gennaker/core/ports";
import { capability, type Case } from "../case.ts";
import type { Trial } from "../trial.ts";
import { messages, refused, said } from "../writes.ts";

export const lists: readonly Case[] = capability("lists", {
  "runs are listed newest first, a page at a time": async (trial) => {
    const runs = Array.from({ length: 7 }, (_, n) => `r${n}`);
    for (const run of runs) {
      // Two of a kind start in the same millisecond.
      await trial.create(run);
      if (run !== "r3") await trial.clock.advance(5);
    }
    const pages: (readonly string[])[] = [];
    for (let before: string | undefined; pages.length < 4; before = pages.at(-1)?.at(-1))
      pages.push(await list(trial, { limit: 3, ...(before !== undefined && { before }) }));
    assert.deepEqual(pages, [["r6", "r5", "r4"], ["r3", "r2", "r1"], ["r0"], []]);
  },
  "a list is of a hundred runs, unless asked for more": async (trial) => {
    await Promise.all(Array.from({ length: 101 }, (_, n) => trial.create(`r${n}`)));
    assert.equal((await list(trial)).length, 100);
    assert.equal((await list(trial, { limit: 1000 })).length, 101);
  },
  "runs are listed by pipeline and by status": async (trial) => {
    await trial.create("r", undefined, { pipeline: "p" });
    await trial.create("s", { events: [], status: "parked" }, { pipeline: "p" });
    await trial.create("t", undefined, { pipeline: "q" });
    await trial.commit("t", { events: [], status: "succeeded" });
    assert.deepEqual(await list(trial, { pipeline: "p" }), ["s", "r"]);
    assert.deepEqual(await list(trial, { status: "running" }), ["r"]);
    assert.deepEqual(await list(trial, { status: ["parked", "succeeded"] }), ["t", "s"]);
    assert.deepEqual(await list(trial, { status: ["parked", "succeeded"], pipeline: "p" }), ["s"]);
    assert.deepEqual(await list(trial, { status: [] }), []);
  },
  "a run that was over can be running again": async (trial) => {
    await trial.create("r");
    await trial.commit("r", { events: [], status: "failed" });
    await trial.commit("r", { events: [], status: "running", issue: [{ id: "ship", attempt: 1 }] });
    assert.deepEqual(await list(trial, { status: "failed" }), []);
    assert.deepEqual(await list(trial, { status: "running" }), ["r"]);
    await trial.until(() => trial.dispatched.some(({ id }) => id === "ship"), "the effect is handed out");
  },
  "runs are listed by who started them, and by when": async (trial) => {
    const first = trial.clock.now();
    await trial.create("r", undefined, { actor: "ana" });
    await trial.clock.advance(10);
    await trial.create("s", undefined, { actor: "rui" });
    await trial.clock.advance(10);
    await trial.create("t", undefined, { actor: "ana" });
    assert.deepEqual(await list(trial, { actor: "ana" }), ["t", "r"]);
    assert.deepEqual(await list(trial, { from: first + 10 }), ["t", "s"]);
    assert.deepEqual(await list(trial, { to: first + 10 }), ["r"]);
    assert.deepEqual(await list(trial, { from: first, to: first + 20, actor: "ana" }), ["r"]);
    assert.deepEqual(await list(trial, { actor: "ana", before: "t" }), ["r"]);
  },
  "runs are listed by the clusters and applications that they have to do with": async (trial) => {
    await trial.create("r", concerning(["p:a/l/shop-api"], ["shop"]));
    await trial.create("s", undefined, { application: "shop" });
    await trial.create("t");
    await trial.commit("t", concerning(["p:a/l/shop-api", "p:a/l/mail"], ["shop", "mail"]));
    await trial.commit("t", concerning(["p:a/l/mail"], ["mail"]));
    await trial.create("u");
    assert.deepEqual(await list(trial, { cluster: "p:a/l/shop-api" }), ["t", "r"]);
    assert.deepEqual(await list(trial, { cluster: "p:a/l/mail" }), ["t"]);
    assert.deepEqual(await list(trial, { application: "shop" }), ["t", "s", "r"]);
    assert.deepEqual(await list(trial, { application: "shop", limit: 1, before: "t" }), ["s"]);
    assert.deepEqual(await list(trial, { application: "shop", cluster: "p:a/l/mail" }), ["t"]);
    assert.deepEqual(await list(trial, { cluster: "nowhere" }), []);
  },
  "a filter by an instant that is none is refused": async (trial) => {
    await refused(trial.engine.list({ from: Number.NaN }), "GENNAKER_CONFIGURATION", "from NaN");
  },
  "a page after a run that is not there is refused": async (trial) => {
    await trial.create("r");
    await refused(trial.engine.list({ before: "nobody" }), "GENNAKER_CONFLICT", "a page before nobody");
  },
  "events of a run are read from a number on, at most so many": async (trial) => {
    await trial.create("other");
    await trial.create("r", said("0", "1", "2", "3"));
    await trial.commit("other", said("in between"));
    await trial.commit("r", said("4"));
    assert.deepEqual(messages(await trial.engine.read("r", 0, 100)), ["0", "1", "2", "3", "4"]);
    assert.deepEqual(messages(await trial.engine.read("r", 1, 2)), ["1", "2"]);
    assert.deepEqual(await trial.engine.read("r", 5, 10), []);
    assert.deepEqual(await trial.engine.read("nobody", 0, 10), []);
  },
  "events of all runs are read from an offset on, at most so many": async (trial) => {
    await trial.create("r", said("0", "1"));
    await trial.create("s", said("2"));
    await trial.commit("r", said("3"));
    const all = await trial.engine.scan(0, 100);
    assert.deepEqual(messages(all), ["0", "1", "2", "3"]);
    assert.deepEqual(await trial.engine.scan(all[1]!.offset, 2), all.slice(1, 3));
    assert.deepEqual(await trial.engine.scan(all[3]!.offset + 1, 10), []);
  },
});

async function list(trial: Trial, filter: RunFilter = {}): Promise<readonly string[]> {
  return (await trial.engine.list(filter)).map(({ run }) => run);
}

function concerning(clusters: readonly string[], applications: readonly string[]): Write {
  return { ...said("concerned"), concerns: { clusters, applications } };
}
