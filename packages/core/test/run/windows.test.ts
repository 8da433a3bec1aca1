import { expect, it } from "vitest";
import { planRetry } from "../../src/machine/run/retry.ts";
import { given, issued, stage, started, types } from "./given.ts";

const failed = (name: string) =>
  ({
    type: "stage-failed",
    at: 500,
    stage: name,
    error: { code: "e", message: "no", retryable: false },
  }) as const;
const begun = (name: string) => ({ type: "stage-started", at: 1, stage: name, input: null }) as const;
const deploying = started(stage("deploy"));
const held = {
  type: "stage-held" as const,
  at: 1000,
  stage: "deploy",
  until: 50_000,
  opensAt: 40_000,
  reason: "year-end freeze",
};

it("begins nothing while a stage is held, and looks again at the instant", () => {
  const write = given(deploying).when(1000, held);
  expect(issued(write)).toEqual([]);
  expect(write.wakeAt).toBe(50_000);
  expect(types(given(deploying, held).when(49_999))).toEqual([]);
});

it("is released at the instant, and handed out to be looked at", () => {
  const write = given(deploying, held).when(50_000);
  expect(types(write)).toEqual(["stage-released"]);
  expect(issued(write)).toEqual(["deploy"]);
  expect(write.wakeAt).toBeNull();
});

it("is handed out at once when a person overrides its windows", () => {
  const override = { type: "stage-windows-overridden" as const, at: 2000, stage: "deploy", reason: "hotfix" };
  const write = given(deploying, held).when(2000, override);
  expect(issued(write)).toEqual(["deploy"]);
  expect(write.state.stages["deploy"]).toMatchObject({ status: "pending", unbound: true });
});

it("is held by the wall clock, also over a pause; and is not released while paused", () => {
  const paused = given(deploying, held, { type: "run-paused", at: 2000 });
  expect(types(paused.when(60_000))).toEqual([]);
  expect(types(paused.when(60_000, { type: "run-resumed", at: 60_000 }))).toEqual([
    "run-resumed",
    "stage-released",
  ]);
});

it("is not begun any more when the run is cancelled", () => {
  const cancel = { type: "run-cancel-requested" as const, at: 2000, mode: "graceful" as const, actor: "ana" };
  const write = given(deploying, held).when(2000, cancel);
  expect(types(write)).toEqual(["run-cancel-requested", "stage-skipped", "run-finished"]);
  expect(write.state.stages["deploy"]).not.toHaveProperty("held");
});

it("waits until an instant that was given, which a pause does not move", () => {
  const waiting = started(stage("pause", { kind: "wait" }));
  const waits = { type: "stage-started" as const, at: 0, stage: "pause", input: { until: 90_000 } };
  const write = given(waiting).when(0, waits);
  expect(write.events.at(-1)).toEqual({ type: "wait-started", at: 0, stage: "pause", until: 90_000 });
  const resumed = given(
    waiting,
    waits,
    { type: "wait-started", at: 0, stage: "pause", until: 90_000 },
    { type: "run-paused", at: 10_000 },
  ).when(100_000, { type: "run-resumed", at: 100_000 });
  expect(types(resumed)).toEqual(["run-resumed", "stage-succeeded", "run-finished"]);
});

it("is looked at anew, and keeps nobody awake, when a retry has it wait for a stage before it again", () => {
  const joined = started(
    stage("a", { onFailure: "fail-branch" }),
    stage("deploy", { after: ["a"], join: "over" }),
    stage("other"),
  );
  const log = [joined, begun("a"), begun("other"), failed("a"), held] as const;
  const retried = { type: "run-retried" as const, at: 2000, from: "a", stages: ["a", "deploy"] };
  const state = given(...log).state;
  expect(planRetry(state, "a")).toEqual({ stages: ["a", "deploy"] });
  const again = given(...log, retried);
  expect(again.state.stages["deploy"]).toEqual({ status: "pending", attempt: 0 });
  expect(again.when(60_000)).toMatchObject({ events: [], wakeAt: null });
});
