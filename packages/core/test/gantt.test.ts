import * as fc from "fast-check";
import { expect, it } from "vitest";
import { gantt } from "../src/engine/pictures/gantt.ts";
import { timeline, type Timeline } from "../src/machine/history/timeline.ts";
import { anyText } from "./fixtures/any-text.ts";
import { goldenRun } from "./fixtures/golden-runs.ts";
import { readSvg, type SvgElement } from "./fixtures/read-svg.ts";

const bars = (svg: string, look: string): readonly { x: number; to: number }[] =>
  readSvg(svg)
    .filter(({ name, attributes }) => name === "rect" && attributes["class"] === look)
    // The legend's own are all as wide.
    .filter(({ attributes }) => attributes["width"] !== "14")
    .map(({ attributes }) => ({
      x: Number(attributes["x"]),
      to: Number(attributes["x"]) + Number(attributes["width"]),
    }));

it("times each stage, its attempts, its waits and its phases", () => {
  const { stages, outcome, from, to } = timeline(goldenRun("succeeded").events);
  expect({ outcome, ms: to - from }).toEqual({ outcome: "succeeded", ms: 767_406 });
  const relative = stages.map(({ name, from: begin, to: end, status, attempts, waits, phases }) => ({
    name,
    status,
    ms: end - begin,
    attempts: attempts.map(({ failed, from: a, to: b }) => [failed, a - begin, b - begin]),
    waits: waits.map((wait) => [wait.for, wait.from - begin, wait.to - begin]),
    phases: phases.map((phase) => phase.name),
  }));
  expect(relative[1]).toEqual({
    name: "smoke",
    status: "succeeded",
    ms: 5000,
    attempts: [
      [true, 0, 0],
      [false, 5000, 5000],
    ],
    waits: [["retry", 0, 5000]],
    phases: [],
  });
  expect(relative[0]?.waits.map(([why]) => why)).toEqual(["time", "pause"]);
  expect(relative[2]?.waits).toEqual(expect.arrayContaining([["answer", 0, 85_000]]));
  expect(relative[3]?.phases).toEqual(["launch", "shift", "soak", "retire"]);
});

it("ends what is under way at the instant that was asked for", () => {
  const events = goldenRun("rolled-back").events.slice(0, 3);
  const later = (events.at(-1)?.at ?? 0) + 1234;
  const { to, outcome, stages } = timeline(events, later);
  expect({ to, outcome, stage: stages[0]?.to, status: stages[0]?.status }).toEqual({
    to: later,
    outcome: undefined,
    stage: later,
    status: "running",
  });
});

it("draws stages where they were in time, one after the other", () => {
  const svg = gantt(timeline(goldenRun("succeeded").events));
  const done = bars(svg, "bar succeeded");
  expect(done).toHaveLength(5);
  for (const [index, bar] of done.entries()) expect(bar.x).toBeGreaterThanOrEqual(done[index - 1]?.x ?? 0);
  expect(done[0]!.to - done[0]!.x).toBeGreaterThan(10 * (done[3]!.to - done[3]!.x));
});

it("shows every attempt, hatches what waited, and tells the way back from the way on", () => {
  const svg = gantt(timeline(goldenRun("rolled-back").events));
  expect(bars(svg, "bar failed")).toHaveLength(1);
  expect(bars(svg, "bar rolled-back")).toHaveLength(1);
  expect(bars(svg, "phase forward")).toHaveLength(1);
  expect(bars(svg, "phase back")).toHaveLength(2);
  expect(bars(svg, "wait").length).toBeGreaterThanOrEqual(3);
  expect(svg).toContain("2 tries");
  expect(svg).toContain("rolled back · 12 m");
});

it("draws whatever names and times there are inside its page, well formed", () => {
  const instants = fc
    .tuple(fc.nat(1e12), fc.nat(1e12))
    .map(([a, b]) => ({ from: Math.min(a, b), to: Math.max(a, b) }));
  const name = anyText(60);
  const stage = fc.record({
    name,
    type: name,
    span: instants,
    reachedAt: fc.nat(1e12),
    phases: fc.array(name, { maxLength: 4 }),
  });
  fc.assert(
    fc.property(name, instants, fc.array(stage, { maxLength: 4 }), (pipeline, whole, stages) => {
      const run: Timeline = {
        run: "r",
        pipeline,
        reason: pipeline,
        outcome: "failed",
        ...whole,
        stages: stages.map(({ span, phases, reachedAt, ...named }) => ({
          ...named,
          ...span,
          status: "failed",
          attempts: [{ attempt: 1, failed: true, ...span }],
          waits: [{ for: "pause", ...span }],
          phases: phases.map((phase) => ({ name: phase, direction: "back", reachedAt, ...span })),
        })),
      };
      const rects = readSvg(gantt(run)).filter(({ name: kind }) => kind === "rect");
      expect(rects.filter(({ attributes }) => !isInsidePage(attributes))).toEqual([]);
    }),
    { numRuns: 30 },
  );
});

function isInsidePage({ x = "0", width = "0" }: SvgElement["attributes"]): boolean {
  return Number(x) >= 0 && Number(x) + Number(width) <= 960;
}
