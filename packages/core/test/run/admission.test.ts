import { expect, it } from "vitest";
import { begin } from "../../src/machine/run/advance.ts";
import type { NewEvent, RunAdmission } from "../../src/machine/events.ts";
import { given, issued, stage, started, types } from "./given.ts";

const KEY = 'pipeline "release"';
const limited = (policy: RunAdmission["policy"] = "queue"): NewEvent<"run-started"> => ({
  ...started(stage("a")),
  admission: { permit: KEY, limit: 2, policy },
});
const queued: NewEvent = { type: "run-queued", at: 1, permit: KEY, position: 3 };
const admitted: NewEvent = { type: "run-admitted", at: 2, permit: KEY };

it("asks for its place in its first write, begins nothing, and is due until it is known where it stands", () => {
  const { write } = begin("run", limited(), 0);
  expect(write).toMatchObject({
    issue: [],
    status: "queued",
    wakeAt: 0,
    request: [{ key: KEY, limit: 2, holder: "" }],
  });
  expect(begin("run", limited("reject"), 0).write.request).toEqual([
    { key: KEY, limit: 2, holder: "", onlyIfFree: true },
  ]);
});

it("asks for nothing where a pipeline has no limit", () => {
  const { write } = begin("run", started(stage("a")), 0);
  expect(write).not.toHaveProperty("request");
  expect(issued(write)).toEqual(["a"]);
});

it("waits when it is queued, and begins when it is admitted", () => {
  const waiting = given(limited(), queued);
  expect(waiting.when(5)).toMatchObject({ events: [], issue: [], status: "queued", wakeAt: null });
  const write = waiting.when(6, admitted);
  expect(issued(write)).toEqual(["a"]);
  expect(write.status).toBe("running");
  expect(write.state.position).toBeUndefined();
});

it("ends at once when it is cancelled in the queue, and leaves it", () => {
  const write = given(limited(), queued).when(3, { type: "run-cancel-requested", at: 3, mode: "graceful" });
  expect(types(write)).toEqual(["run-cancel-requested", "stage-skipped", "run-finished"]);
  expect(write.release).toEqual([{ key: KEY, holder: "" }]);
});

it("gives its place back with its end, and not before", () => {
  const running = given(limited(), admitted, { type: "stage-started", at: 3, stage: "a", input: null });
  expect(
    running.when(4, { type: "stage-progressed", at: 4, stage: "a", message: "half" }).release,
  ).toBeUndefined();
  const write = running.when(5, { type: "stage-succeeded", at: 5, stage: "a", output: null });
  expect(write.release).toEqual([{ key: KEY, holder: "" }]);
});

const cluster = { provider: "p", account: "a", location: "l", name: "shop" };
const waitsForCluster = [
  started(
    stage("web", { kind: "rollout" }),
    stage("other", { kind: "wait" }),
    stage("after", { after: ["web"] }),
  ),
  { type: "stage-started", at: 1, stage: "web", input: { cluster } },
  { type: "stage-queued", at: 1, stage: "web", permit: "cluster p:a/l/shop", position: 1 },
  { type: "stage-started", at: 1, stage: "other", input: { for: "1h" } },
  { type: "wait-started", at: 1, stage: "other", until: 3_600_001 },
] as const satisfies readonly NewEvent[];
const by = { run: "newer", stage: "web", actor: "ana" };
const superseded: NewEvent = {
  type: "stage-superseded",
  at: 2,
  stage: "web",
  by,
  reason: "superseded by run newer",
};

it("ends a stage that waits for its cluster when it is superseded, and no other", () => {
  const write = given(...waitsForCluster).when(2, superseded);
  expect(types(write)).toEqual(["stage-superseded", "stage-cancelled", "stage-skipped"]);
  expect(write.events[1]).toMatchObject({
    stage: "web",
    reason: "superseded by run newer",
    supersededBy: by,
  });
  expect(write.release).toEqual([{ key: "cluster p:a/l/shop", holder: "web" }]);
  expect(write.state.stages["other"]?.status).toBe("running");
});

it("ends the run as cancelled then, and says for whom", () => {
  const end = given(...waitsForCluster, superseded).when(2).state;
  expect(end.outcome).toBeUndefined();
  const write = given(...waitsForCluster, superseded).when(3_600_001);
  expect(write.events.at(-1)).toMatchObject({
    type: "run-finished",
    outcome: "cancelled",
    reason: "superseded by run newer",
    supersededBy: by,
  });
});

it("asks for a place anew when it is retried after its end, and not while it goes on", () => {
  const failed: NewEvent[] = [
    { type: "stage-started", at: 3, stage: "a", input: null },
    { type: "stage-failed", at: 4, stage: "a", error: { code: "e", message: "no", retryable: false } },
  ];
  const retried: NewEvent = { type: "run-retried", at: 9, from: "a", stages: ["a"] };
  const end: NewEvent = { type: "run-finished", at: 4, outcome: "failed" };
  const write = given(limited(), admitted, ...failed, end).when(9, retried);
  expect(write).toMatchObject({
    issue: [],
    status: "queued",
    wakeAt: 0,
    request: [{ key: KEY, limit: 2, holder: "" }],
  });
  expect(
    issued(given(limited(), admitted, ...failed, end, retried).when(10, { ...admitted, at: 10 })),
  ).toEqual(["a"]);
  const branch = { ...limited(), plan: started(stage("a", { onFailure: "fail-branch" }), stage("b")).plan };
  expect(given(branch, admitted, ...failed).when(9, retried).request).toBeUndefined();
});

it("has its time begin with its turn", () => {
  const timed = { ...limited(), plan: { ...limited().plan, timeoutMs: 100 } };
  expect(given(timed, queued).when(500)).toMatchObject({ events: [], wakeAt: null });
  expect(given(timed, queued).when(500, { ...admitted, at: 500 }).state.deadline).toBe(600);
});
