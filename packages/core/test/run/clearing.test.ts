import { expect, it } from "vitest";
import { stage } from "./given.ts";
import { Play } from "./play.ts";

const undo = stage("undo", { role: "on-failure", join: "over" });
const page = stage("page", { role: "on-failure", join: "over", after: ["undo"] });
const report = stage("report", { role: "finally", join: "over" });

it("clears up only when all ordinary stages are over, then runs what always runs", () => {
  const play = new Play({ pipeline: "p", stages: [stage("a"), stage("b"), undo, page, report] });
  play.start("b");
  play.start("a");
  play.end("a", "fails");
  expect(play.issued).toEqual(["b"]);
  play.end("b", "succeeds");
  expect(play.issued).toEqual(["undo"]);
  play.playOut({ undo: "fails" });
  expect(play.statuses()).toEqual({
    a: "failed",
    b: "succeeded",
    undo: "failed",
    page: "succeeded",
    report: "succeeded",
  });
});

it("clears up after one stage at once, while the rest goes on", () => {
  const clears = { ...undo, clears: ["a"] };
  const play = new Play({
    pipeline: "p",
    stages: [stage("a", { onFailure: "fail-branch" }), stage("b"), clears],
  });
  play.start("a");
  play.end("a", "fails");
  expect(play.issued).toEqual(["b", "undo"]);
  play.playOut();
  expect(play.statuses()).toEqual({ a: "failed", b: "succeeded", undo: "succeeded" });
});

it("clears up after a stage whose failure is ignored, when it was asked to", () => {
  const stages = [stage("a", { onFailure: "ignore" }), { ...undo, clears: ["a"] }];
  const play = new Play({ pipeline: "p", stages }).playOut({ a: "fails" });
  expect(play.statuses()).toEqual({ a: "failed", undo: "succeeded" });
  expect(play.state.outcome).toBe("succeeded");
});

it("is not stopped by a graceful cancel, whether it has begun or not", () => {
  const play = new Play({ pipeline: "p", stages: [stage("a"), undo, page, report] });
  play.start("a");
  play.end("a", "fails");
  play.start("undo");
  play.tell({ type: "run-cancel-requested", at: 0, mode: "graceful" });
  expect(play.statuses()).toMatchObject({ undo: "running", page: "pending" });
  play.playOut();
  expect(play.statuses()).toMatchObject({ undo: "succeeded", page: "succeeded", report: "succeeded" });
  expect(play.state.outcome).toBe("failed");
});

it("is stopped by a forced cancel, and what has not begun never begins", () => {
  const play = new Play({ pipeline: "p", stages: [stage("a"), undo, page, report] });
  play.start("a");
  play.end("a", "fails");
  play.start("undo");
  play.tell({ type: "run-cancel-requested", at: 0, mode: "forced" });
  expect(play.statuses()).toMatchObject({ undo: "cancelled", page: "skipped", report: "skipped" });
  expect(play.state.outcome).toBe("failed");
});

it("also clears up after a cancel, when it was asked to", () => {
  const stages = [stage("a", { kind: "wait" as const }), { ...undo, onCancel: true as const }];
  const play = new Play({ pipeline: "p", stages });
  play.start("a");
  play.tell({ type: "run-cancel-requested", at: 0, mode: "graceful" });
  play.playOut();
  expect(play.statuses()).toEqual({ a: "cancelled", undo: "succeeded" });
  expect(play.state.outcome).toBe("cancelled");
});

it.each([
  ["all", { a: "fails", b: "succeeds" }, "skipped"],
  ["any", { a: "fails", b: "succeeds" }, "succeeded"],
  ["any", { a: "fails", b: "fails" }, "skipped"],
  ["over", { a: "fails", b: "fails" }, "succeeded"],
] as const)("joins branches by %s, of which %o: %s", (join, ends, status) => {
  const branch = { onFailure: "fail-branch" as const };
  const stages = [stage("a", branch), stage("b", branch), stage("join", { after: ["a", "b"], join })];
  const play = new Play({ pipeline: "p", stages });
  play.start("a");
  play.end("a", ends.a);
  expect(play.statuses()["join"]).toBe(join === "all" ? "skipped" : "pending");
  play.playOut(ends);
  expect(play.statuses()["join"]).toBe(status);
});
