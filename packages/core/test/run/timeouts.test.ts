import { expect, it } from "vitest";
import { stage } from "./given.ts";
import { Play, typesOf } from "./play.ts";

const slow = stage("slow", { timeoutMs: 10_000 });
const pause = { type: "run-paused" as const, at: 4000 };
const resume = { type: "run-resumed" as const, at: 60_000 };

it("fails a stage whose time is over, and says how long it may take", () => {
  const play = new Play({ pipeline: "p", stages: [slow] });
  play.start("slow");
  expect(play.wakeAt).toBe(10_000);
  play.wake();
  expect(play.state.stages["slow"]?.error).toEqual({
    code: "timeout",
    message: "it took longer than 10 s",
    retryable: false,
  });
  expect([play.state.outcome, play.effects]).toEqual(["failed", []]);
});

it("gives all attempts together so much time", () => {
  const play = new Play({ pipeline: "p", stages: [slow] });
  play.start("slow");
  play.at = 9000;
  const error = { code: "busy", message: "busy", retryable: true };
  play.do({
    fence: play.effect("slow"),
    incoming: [{ type: "stage-retried", at: 9000, stage: "slow", attempt: 1, error, retryAt: 9500 }],
    retry: { id: "slow", attempt: 2 },
  });
  expect(play.wakeAt).toBe(10_000);
});

it("does not count paused time", () => {
  const play = new Play({ pipeline: "p", stages: [slow], timeoutMs: 30_000 });
  play.start("slow");
  play.at = 4000;
  play.tell(pause);
  expect(play.wakeAt).toBeNull();
  play.at = 60_000;
  play.tell();
  expect(play.statuses()).toEqual({ slow: "running" });
  play.tell(resume);
  expect(play.wakeAt).toBe(66_000);
  expect(play.state.deadline).toBe(86_000);
});

const deploy = stage("deploy", { kind: "rollout", timeoutMs: 10_000 });
const queued = { type: "stage-queued" as const, at: 1000, stage: "deploy", permit: "c", position: 1 };
const begun = { type: "stage-started" as const, at: 1000, stage: "deploy", input: { cluster: {} } };

it("does not count the time in the queue of a cluster, paused or not", () => {
  const play = new Play({ pipeline: "p", stages: [deploy] });
  play.at = 1000;
  play.tell(begun);
  play.at = 3000;
  play.tell({ ...queued, at: 3000 });
  expect(play.wakeAt).toBeNull();
  play.at = 4000;
  play.tell(pause);
  play.at = 50_000;
  play.tell({ type: "stage-admitted", at: 50_000, stage: "deploy", permit: "c" });
  play.at = 60_000;
  play.tell(resume);
  expect(play.wakeAt).toBe(68_000);
});

it("keeps the time that is left when the place in the queue changes", () => {
  const play = new Play({ pipeline: "p", stages: [deploy] });
  play.at = 1000;
  play.tell(begun, { ...queued, position: 2 });
  play.at = 9000;
  play.tell({ ...queued, at: 9000 });
  play.tell({ type: "stage-admitted", at: 9000, stage: "deploy", permit: "c" });
  expect(play.wakeAt).toBe(19_000);
});

it("ends a run whose time is over: what runs fails, what has not begun never begins, what always runs runs", () => {
  const report = stage("report", { role: "finally", join: "over" });
  const play = new Play({
    pipeline: "p",
    stages: [stage("a"), stage("b", { after: ["a"] }), report],
    timeoutMs: 5000,
  });
  play.start("a");
  play.wake();
  expect(play.at).toBe(5000);
  expect(typesOf(play.log.slice(-3))).toEqual(["run-timed-out", "stage-failed", "stage-skipped"]);
  expect(play.wakeAt).toBeNull();
  play.playOut();
  expect(play.state).toMatchObject({ outcome: "failed", reason: "a: the run took longer than 5 s" });
  expect(play.statuses()).toEqual({ a: "failed", b: "skipped", report: "succeeded" });
});

it("fails a run whose time is over although the failure of what ran is ignored", () => {
  const play = new Play({ pipeline: "p", stages: [stage("a", { onFailure: "ignore" })], timeoutMs: 5000 });
  play.start("a");
  play.wake();
  expect(play.state.outcome).toBe("failed");
});

it("fails a run whose time is over before anything has begun", () => {
  const play = new Play({ pipeline: "p", stages: [stage("a")], timeoutMs: 5000 });
  play.wake();
  expect(play.state).toMatchObject({ outcome: "failed", reason: "the run took longer than 5 s" });
});

it("stops code that does not heed a cancel when its time is over", () => {
  const play = new Play({ pipeline: "p", stages: [slow] });
  play.start("slow");
  play.tell({ type: "run-cancel-requested", at: 0, mode: "graceful", reason: "wrong" });
  expect(play.statuses()).toEqual({ slow: "running" });
  play.wake();
  expect(play.state.outcome).toBe("cancelled");
});
