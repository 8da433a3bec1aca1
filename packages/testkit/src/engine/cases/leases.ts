import assert from "node:assert/strict";
import { capability, type Case, surviving } from "../case.ts";
import { issuing, said } from "../writes.ts";

export const leases: readonly Case[] = capability("leases", {
  "an effect is handed out once, under the lease that decisions see": async (trial) => {
    await trial.create("r");
    const { issued } = await trial.commit("r", issuing("build", "deploy"));
    await trial.until(() => trial.dispatched.length >= 2, "both effects are handed out");
    await trial.settle();
    assert.deepEqual(trial.dispatched, issued);
    assert.deepEqual((await trial.load("r")).effects, issued);
    assert.deepEqual(
      issued.map(({ run, id, attempt }) => [run, id, attempt]),
      [
        ["r", "build", 1],
        ["r", "deploy", 1],
      ],
    );
  },
  "every handing out has a lease of its own": async (trial) => {
    await trial.create("r", issuing("a", "b"));
    await trial.create("s", issuing("a"));
    await trial.commit("s", issuing("b"));
    await trial.until(() => trial.dispatched.length >= 4, "all four are handed out");
    assert.equal(new Set(trial.dispatched.map(({ lease }) => lease)).size, 4);
  },
  "handing out again takes the place of what was out, under a new lease": async (trial) => {
    const first = (await trial.create("r", issuing("deploy"))).issued[0];
    const again = (await trial.commit("r", { events: [], issue: [{ id: "deploy", attempt: 2 }] })).issued[0];
    assert.notEqual(again?.lease, first?.lease);
    assert.deepEqual((await trial.load("r")).effects, [again]);
  },
  "what is settled is out no more": async (trial) => {
    await trial.create("r", issuing("build", "deploy"));
    await trial.commit("r", { events: [], settle: ["build", "never issued"] });
    assert.deepEqual(
      (await trial.load("r")).effects.map(({ id }) => id),
      ["deploy"],
    );
  },
  "a write that settles and hands out the same effect hands it out": async (trial) => {
    await trial.create("r", issuing("deploy"));
    await trial.commit("r", { events: [], settle: ["deploy"], issue: [{ id: "deploy", attempt: 2 }] });
    assert.deepEqual(
      (await trial.load("r")).effects.map(({ id, attempt }) => [id, attempt]),
      [["deploy", 2]],
    );
  },
  "a commit that says nothing of effects leaves their leases": async (trial) => {
    const { issued } = await trial.create("r", issuing("deploy"));
    await trial.commit("r", said("approved meanwhile"));
    assert.deepEqual((await trial.load("r")).effects, issued);
  },
  "what was out when the log is opened again is handed out under new leases": surviving(
    async (trial) => {
      await trial.create("r", issuing("build", "deploy"));
      await trial.commit("r", { events: [], settle: ["build"] });
      await trial.create("s", issuing("build"));
    },
    async (successor, former) => {
      await successor.until(() => successor.dispatched.length >= 2, "what was out is handed out again");
      assert.deepEqual(successor.dispatched.map(({ run, id }) => `${run} ${id}`).toSorted(), [
        "r deploy",
        "s build",
      ]);
      const old = new Set(former.dispatched.map(({ lease }) => lease));
      for (const { run, lease } of successor.dispatched) {
        assert.ok(!old.has(lease), `lease ${lease} was used before`);
        assert.equal((await successor.load(run)).effects[0]?.lease, lease, "the lease that decisions see");
      }
    },
  ),
});
