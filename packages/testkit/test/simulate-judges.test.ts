// What simulations hold runs against: each judge finds what is wrong in a log, and nothing in one that is right.
import { pipeline, wait } from "@gennaker/core";
import type { Event, NewEvent, PlannedStage } from "@gennaker/core/ports";
import { expect, it } from "vitest";
import { AdmissionJudge } from "../src/simulate/judge-admission.ts";
import { AnswersJudge } from "../src/simulate/judge-answers.ts";
import { judgeLog } from "../src/simulate/judge-log.ts";
import { OutcomeJudge } from "../src/simulate/judge-outcome.ts";
import { WindowsJudge } from "../src/simulate/judge-windows.ts";

type Fact = NewEvent extends infer Each
  ? Each extends NewEvent
    ? Omit<Each, "at"> & { readonly at?: number }
    : never
  : never;
interface Judge {
  notice(event: Event): string | undefined;
}

const log = (run: string, facts: readonly Fact[]): readonly Event[] =>
  facts.map((fact, seq) => ({ at: 0, ...fact, run, seq, id: `${run}/${seq}`, offset: seq }));
const found = (judge: Judge, events: readonly Event[]): readonly string[] =>
  events.map((event) => judge.notice(event)).filter((wrong) => wrong !== undefined);

const stage = (name: string, rest: Partial<PlannedStage> = {}): PlannedStage => ({
  name,
  type: "wait",
  kind: "wait",
  after: [],
  ...rest,
});
const started = (
  stages: readonly PlannedStage[],
  rest: Partial<NewEvent<"run-started">> = {},
): NewEvent<"run-started"> => ({
  type: "run-started",
  at: 0,
  plan: { pipeline: "p", stages },
  input: null,
  ...rest,
});
const admission = { permit: "pipeline p", limit: 1, policy: "queue" } as const;
const admitted: Fact = { type: "run-admitted", permit: "pipeline p" };
const finished = (outcome: "succeeded" | "failed" | "rolled-back" | "cancelled"): Fact => ({
  type: "run-finished",
  outcome,
});
const failed = (name: string, rolledBack = false): Fact => ({
  type: "stage-failed",
  stage: name,
  error: { code: "x", message: "no", retryable: false },
  ...(rolledBack && { rolledBack }),
});
const begins = (at: number): Fact => ({ type: "stage-started", at, stage: "a", input: null });
const ended = (name: string): Fact => ({ type: "stage-succeeded", stage: name, output: null });

it("finds more runs under way than may be", () => {
  const waiting = [started([stage("a")], { admission }), admitted];
  const both = [...log("one", waiting), ...log("two", waiting)];
  expect(found(new AdmissionJudge(), both)).toEqual([
    "two was admitted beside one: 1 may be under way for pipeline p",
  ]);
  const inTurn = [...log("one", [...waiting, finished("succeeded")]), ...log("two", waiting)];
  expect(found(new AdmissionJudge(), inTurn)).toEqual([]);
});

it("finds a stage that begins before it is the turn of its run, also when the run was retried", () => {
  const now = begins(0);
  const first = started([stage("a")], { admission });
  expect(found(new AdmissionJudge(), log("one", [first, now]))).toHaveLength(1);
  expect(found(new AdmissionJudge(), log("one", [first, admitted, now]))).toEqual([]);
  const retried: Fact = { type: "run-retried", from: "a", stages: ["a"] };
  const over = [first, admitted, now, failed("a"), finished("failed"), retried];
  expect(found(new AdmissionJudge(), log("one", [...over, now]))).toHaveLength(1);
  expect(found(new AdmissionJudge(), log("one", [...over, admitted, now]))).toEqual([]);
  expect(judgeLog(log("one", [...over, admitted, now]))).toEqual([]);
});

const asked: Fact = {
  type: "judgement-requested",
  stage: "a",
  judgement: "a",
  roles: ["qa"],
  approvals: 2,
  choices: ["x", "y"],
  excludes: "ana",
};
const approves = (actor: string, choice: string): Fact => ({
  type: "judgement-approved",
  stage: "a",
  judgement: "a",
  actor,
  choice,
});
const decides = (actor: string, choice: string): Fact => ({
  type: "judgement-answered",
  stage: "a",
  judgement: "a",
  verdict: "pass",
  actor,
  choice,
});

it.for<[string, readonly Fact[], string]>([
  ["two who agree", [asked, approves("rui", "x"), decides("eva", "x")], "nothing"],
  [
    "one who changes their mind",
    [asked, approves("rui", "x"), approves("rui", "y"), decides("eva", "y")],
    "nothing",
  ],
  ["one alone", [asked, decides("rui", "x")], "1 people decided what 2 must"],
  ["the same one twice", [asked, approves("rui", "x"), decides("rui", "x")], "1 people decided"],
  ["two who disagree", [asked, approves("rui", "x"), decides("eva", "y")], "1 people decided"],
  [
    "enough who are not heard",
    [asked, approves("rui", "x"), approves("eva", "x")],
    "the question stayed open",
  ],
  ["whoever started the run", [asked, approves("ana", "x")], "ana started the run and answered"],
  ["a choice that nobody offered", [asked, approves("rui", "z")], "chose z, which is not one of x, y"],
  ["an answer that nobody asked for", [decides("rui", "x")], "answered what nobody had asked"],
])("judges %s", ([, facts, wrong]) => {
  const [first = "nothing"] = found(new AnswersJudge(), log("one", facts));
  expect(first).toContain(wrong);
});

it("finds a stage that begins while it is closed, unless a person let it", () => {
  const windows = { closed: (now: number) => (now < 100 ? { reason: "freeze", opensAt: 100 } : undefined) };
  const held = pipeline("p").stage("a", wait, () => ({ for: "1s" as const }), { windows });
  const lets: Fact = { type: "stage-windows-overridden", stage: "a", reason: "now" };
  const first = started([stage("a")]);
  expect(found(new WindowsJudge([held]), log("one", [first, begins(99)]))).toEqual([
    "one/1: stage a began although it is closed: freeze",
  ]);
  expect(found(new WindowsJudge([held]), log("one", [first, begins(100)]))).toEqual([]);
  expect(found(new WindowsJudge([held]), log("one", [first, lets, begins(99)]))).toEqual([]);
  const retried: Fact = { type: "run-retried", from: "a", stages: ["a"] };
  expect(found(new WindowsJudge([held]), log("one", [first, lets, retried, begins(99)]))).toHaveLength(1);
});

const clears = stage("back", { role: "on-failure", clears: ["a"], undoes: true });

it.for<
  [string, readonly PlannedStage[], readonly Fact[], "succeeded" | "failed" | "rolled-back" | "cancelled"]
>([
  ["all went well", [stage("a")], [ended("a")], "succeeded"],
  ["something failed", [stage("a")], [failed("a")], "failed"],
  ["what failed does not count", [stage("a", { onFailure: "ignore" })], [failed("a")], "succeeded"],
  ["what failed took itself back", [stage("a")], [failed("a", true)], "rolled-back"],
  ["what failed was undone", [stage("a"), clears], [failed("a"), ended("back")], "rolled-back"],
  ["what was to undo it failed", [stage("a"), clears], [failed("a"), failed("back")], "failed"],
  [
    "something was stopped",
    [stage("a")],
    [{ type: "stage-cancelled", stage: "a", reason: "by ana" }],
    "cancelled",
  ],
  [
    "its time was over",
    [stage("a")],
    [
      { type: "run-timed-out", reason: "1 h" },
      { type: "stage-skipped", stage: "a", reason: "1 h" },
    ],
    "failed",
  ],
])("rules how a run ends where %s", ([, stages, facts, outcome]) => {
  const others = (["succeeded", "failed", "rolled-back", "cancelled"] as const).filter(
    (each) => each !== outcome,
  );
  const ending = (end: typeof outcome): readonly Event[] =>
    log("one", [started(stages), ...facts, finished(end)]);
  expect(found(new OutcomeJudge(), ending(outcome))).toEqual([]);
  for (const other of others)
    expect(found(new OutcomeJudge(), ending(other))).toEqual([
      `one ended ${other}, and the rule says ${outcome}`,
    ]);
});

it("finds a run that ends before its stages", () => {
  const facts = [started([stage("a"), stage("b")]), ended("a"), finished("succeeded")];
  expect(found(new OutcomeJudge(), log("one", facts))).toEqual(["one ended before b"]);
});
