import type { Situation } from "@gennaker/core";
import { expect, it } from "vitest";
import { highlander, type HighlanderOptions } from "../src/index.ts";

const SITUATION: Situation = {
  stable: { name: "v002", desired: 3, healthy: 3, share: 100 },
  others: [{ name: "v001", desired: 0, healthy: 0, share: 0 }],
  size: 3,
  traffic: "weighted",
};

it("leaves nothing but the candidate, and nothing is destroyed before it has soaked", () => {
  const { phases } = highlander({ soak: "5m" }).rollout(SITUATION);
  expect(phases.map(({ name, after }) => `${name} ${after}`)).toEqual([
    "launch back",
    "shift back",
    "soak back",
    "destroy forward",
  ]);
  expect(phases.slice(0, 3).every(({ want }) => want.stable === undefined && want.others === undefined)).toBe(
    true,
  );
  expect(phases[3]?.want).toEqual({
    candidate: 100,
    traffic: { candidate: 100 },
    stable: "gone",
    others: { warm: 0, keep: 0 },
  });
});

it("has nothing to destroy at a first deploy", () => {
  const { phases } = highlander().rollout({ others: [], size: 1, traffic: "switch" });
  expect(phases.map(({ name }) => name)).toEqual(["launch", "shift"]);
});

it("can be made again from what is recorded of it", () => {
  const made = highlander({ gate: { roles: ["qa"] }, minHealthy: 80 });
  const recorded = JSON.parse(JSON.stringify(made.options)) as HighlanderOptions;
  expect(highlander.strategy).toBe(made.name);
  expect(highlander(recorded).rollout(SITUATION)).toEqual(made.rollout(SITUATION));
});

it("refuses options of other strategies", () => {
  const wrong = { keep: 2 } as HighlanderOptions;
  expect(() => highlander(wrong)).toThrow(
    "highlander has 1 problem\n  keep: is not an option (there are size, minHealthy, soak, gate, postPromotion, analysis, deadline, onRollback)",
  );
});
