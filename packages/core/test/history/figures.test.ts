import * as fc from "fast-check";
import { expect, it } from "vitest";
import type { Deployment } from "../../src/machine/history/deployments.ts";
import { deploymentsIn } from "../../src/machine/history/deployments.ts";
import { durationsOf } from "../../src/machine/history/durations.ts";
import { figuresOf } from "../../src/machine/history/figures.ts";
import { spreadOf } from "../../src/machine/history/spread.ts";
import { timeline } from "../../src/machine/history/timeline.ts";
import { goldenRun } from "../fixtures/golden-runs.ts";

const DAY = 86_400_000;
const WEEK = { from: 0, to: 7 * DAY };

let runs = 0;
/** A rollout of an hour that ended at an instant. */
function rollout(finishedAt: number, fields: Partial<Deployment> = {}): Deployment {
  return {
    run: `r${++runs}`,
    stage: "prod",
    cluster: "p:a/l/shop-api",
    application: "shop",
    undo: false,
    startedAt: finishedAt - 3_600_000,
    finishedAt,
    outcome: "succeeded",
    ...fields,
  };
}

it("counts what ended well in the window, and how often a day", () => {
  const all = [
    rollout(-1),
    rollout(DAY),
    rollout(2 * DAY, { outcome: "failed" }),
    rollout(3 * DAY),
    rollout(7 * DAY),
  ];
  expect(figuresOf(all, WEEK)).toMatchObject({ deployments: 2, deploymentsPerDay: 2 / 7, changes: 3 });
});

it("says nothing of what is under way or was cancelled, and has no rate without changes", () => {
  const { outcome: _, finishedAt: __, ...open } = rollout(DAY);
  const figures = figuresOf([open, rollout(DAY, { outcome: "cancelled" })], WEEK);
  expect(figures).toEqual({
    deployments: 0,
    deploymentsPerDay: 0,
    changes: 0,
    failedChanges: 0,
    unrestored: 0,
  });
});

it("measures lead time from the commit, for those that say when it was", () => {
  const all = [
    rollout(DAY, { committedAt: 0 }),
    rollout(2 * DAY, { committedAt: DAY / 2 }),
    rollout(3 * DAY),
  ];
  expect(figuresOf(all, WEEK).leadTime).toEqual({ count: 2, p50: DAY, p90: 1.5 * DAY, max: 1.5 * DAY });
});

it("takes a rollback for a failed change that was restored from the turn to the end of the way back", () => {
  const all = [rollout(DAY), rollout(2 * DAY, { outcome: "rolled-back", turnedBackAt: 2 * DAY - 90_000 })];
  expect(figuresOf(all, WEEK)).toMatchObject({
    failedChanges: 1,
    changeFailureRate: 0.5,
    timeToRestore: { count: 1, max: 90_000 },
    unrestored: 0,
  });
});

it("takes a change that was undone next for a failed one, restored by the undo", () => {
  const undo = rollout(2 * DAY, { undo: true, startedAt: 2 * DAY - 5000 });
  const figures = figuresOf([rollout(DAY), undo, rollout(3 * DAY)], WEEK);
  expect(figures).toMatchObject({
    deployments: 2,
    changes: 2,
    failedChanges: 1,
    timeToRestore: { count: 1, max: 5000 },
  });
});

it("knows of an undo after the window, but not of one of another cluster, nor of one that failed", () => {
  const change = rollout(6 * DAY);
  expect(figuresOf([change, rollout(8 * DAY, { undo: true })], WEEK).failedChanges).toBe(1);
  expect(figuresOf([change, rollout(8 * DAY, { undo: true, cluster: "other" })], WEEK).failedChanges).toBe(0);
  expect(figuresOf([change, rollout(8 * DAY, { undo: true, outcome: "failed" })], WEEK).failedChanges).toBe(
    0,
  );
});

it("restores a failure by its healing, or by the next rollout of its cluster that ended well", () => {
  const failed = rollout(DAY, { outcome: "failed" });
  expect(figuresOf([failed], WEEK)).toMatchObject({ failedChanges: 1, unrestored: 1 });
  expect(figuresOf([failed], WEEK)).not.toHaveProperty("timeToRestore");
  expect(figuresOf([{ ...failed, healedAt: DAY + 10 }], WEEK).timeToRestore?.max).toBe(10);
  const later = [rollout(2 * DAY, { outcome: "failed" }), rollout(3 * DAY), rollout(4 * DAY)];
  expect(figuresOf([failed, ...later], WEEK).timeToRestore).toEqual({
    count: 2,
    p50: DAY,
    p90: 2 * DAY,
    max: 2 * DAY,
  });
});

it("finds the rollouts of a run in its events", () => {
  expect(deploymentsIn(goldenRun("rolled-back").events, 7)).toEqual([
    expect.objectContaining({
      run: "rolled-back",
      stage: "prod",
      application: "shop",
      undo: false,
      outcome: "rolled-back",
      committedAt: 7,
      turnedBackAt: expect.any(Number),
    }),
  ]);
});

it("tells how long runs and stages took, how long they waited, and how they ended", () => {
  const names = ["succeeded", "rolled-back", "cancelled"] as const;
  const times = names.map((name) => timeline(goldenRun(name).events));
  const under = timeline(goldenRun("succeeded").events.slice(0, 5));
  const [release, ...others] = durationsOf([...times, under]);
  expect(others).toEqual([]);
  expect(release).toMatchObject({
    pipeline: "release",
    outcomes: { succeeded: 1, "rolled-back": 1, cancelled: 1, failed: 0 },
    duration: { count: 3, max: 767_406 },
  });
  expect(release?.stages.map(({ stage }) => stage)).toEqual([
    "settle",
    "smoke",
    "cut over?",
    "prod",
    "verify",
  ]);
  expect(release?.stages[1]).toEqual({
    stage: "smoke",
    duration: { count: 3, p50: 5000, p90: 5000, max: 5000 },
    waited: { count: 3, p50: 5000, p90: 5000, max: 5000 },
    retries: 3,
  });
});

it("has percentiles that occurred, in order, whatever the values", () => {
  expect(spreadOf([])).toBeUndefined();
  expect(spreadOf([10, 1, 2, 3, 4, 5, 6, 7, 8, 9])).toEqual({ count: 10, p50: 5, p90: 9, max: 10 });
  fc.assert(
    fc.property(fc.array(fc.nat(), { minLength: 1 }), (values) => {
      const { count, p50, p90, max } = spreadOf(values)!;
      expect([count, values.includes(p50), values.includes(p90), max]).toEqual([
        values.length,
        true,
        true,
        Math.max(...values),
      ]);
      expect(p50 <= p90 && p90 <= max).toBe(true);
      expect(values.filter((value) => value <= p50).length * 2).toBeGreaterThanOrEqual(values.length);
    }),
  );
});

it("has figures that add up, whatever was deployed", () => {
  const outcome = fc.constantFrom("succeeded", "rolled-back", "failed", "cancelled" as const);
  const any = fc.record({
    at: fc.nat(8 * DAY),
    outcome,
    undo: fc.boolean(),
    cluster: fc.constantFrom("a", "b"),
  });
  fc.assert(
    fc.property(fc.array(any), (all) => {
      const figures = figuresOf(
        all.map(({ at, ...fields }) => rollout(at, fields as Partial<Deployment>)),
        WEEK,
      );
      const { deployments, changes, failedChanges, unrestored, timeToRestore, changeFailureRate } = figures;
      expect(deployments).toBeLessThanOrEqual(changes);
      expect(failedChanges).toBeLessThanOrEqual(changes);
      expect(failedChanges).toBeGreaterThanOrEqual(changes - deployments);
      expect(unrestored + (timeToRestore?.count ?? 0)).toBe(failedChanges);
      expect(changeFailureRate).toBe(changes === 0 ? undefined : failedChanges / changes);
    }),
  );
});
