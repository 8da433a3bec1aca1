import { expect, it } from "vitest";
import { begin } from "../../src/machine/run/advance.ts";
import { given, issued, stage, started, types } from "./given.ts";

const ran = (name: string, at = 1) => [
  { type: "stage-started" as const, at, stage: name, input: null },
  { type: "stage-succeeded" as const, at, stage: name, output: null },
];
const failure = { code: "error", message: "no", retryable: false };

it("hands out every stage that waits for nothing when a run begins", () => {
  const { write } = begin("run", started(stage("a"), stage("b"), stage("c", { after: ["a"] })), 0);
  expect(issued(write)).toEqual(["a", "b"]);
  expect(write.status).toBe("running");
});

it("starts a stage only when all it comes after has succeeded", () => {
  const plan = started(stage("a"), stage("b"), stage("join", { after: ["a", "b"] }));
  const one = given(plan, ...ran("a"), { type: "stage-started", at: 1, stage: "b", input: null });
  expect(issued(one.when(2))).toEqual([]);
  expect(issued(one.when(2, { type: "stage-succeeded", at: 2, stage: "b", output: 1 }))).toEqual(["join"]);
});

it("ends the run when the last stage has succeeded", () => {
  const write = given(started(stage("a")), { type: "stage-started", at: 1, stage: "a", input: null }).when(
    2,
    {
      type: "stage-succeeded",
      at: 2,
      stage: "a",
      output: null,
    },
  );
  expect(types(write)).toEqual(["stage-succeeded", "run-finished"]);
  expect(write.state.outcome).toBe("succeeded");
  expect(write.settle).toEqual(["a"]);
  expect(write.wakeAt).toBeNull();
});

it("skips what comes after a failure, and names it as the run's reason", () => {
  const write = given(started(stage("a"), stage("b", { after: ["a"] })), {
    type: "stage-started",
    at: 1,
    stage: "a",
    input: null,
  }).when(2, { type: "stage-failed", at: 2, stage: "a", error: failure });
  expect(types(write)).toEqual(["stage-failed", "stage-skipped", "run-finished"]);
  expect(write.state).toMatchObject({ outcome: "failed", reason: "a: no" });
});

it("lets what runs beside a failure come to its end before the run ends", () => {
  const plan = started(stage("a"), stage("b"));
  const both = [
    { type: "stage-started" as const, at: 1, stage: "a", input: null },
    { type: "stage-started" as const, at: 1, stage: "b", input: null },
  ];
  const first = given(plan, ...both).when(2, { type: "stage-failed", at: 2, stage: "a", error: failure });
  expect(types(first)).toEqual(["stage-failed"]);
  const second = given(plan, ...both, { type: "stage-failed", at: 2, stage: "a", error: failure }).when(3, {
    type: "stage-succeeded",
    at: 3,
    stage: "b",
    output: null,
  });
  expect(types(second)).toEqual(["stage-succeeded", "run-finished"]);
});

it("ends rolled back, not failed, when the stage that failed undid what it had done", () => {
  const write = given(started(stage("a")), { type: "stage-started", at: 1, stage: "a", input: null }).when(
    2,
    {
      type: "stage-failed",
      at: 2,
      stage: "a",
      error: failure,
      rolledBack: true,
    },
  );
  expect(write.state.outcome).toBe("rolled-back");
});

it("refuses a result that comes under an old lease", async () => {
  const { advance, replay } = await import("../../src/machine/run/advance.ts");
  const state = replay("run", [
    started(stage("a")),
    { type: "stage-started", at: 1, stage: "a", input: null },
  ]);
  const fence = { run: "run", id: "a", attempt: 1, lease: "1:1" };
  const incoming = [{ type: "stage-succeeded" as const, at: 2, stage: "a", output: null }];
  expect(() => advance(state, [{ ...fence, lease: "2:1" }], { incoming, fence }, 2)).toThrow(
    /no longer the one that counts/,
  );
  expect(advance(state, [fence], { incoming, fence }, 2).state.outcome).toBe("succeeded");
});

it("ignores events that it does not know, so that old logs replay for ever", () => {
  const unknown = { type: "stage-painted", at: 1, stage: "a", colour: "red" } as never;
  expect(given(started(stage("a")), unknown).state.stages["a"]?.status).toBe("pending");
});
