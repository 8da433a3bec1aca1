// Any graph, any ends, any acts and crashes, in any order: the log obeys the documented rules.
import fc from "fast-check";
import { expect, it } from "vitest";
import { ConflictError } from "../../src/errors.ts";
import type { NewEvent } from "../../src/machine/events.ts";
import { planRetry } from "../../src/machine/run/retry.ts";
import { isOver } from "../../src/machine/run/state.ts";
import type { Plan, PlannedStage } from "../../src/model/plan.ts";
import { type End, Play } from "./play.ts";
import { wrongIn } from "./reference.ts";

interface Story {
  readonly plan: Plan;
  readonly ends: readonly End[];
  readonly choices: readonly number[];
}

const policies = fc.constantFrom(
  undefined,
  undefined,
  "fail-branch" as const,
  "continue" as const,
  "ignore" as const,
);
const joins = fc.constantFrom(undefined, undefined, "any" as const, "over" as const);
const kinds = fc.constantFrom("effect" as const, "effect" as const, "rollout" as const, "wait" as const);
const half = fc.boolean();

const drawn = fc.record({
  upstream: fc.array(fc.nat(11), { maxLength: 3 }),
  onFailure: policies,
  join: joins,
  kind: kinds,
  role: fc.constantFrom(undefined, undefined, undefined, "on-failure" as const, "finally" as const),
  conditional: half,
  skippable: half,
  onCancel: half,
  undoes: half,
  clears: fc.option(fc.array(fc.nat(11), { minLength: 1, maxLength: 2 }), { nil: undefined }),
  timeoutMs: fc.option(fc.constantFrom(1000, 7_200_000), { nil: undefined }),
});
type Drawn = typeof drawn extends fc.Arbitrary<infer T> ? T : never;

/** Edges lead back, and stay within one course. */
function planned(all: readonly Drawn[], index: number): PlannedStage {
  const { upstream, clears, role, onFailure, join, kind, timeoutMs, ...flags } = all[index]!;
  const before = (numbers: readonly number[], of: Drawn["role"]): readonly string[] => [
    ...new Set(
      numbers
        .map((n) => n % Math.max(1, index))
        .filter((n) => n < index && all[n]?.role === of)
        .map((n) => `s${n}`),
    ),
  ];
  const cleared = before(clears ?? [], undefined);
  return {
    name: `s${index}`,
    type: "code",
    kind: role === "on-failure" && kind === "wait" ? "effect" : kind,
    after: before(upstream, role),
    ...(onFailure && { onFailure }),
    ...(join && { join }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(flags.conditional && { conditional: true as const }),
    ...(flags.skippable && { skippable: true as const }),
    ...(role && { role }),
    ...(role === "on-failure" && flags.onCancel && { onCancel: true as const }),
    ...(role === "on-failure" && flags.undoes && { undoes: true as const }),
    ...(role === "on-failure" && cleared.length > 0 && { clears: cleared }),
  };
}

const stories: fc.Arbitrary<Story> = fc
  .tuple(
    fc.array(drawn, { minLength: 1, maxLength: 12 }),
    fc.array(
      fc.constantFrom<End>(
        "succeeds",
        "succeeds",
        "succeeds",
        "fails",
        "fails, undone",
        "is not needed",
        "never ends",
      ),
      {
        minLength: 24,
        maxLength: 24,
      },
    ),
    fc.array(fc.nat(10_000), { maxLength: 60 }),
    fc.option(fc.constantFrom(500, 5_000_000), { nil: undefined }),
  )
  .map(([all, ends, choices, timeoutMs]) => ({
    plan: {
      pipeline: "any",
      stages: all.map((_, index) => planned(all, index)),
      ...(timeoutMs !== undefined && { timeoutMs }),
    },
    ends,
    choices,
  }));

type Move = () => void;

/** One telling of a story: what can happen next, chosen by numbers, then by what brings the run to its end. */
class Telling {
  readonly play: Play;
  readonly #story: Story;
  #retries = 0;
  #ended = 0;

  constructor(story: Story) {
    this.#story = story;
    this.play = new Play(story.plan);
  }

  tell(): void {
    for (const choice of this.#story.choices) pick(this.#moves(choice % 8), choice >> 3)?.();
    for (let steps = 0; this.play.state.outcome === undefined; steps += 1) {
      if (steps > 500) throw new Error(`the run never ends: ${JSON.stringify(this.play.statuses())}`);
      const { pausedAt } = this.play.state;
      const next = pausedAt === undefined ? (this.#work()[0] ?? this.#time()[0]) : this.#resume();
      if (!next) throw new Error(`nothing can happen any more: ${JSON.stringify(this.play.statuses())}`);
      next();
    }
  }

  #moves(kind: number): readonly Move[] {
    if (kind === 5) return [() => this.#crash()];
    if (kind === 6) return this.#acts();
    if (kind === 7) return this.#time();
    return this.#work();
  }

  #work(): readonly Move[] {
    const { play } = this;
    return play.issued.flatMap((name) => {
      const stage = play.state.plan.stages.find((each) => each.name === name)!;
      if (play.state.stages[name]?.status === "pending")
        return play.state.pausedAt === undefined ? [() => this.#begin(stage)] : [];
      return [() => this.#end(stage)];
    });
  }

  #begin(stage: PlannedStage): void {
    if (stage.conditional && this.#nextEnd() === "is not needed") this.play.end(stage.name, "is not needed");
    else this.play.start(stage.name);
  }

  #end(stage: PlannedStage): void {
    const how = this.#nextEnd();
    const { cancel } = this.play.state;
    if (cancel && stage.role === undefined && how !== "succeeds") this.play.end(stage.name, "is stopped");
    // What never ends must be ended by its time.
    else if (how === "is not needed" || (how === "never ends" && stage.timeoutMs === undefined))
      this.play.end(stage.name, "succeeds");
    else if (how === "never ends") this.#time()[0]?.();
    else this.play.end(stage.name, how);
  }

  #nextEnd(): End {
    const { ends } = this.#story;
    this.#ended += 1;
    return ends[this.#ended % ends.length]!;
  }

  #time(): readonly Move[] {
    return this.play.wakeAt === null ? [] : [() => this.play.wake()];
  }

  #resume(): Move {
    return () => this.play.tell({ type: "run-resumed", at: this.play.at });
  }

  #acts(): readonly Move[] {
    const { play } = this;
    const { state, at } = play;
    const say =
      (event: NewEvent): Move =>
      () =>
        play.tell(event);
    if (state.outcome !== undefined) return this.#retriesFrom();
    return [
      say({ type: "run-cancel-requested", at, mode: "graceful" }),
      say({ type: "run-cancel-requested", at, mode: "forced" }),
      state.pausedAt === undefined ? say({ type: "run-paused", at }) : this.#resume(),
      ...state.plan.stages
        .filter(({ name, skippable }) => skippable && !isOver(state.stages[name]!))
        .map(({ name }) => say({ type: "stage-bypassed", at, stage: name, by: "operator", reason: "known" })),
      ...this.#retriesFrom(),
    ];
  }

  #retriesFrom(): readonly Move[] {
    const { play } = this;
    if (this.#retries >= 3) return [];
    return play.state.plan.stages.flatMap(({ name }) => {
      const plan = planRetry(play.state, name);
      if ("refusal" in plan || plan.stages.length === 0) return [];
      return [
        () => {
          this.#retries += 1;
          play.tell({ type: "run-retried", at: play.at, from: name, stages: plan.stages });
        },
      ];
    });
  }

  // Whatever was under way is handed out anew; what still comes of it before counts for nothing.
  #crash(): void {
    const before = this.play.effects;
    this.play.crash();
    const { length } = this.play.log;
    for (const fence of before) {
      const late: NewEvent = { type: "stage-succeeded", at: this.play.at, stage: fence.id, output: "late" };
      expect(() => this.play.do({ fence, incoming: [late] })).toThrow(ConflictError);
    }
    expect(this.play.log).toHaveLength(length);
  }
}

function pick(moves: readonly Move[], choice: number): Move | undefined {
  return moves[choice % Math.max(1, moves.length)];
}

it("obeys the documented rules: any graph of up to twelve stages, any ends, acts and crashes", () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(stories, (story) => {
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
  fc.assert(
    fc.property(stories, (story) => {
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
