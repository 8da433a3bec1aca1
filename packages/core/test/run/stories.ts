// Any run that there may be: a graph, how its stages end, and what happens to it.
import { type Arbitrary, array, boolean, constantFrom, nat, option, record, tuple } from "fast-check";
import type { Plan, PlannedStage } from "../../src/model/plan.ts";
import type { End } from "./play.ts";

/** A plan, how its stages end one after the other, and numbers by which is chosen what happens next. */
export interface Story {
  readonly plan: Plan;
  readonly ends: readonly End[];
  readonly choices: readonly number[];
}

const policies = constantFrom(
  undefined,
  undefined,
  "fail-branch" as const,
  "continue" as const,
  "ignore" as const,
);
const joins = constantFrom(undefined, undefined, "any" as const, "over" as const);
const kinds = constantFrom("effect" as const, "effect" as const, "rollout" as const, "wait" as const);
const half = boolean();

const drawn = record({
  upstream: array(nat(11), { maxLength: 3 }),
  onFailure: policies,
  join: joins,
  kind: kinds,
  role: constantFrom(undefined, undefined, undefined, "on-failure" as const, "finally" as const),
  conditional: half,
  skippable: half,
  onCancel: half,
  undoes: half,
  clears: option(array(nat(11), { minLength: 1, maxLength: 2 }), { nil: undefined }),
  timeoutMs: option(constantFrom(1000, 7_200_000), { nil: undefined }),
});
type Drawn = typeof drawn extends Arbitrary<infer T> ? T : never;

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

/** Graphs of up to twelve stages of every kind. */
export const stories: Arbitrary<Story> = tuple(
  array(drawn, { minLength: 1, maxLength: 12 }),
  array(
    constantFrom<End>(
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
  array(nat(10_000), { maxLength: 60 }),
  option(constantFrom(500, 5_000_000), { nil: undefined }),
).map(([all, ends, choices, timeoutMs]) => ({
  plan: {
    pipeline: "any",
    stages: all.map((_, index) => planned(all, index)),
    ...(timeoutMs !== undefined && { timeoutMs }),
  },
  ends,
  choices,
}));
