import type { Situation } from "@gennaker/core";
import { expect, it } from "vitest";
import { redBlack, type RedBlackOptions } from "../src/index.ts";

const SITUATION: Situation = {
  stable: { name: "v002", desired: 3, healthy: 3, share: 100 },
  others: [{ name: "v001", desired: 0, healthy: 0, share: 0 }],
  size: 3,
  traffic: "switch",
};
const TRAFFIC = { candidate: 100 };

const phases = (options?: RedBlackOptions, situation = SITUATION) =>
  redBlack(options).rollout(situation).phases;

it("launches beside stable, moves all traffic, then retires stable and keeps it for an undo", () => {
  expect(phases()).toEqual([
    { name: "launch", want: { candidate: 100 }, deadlineMs: 600_000, after: "back" },
    { name: "shift", want: { candidate: 100, traffic: TRAFFIC }, deadlineMs: 600_000, after: "back" },
    {
      name: "retire",
      want: { candidate: 100, traffic: TRAFFIC, stable: 0, others: { warm: 0, keep: 1 } },
      deadlineMs: 600_000,
      after: "forward",
    },
  ]);
});

it("asks before the cut-over, soaks after it, and can wait before it scales down", () => {
  const gate = { roles: ["qa"], instructions: "look at the dashboard", timeout: "2h" } as const;
  const all = phases({ gate, soak: "10m", scaleDownDelay: "1h", deadline: "5m" });
  expect(all.map(({ name, after }) => `${name} ${after}`)).toEqual([
    "launch back",
    "approve back",
    "shift back",
    "soak back",
    "warm forward",
    "retire forward",
  ]);
  expect(all[1]?.gate).toEqual({
    kind: "judgement",
    roles: ["qa"],
    instructions: "look at the dashboard",
    timeoutMs: 7_200_000,
  });
  expect([all[3]?.holdMs, all[4]?.holdMs, all[5]?.deadlineMs]).toEqual([600_000, 3_600_000, 300_000]);
});

it.each<[RedBlackOptions, object]>([
  [{ keep: 0 }, { stable: "gone", others: { warm: 0, keep: 0 } }],
  [{ keep: 1 }, { stable: 0, others: { warm: 0, keep: 0 } }],
  [{ keepWarm: 1 }, { others: { warm: 0, keep: 1 } }],
  [{ keepWarm: 2, keep: 3 }, { others: { warm: 1, keep: 2 } }],
])("with %j leaves of the past: %j", (options, past) => {
  expect(phases(options).at(-1)?.want).toEqual({ candidate: 100, traffic: TRAFFIC, ...past });
});

it("has nothing to retire at a first deploy", () => {
  const first: Situation = { others: [], size: 1, traffic: "weighted" };
  expect(phases({}, first).map(({ name }) => name)).toEqual(["launch", "shift"]);
});

it("names neither stable's size nor its end where only older groups are left", () => {
  const { stable: _, ...rest } = SITUATION;
  expect(phases({}, rest).at(-1)?.want).toEqual({
    candidate: 100,
    traffic: TRAFFIC,
    others: { warm: 0, keep: 2 },
  });
});

it("can be made again from what is recorded of it", () => {
  const made = redBlack({ soak: "10m", keepWarm: 1, size: { match: true, atLeast: 2 } });
  const recorded = JSON.parse(JSON.stringify(made.options)) as RedBlackOptions;
  expect(redBlack.strategy).toBe(made.name);
  expect(redBlack(recorded).rollout(SITUATION)).toEqual(made.rollout(SITUATION));
  expect(redBlack(recorded)).toMatchObject({ version: 1, size: { match: true, atLeast: 2 } });
});

it("refuses wrong options, all at once, and says what to write", () => {
  const wrong = {
    size: 0,
    minHealthy: 0,
    soak: "2 hours",
    scaleDownDelay: -1,
    keepWarm: 3,
    keep: 1.5,
    deadline: "0s",
    onRollback: "leave",
    gate: { roles: [] },
    soack: "1m",
  };
  expect(() => redBlack(wrong as unknown as RedBlackOptions)).toThrow(
    [
      "red-black has 10 problems",
      'size: 0 is not a size (write "match", 3 or { match: true, atLeast: 3 })',
      "minHealthy: 0 is not 1 to 100 (write 100 for all instances)",
      'soak: "2 hours" is not a duration (write "90s", "10m" or "2h")',
      'scaleDownDelay: -1 is not a duration (write "90s", "10m" or "2h")',
      "keep: 1.5 is not a whole number, 0 or more (write 2)",
      'deadline: "0s" leaves no time (write "10m")',
      'onRollback: "leave" is unknown (write "destroy" or "keep")',
      'gate: at least one role is needed (write { roles: ["qa"] })',
      "soack: is not an option (there are size, minHealthy, soak, gate, postPromotion, analysis, deadline, onRollback, scaleDownDelay, keepWarm, keep)",
      "keepWarm: 3 is more than keep, 1.5 (write keep: 3 as well)",
    ].join("\n  "),
  );
});
