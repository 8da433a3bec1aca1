// The stories that `npm run simulate` tells: they hold, and all that pipelines can do comes to pass in them.
import { expect, it } from "vitest";
import { SCENARIOS } from "./simulate/scenarios.ts";

const MARKS: Readonly<Record<string, readonly string[]>> = {
  "whole graph": [
    "stage-bypassed",
    "stage-retried",
    "stage-timed-out",
    "run-retried",
    "run-paused",
    "run-cancel-requested",
    "judgement-expired",
    "undo succeeded",
    "deploy failed",
  ],
  "waves and lists": [
    "plan-expanded",
    "stage-run-started",
    "run-pipeline succeeded",
    "run-pipeline failed",
    "undo succeeded",
  ],
  "several approve": [
    "judgement-approved",
    "judgement-answered",
    "stage-held",
    "stage-released",
    "stage-windows-overridden",
    "run-queued",
    "run-admitted",
    "evaluate succeeded",
    "deploy succeeded",
  ],
  "newest wins": [
    "run-queued",
    "run-cancel-requested (superseded)",
    "run-finished (superseded)",
    "budget succeeded",
    "budget failed",
  ],
  "by hand": [
    "stage-queued",
    "precondition succeeded",
    "find-group succeeded",
    "resize-group succeeded",
    "resize-group failed",
    "shift-traffic succeeded",
    "enable-group succeeded",
    "disable-group succeeded",
    "destroy-group succeeded",
    "destroy-group failed",
  ],
};

it.for(Object.entries(MARKS))(
  "tells %s, and all of it comes to pass",
  { timeout: 120_000 },
  async ([name, marks]) => {
    const tell = SCENARIOS[name];
    const seen = new Set<string>();
    for (let seed = 1; seed <= 20; seed += 1) {
      const told = await tell?.(seed);
      expect({ seed, violations: told?.violations.map(({ message }) => message) }).toEqual({
        seed,
        violations: [],
      });
      for (const mark of told?.marks ?? []) seen.add(mark);
    }
    expect(marks.filter((mark) => !seen.has(mark))).toEqual([]);
  },
);
