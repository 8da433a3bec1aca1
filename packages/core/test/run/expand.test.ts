import { expect, it } from "vitest";
import type { NewEvent } from "../../src/machine/events.ts";
import { planRetry } from "../../src/machine/run/retry.ts";
import type { PlannedStage } from "../../src/model/plan.ts";
import { stage } from "./given.ts";
import { Play } from "./play.ts";

const regions: PlannedStage = stage("regions", {
  kind: "expand",
  template: { type: "code", kind: "effect", onFailure: "continue" },
  max: 10,
});
const undo = stage("undo", { role: "on-failure", join: "over", clears: ["regions"] });
const play = (...items: readonly string[]): Play => {
  const begun = new Play({ pipeline: "p", stages: [regions, stage("next", { after: ["regions"] }), undo] });
  find(begun, items);
  return begun;
};
function find(run: Play, items: readonly string[]): void {
  const begun: NewEvent = { type: "stage-started", at: run.at, stage: "regions", input: { items } };
  run.do({ fence: run.effect("regions"), settle: true, incoming: [begun] });
}

it("adds one stage for each item, right behind the stage that found them, and carries them out side by side", () => {
  const run = play("eu", "us");
  expect(run.state.plan.stages.map(({ name, after, item }) => [name, after, item])).toEqual([
    ["regions", [], undefined],
    ["regions[eu]", ["regions"], "eu"],
    ["regions[us]", ["regions"], "us"],
    ["next", ["regions", "regions[eu]", "regions[us]"], undefined],
    ["undo", [], undefined],
  ]);
  expect(run.issued).toEqual(["regions[eu]", "regions[us]"]);
  run.playOut({ "regions[us]": "fails" });
  expect(run.statuses()).toEqual({
    regions: "succeeded",
    "regions[eu]": "succeeded",
    "regions[us]": "failed",
    next: "succeeded",
    undo: "succeeded",
  });
});

it("goes on at once when the list is empty", () => {
  const run = play().playOut();
  expect(run.statuses()).toEqual({ regions: "succeeded", next: "succeeded", undo: "skipped" });
  expect(run.state.outcome).toBe("succeeded");
});

it("finds the list anew on a retry: new items are added, those of before run again, the rest is passed by", () => {
  const run = play("eu", "us").playOut({ "regions[us]": "fails" });
  const plan = planRetry(run.state, "regions");
  const stages = "stages" in plan ? plan.stages : [];
  run.tell({ type: "run-retried", at: 0, from: "regions", stages });
  find(run, ["us", "ap"]);
  expect(run.issued).toEqual(["regions[ap]", "regions[us]"]);
  run.playOut();
  expect(run.statuses()).toMatchObject({
    "regions[eu]": "skipped",
    "regions[us]": "succeeded",
    "regions[ap]": "succeeded",
  });
  expect(run.state.stages["regions[eu]"]).toMatchObject({
    bypassed: "list",
    earlier: [{ status: "succeeded" }],
  });
  expect(run.state.outcome).toBe("succeeded");
});
