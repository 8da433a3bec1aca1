// Each row of the table in docs/guide/pipelines.md: how a run ends.
import { expect, it } from "vitest";
import type { NewEvent, Outcome } from "../../src/machine/events.ts";
import type { PlannedStage } from "../../src/model/plan.ts";
import { stage } from "./given.ts";
import { type End, Play } from "./play.ts";

interface Row {
  readonly row: string;
  readonly stages: readonly PlannedStage[];
  readonly ends?: Readonly<Record<string, End>>;
  /** What is said while the first stages are at work. */
  readonly told?: readonly NewEvent[];
  readonly outcome: Outcome;
  readonly statuses: string;
}

const after = (name: string, upstream: string, more: Partial<PlannedStage> = {}): PlannedStage =>
  stage(name, { after: [upstream], ...more });
const cancel: NewEvent = { type: "run-cancel-requested", at: 1, mode: "graceful", actor: "ana" };
const forced: NewEvent = { ...cancel, mode: "forced" };
const undo = (more: Partial<PlannedStage> = {}): PlannedStage =>
  stage("undo", { role: "on-failure", undoes: true, join: "over", ...more });
const report = stage("report", { role: "finally", join: "over" });

const ROWS: readonly Row[] = [
  {
    row: "every stage succeeded",
    stages: [stage("a"), after("b", "a")],
    outcome: "succeeded",
    statuses: "a succeeded, b succeeded",
  },
  {
    row: "a condition did not hold: what comes after it goes on",
    stages: [stage("a", { conditional: true }), after("b", "a")],
    ends: { a: "is not needed" },
    outcome: "succeeded",
    statuses: "a skipped, b succeeded",
  },
  {
    row: "a person skipped a stage: what comes after it goes on",
    stages: [stage("a", { skippable: true }), after("b", "a")],
    told: [{ type: "stage-bypassed", at: 1, stage: "a", by: "operator", reason: "known", actor: "ana" }],
    outcome: "succeeded",
    statuses: "a skipped, b succeeded",
  },
  {
    row: "a failed stage halts the run",
    stages: [stage("a"), after("b", "a"), stage("c"), after("d", "c")],
    ends: { a: "fails" },
    outcome: "failed",
    statuses: "a failed, b skipped, c succeeded, d skipped",
  },
  {
    row: "a failed stage that undid what it had done",
    stages: [stage("a"), after("b", "a")],
    ends: { a: "fails, undone" },
    outcome: "rolled-back",
    statuses: "a failed, b skipped",
  },
  {
    row: "one failure was undone, another was not",
    stages: [stage("a"), stage("b")],
    ends: { a: "fails, undone", b: "fails" },
    outcome: "failed",
    statuses: "a failed, b failed",
  },
  {
    row: "fail-branch: the other branches go on, the run fails at the end",
    stages: [stage("a", { onFailure: "fail-branch" }), after("b", "a"), stage("c"), after("d", "c")],
    ends: { a: "fails" },
    outcome: "failed",
    statuses: "a failed, b skipped, c succeeded, d succeeded",
  },
  {
    row: "continue: what comes after it runs, the run fails at the end",
    stages: [stage("a", { onFailure: "continue" }), after("b", "a")],
    ends: { a: "fails" },
    outcome: "failed",
    statuses: "a failed, b succeeded",
  },
  {
    row: "ignore: what comes after it runs, the failure does not count",
    stages: [stage("a", { onFailure: "ignore" }), after("b", "a")],
    ends: { a: "fails" },
    outcome: "succeeded",
    statuses: "a failed, b succeeded",
  },
  {
    row: "a cancel",
    stages: [stage("a", { kind: "wait" }), after("b", "a")],
    ends: { a: "never ends" },
    told: [cancel],
    outcome: "cancelled",
    statuses: "a cancelled, b skipped",
  },
  {
    row: "a cancel that came too late to stop anything",
    stages: [stage("a")],
    told: [cancel],
    outcome: "succeeded",
    statuses: "a succeeded",
  },
  {
    row: "a failure counts more than a cancel",
    stages: [stage("a"), after("b", "a")],
    ends: { a: "fails" },
    told: [cancel],
    outcome: "failed",
    statuses: "a failed, b skipped",
  },
  {
    row: "an onFailure stage that undoes succeeded",
    stages: [stage("a"), undo()],
    ends: { a: "fails" },
    outcome: "rolled-back",
    statuses: "a failed, undo succeeded",
  },
  {
    row: "an onFailure stage that undoes nothing succeeded",
    stages: [stage("a"), stage("page", { role: "on-failure", join: "over" })],
    ends: { a: "fails" },
    outcome: "failed",
    statuses: "a failed, page succeeded",
  },
  {
    row: "an onFailure stage failed itself",
    stages: [stage("a"), undo()],
    ends: { a: "fails", undo: "fails" },
    outcome: "failed",
    statuses: "a failed, undo failed",
  },
  {
    row: "an onFailure stage that was not needed",
    stages: [stage("a"), undo()],
    outcome: "succeeded",
    statuses: "a succeeded, undo skipped",
  },
  {
    row: "an undo does not speak for a rollout that could not undo itself",
    stages: [stage("a", { kind: "rollout" }), undo()],
    ends: { a: "fails" },
    outcome: "failed",
    statuses: "a failed, undo succeeded",
  },
  {
    row: "unless it was made for that rollout",
    stages: [stage("a", { kind: "rollout" }), undo({ clears: ["a"] })],
    ends: { a: "fails" },
    outcome: "rolled-back",
    statuses: "a failed, undo succeeded",
  },
  {
    row: "a finally stage failed",
    stages: [stage("a"), report],
    ends: { report: "fails" },
    outcome: "failed",
    statuses: "a succeeded, report failed",
  },
  {
    row: "a finally stage failed, which is ignored",
    stages: [stage("a"), { ...report, onFailure: "ignore" }],
    ends: { report: "fails" },
    outcome: "succeeded",
    statuses: "a succeeded, report failed",
  },
  {
    row: "finally stages run after a graceful cancel",
    stages: [stage("a", { kind: "wait" }), report],
    ends: { a: "never ends" },
    told: [cancel],
    outcome: "cancelled",
    statuses: "a cancelled, report succeeded",
  },
  {
    row: "and not after a forced one",
    stages: [stage("a"), report],
    ends: { a: "never ends" },
    told: [forced],
    outcome: "cancelled",
    statuses: "a cancelled, report skipped",
  },
];

it.each(ROWS)("$row → $outcome", ({ stages, ends = {}, told = [], outcome, statuses }) => {
  const play = new Play({ pipeline: "release", stages });
  const first = play.issued[0] ?? "";
  if (told.length > 0) {
    play.start(first);
    play.at = 1;
    play.tell(...told);
  }
  play.playOut(ends);
  const shown = Object.entries(play.statuses()).map(([name, status]) => `${name} ${status}`);
  expect([play.state.outcome, shown.join(", ")]).toEqual([outcome, statuses]);
  expect(play.effects).toEqual([]);
});
