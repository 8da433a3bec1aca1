import { expect, it } from "vitest";
import type { NewEvent } from "../../src/machine/events.ts";
import { planRetry } from "../../src/machine/run/retry.ts";
import { stage } from "./given.ts";
import { type End, Play } from "./play.ts";

const after = (name: string, ...upstream: readonly string[]) => stage(name, { after: upstream });
const report = stage("report", { role: "finally", join: "over" });

function played(ends: Readonly<Record<string, End>>, ...stages: ReturnType<typeof stage>[]): Play {
  return new Play({ pipeline: "p", stages }).playOut(ends);
}
function retry(play: Play, from: string): readonly string[] {
  const plan = planRetry(play.state, from);
  if ("refusal" in plan) throw new Error(plan.refusal);
  const event: NewEvent = { type: "run-retried", at: play.at, from, stages: plan.stages, actor: "ana" };
  if (plan.stages.length > 0) play.tell(event);
  return plan.stages;
}

it("carries out the failed stage and all that comes after it, and keeps the outputs before", () => {
  const play = played({ b: "fails" }, stage("a"), after("b", "a"), after("c", "b"), report);
  expect(play.state.outcome).toBe("failed");
  play.at = 5;
  expect(retry(play, "b")).toEqual(["b", "c", "report"]);
  expect(play.issued).toEqual(["b"]);
  expect(play.state).toMatchObject({ stages: { a: { status: "succeeded", output: null } } });
  expect(play.state.outcome).toBeUndefined();
  play.playOut();
  expect(play.state).toMatchObject({ outcome: "succeeded", finishedAt: 5 });
});

it("keeps the earlier rounds of a stage visible, oldest first", () => {
  const play = played({ a: "fails" }, stage("a"));
  retry(play, "a");
  play.playOut({ a: "fails, undone" });
  retry(play, "a");
  play.playOut();
  expect(play.state.stages["a"]).toMatchObject({
    status: "succeeded",
    earlier: [{ status: "failed" }, { status: "failed", rolledBack: true }],
  });
});

it("also carries out what was skipped or failed elsewhere, and leaves alone what went well", () => {
  const stages = [stage("a"), after("b", "a"), stage("c"), stage("d"), after("e", "d")];
  const play = played({ a: "fails", c: "fails" }, ...stages);
  expect(retry(play, "a")).toEqual(["a", "b", "c", "e"]);
});

it("leaves alone what failed before the stage and let the run go on", () => {
  const play = played({ a: "fails", b: "fails" }, stage("a", { onFailure: "continue" }), after("b", "a"));
  expect(retry(play, "b")).toEqual(["b"]);
  play.playOut();
  expect(play.state.outcome).toBe("failed");
});

it("carries on a run that was cancelled, and a stage of one that succeeded", () => {
  const play = new Play({ pipeline: "p", stages: [stage("a"), after("b", "a")] });
  play.start("a");
  play.tell({ type: "run-cancel-requested", at: 0, mode: "forced" });
  expect(play.state.outcome).toBe("cancelled");
  expect(retry(play, "a")).toEqual(["a", "b"]);
  play.playOut();
  expect(play.state.outcome).toBe("succeeded");
  expect(retry(play, "b")).toEqual(["b"]);
  play.playOut();
  expect(play.state.outcome).toBe("succeeded");
});

it("carries a failed stage out anew while the rest of its run goes on", () => {
  const branch = { onFailure: "fail-branch" as const };
  const play = new Play({ pipeline: "p", stages: [stage("a", branch), after("b", "a"), stage("c")] });
  play.start("c");
  play.start("a");
  play.end("a", "fails");
  expect(retry(play, "a")).toEqual(["a", "b"]);
  play.playOut();
  expect(play.state.outcome).toBe("succeeded");
});

it("does nothing when the stage was retried already and goes on", () => {
  const play = played({ a: "fails" }, stage("a"));
  retry(play, "a");
  expect(retry(play, "a")).toEqual([]);
  play.start("a");
  expect(retry(play, "a")).toEqual([]);
});

it.each([
  ["a", 'stage "a" is running, and its run goes on'],
  ["report", 'stage "report" clears up after others'],
])("refuses a retry from %s while it cannot be", (from, why) => {
  const play = new Play({ pipeline: "p", stages: [stage("a"), report] });
  play.start("a");
  expect(planRetry(play.state, from)).toEqual({ refusal: expect.stringContaining(why) });
});

it("refuses a retry while what comes after the stage, or clears up, is at work", () => {
  const play = new Play({
    pipeline: "p",
    stages: [stage("a", { onFailure: "continue" }), after("b", "a"), report],
  });
  play.start("a");
  play.end("a", "fails");
  play.start("b");
  expect(planRetry(play.state, "a")).toEqual({ refusal: 'stage "b" is running; wait until it is over' });
  play.end("b", "succeeds");
  play.start("report");
  expect(planRetry(play.state, "a")).toEqual({ refusal: 'stage "report" is running; wait until it is over' });
});

it("refuses a retry while the run is being stopped", () => {
  const play = new Play({ pipeline: "p", stages: [stage("a", { onFailure: "continue" }), stage("c")] });
  play.start("c");
  play.start("a");
  play.end("a", "fails");
  play.tell({ type: "run-cancel-requested", at: 0, mode: "graceful" });
  expect(planRetry(play.state, "a")).toEqual({ refusal: "the run is being stopped; wait until it is over" });
});

it("is not parked any more, nor paused, when it was so at its end", () => {
  const play = new Play({ pipeline: "p", stages: [stage("a")] });
  play.tell({ type: "run-parked", at: 0, reason: "no code" }, { type: "run-paused", at: 0 });
  play.tell({ type: "run-cancel-requested", at: 0, mode: "forced" });
  retry(play, "a");
  expect([play.state.parked, play.state.pausedAt, play.state.cancel]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect(play.issued).toEqual(["a"]);
});

it("gives a run that was over all of its time again", () => {
  const play = new Play({ pipeline: "p", stages: [stage("a")], timeoutMs: 5000 });
  play.start("a");
  play.wake();
  expect(play.state.outcome).toBe("failed");
  play.at = 100_000;
  retry(play, "a");
  expect([play.state.timedOut, play.wakeAt]).toEqual([undefined, 105_000]);
});

it("hands out anew what still watched over the stage, and ends what watched over the others", () => {
  const play = played({ a: "fails" }, stage("a"), after("b", "a"));
  const watcher = { run: "run", id: "a", attempt: 1, lease: "0:7" };
  play.effects = [watcher, { ...watcher, id: "b", lease: "0:8" }];
  retry(play, "a");
  expect(play.effects.map(({ id }) => id)).toEqual(["a"]);
  expect(play.effects[0]?.lease).not.toBe("0:7");
});

it("asks a question of its own in each round", () => {
  const ask = stage("ok?", { kind: "judgement" });
  const play = new Play({ pipeline: "p", stages: [ask] });
  const begun: NewEvent = { type: "stage-started", at: 0, stage: "ok?", input: { roles: ["qa"] } };
  play.do({ fence: play.effect("ok?"), settle: true, incoming: [begun] });
  play.tell({
    type: "judgement-answered",
    at: 0,
    stage: "ok?",
    judgement: "ok?",
    verdict: "fail",
    actor: "rui",
  });
  retry(play, "ok?");
  play.do({ fence: play.effect("ok?"), settle: true, incoming: [begun] });
  expect(play.state.stages["ok?"]?.judgement).toMatchObject({ judgement: "ok?~2" });
  expect(play.state.stages["ok?"]?.answer).toBeUndefined();
});
