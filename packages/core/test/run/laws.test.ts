// Any graph, any ends, any acts and crashes, in any order: the log obeys the documented rules.
import { assert, property } from "fast-check";
import { expect, it } from "vitest";
import type { NewEvent } from "../../src/machine/events.ts";
import { Play } from "./play.ts";
import { wrongIn } from "./reference.ts";
import { stories } from "./stories.ts";
import { Telling } from "./telling.ts";

it("obeys the documented rules: any graph of up to twelve stages, any ends, acts and crashes", () => {
  const seen = new Set<string>();
  assert(
    property(stories, (story) => {
      const telling = new Telling(story);
      telling.tell();
      const { play } = telling;
      expect(wrongIn(story.plan, play.log)).toEqual([]);
      expect(play.effects).toEqual([]);
      for (const { type } of play.log) seen.add(type);
      seen.add(play.state.outcome ?? "");
    }),
    { numRuns: Number(process.env["LAW_RUNS"] ?? 1000) },
  );
  const outcomes = ["cancelled", "failed", "rolled-back", "succeeded"];
  const acts = ["run-retried", "run-paused", "run-cancel-requested", "stage-bypassed", "run-timed-out"];
  expect([...seen]).toEqual(expect.arrayContaining([...outcomes, ...acts]));
}, 600_000);

it("decides nothing more, and needs no waking, once the run is over", () => {
  assert(
    property(stories, (story) => {
      const { play } = ((telling) => (telling.tell(), telling))(new Telling(story));
      const { length } = play.log;
      play.at += 10 * 365 * 86_400_000;
      play.do({});
      expect([play.log.length, play.wakeAt]).toEqual([length, null]);
    }),
    { numRuns: 200 },
  );
}, 600_000);

it.each([
  [
    "an outcome that is too good",
    (event: NewEvent) => event.type === "run-finished" && { ...event, outcome: "succeeded" },
  ],
  [
    "a stage that begins after the run was halted",
    (event: NewEvent) => event.type === "stage-skipped" && { ...event, type: "stage-started", input: null },
  ],
  [
    "a stage that ends twice",
    (event: NewEvent) =>
      event.type === "run-finished" && { type: "stage-succeeded", at: 0, stage: "a", output: null },
  ],
])("notices %s", (_, broken) => {
  const stages = [
    { name: "a", type: "code", kind: "effect" as const, after: [] },
    { name: "b", type: "code", kind: "effect" as const, after: ["a"] },
  ];
  const play = new Play({ pipeline: "p", stages }).playOut({ a: "fails" });
  const log = play.log.map((event) => (broken(event) || event) as NewEvent);
  expect(wrongIn({ pipeline: "p", stages }, play.log)).toEqual([]);
  expect(wrongIn({ pipeline: "p", stages }, log)).not.toEqual([]);
});
