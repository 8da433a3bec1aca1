import { type CheckContext, defineCheck, defineStage, stageGate, type Strategy } from "@gennaker/core";
import { describe, expect, it } from "vitest";
import {
  canary,
  type Gates,
  highlander,
  redBlack,
  type RedBlackOptions,
  rolling,
  rollingRedBlack,
} from "../src/index.ts";
import { EMPTY, serving } from "./situations.ts";

const errors = defineCheck({
  name: "error-rate",
  run: async (_: CheckContext<{ most: number }>) => ({ verdict: "pass" }),
});
const smoke = defineStage({ type: "smoke", run: async () => null });

const names = (strategy: Strategy): readonly string[] =>
  strategy.rollout(serving(4)).phases.map(({ name }) => name);
const gatesOf = (strategy: Strategy): readonly unknown[] =>
  strategy.rollout(serving(4)).phases.flatMap(({ gate }) => (gate ? [gate] : []));

const ROW: Gates = [{ check: errors }, stageGate(smoke, null), { roles: ["qa"] }, "until-promoted"];

it("asks and measures in a row before the cut-over, and after the soak", () => {
  const own = ["stage smoke", "approve", "promote"];
  for (const strategy of [redBlack, highlander])
    expect(names(strategy({ gate: ROW, soak: "1m", postPromotion: ROW })).slice(0, -1)).toEqual([
      "launch",
      "check error-rate",
      ...own.map((name) => `check error-rate, ${name}`),
      "shift",
      "soak",
      "verify",
      ...own.map((name) => `verify, ${name}`),
    ]);
});

it("holds a canary's step once, however many gates it has", () => {
  const { phases } = canary({ steps: [{ weight: 25, hold: "5m", gate: ROW }] }).rollout(serving(4));
  expect(phases.slice(0, 4).map(({ name, holdMs }) => `${name} ${holdMs ?? 0}`)).toEqual([
    "canary 25 % 300000",
    "canary 25 %, stage smoke 0",
    "canary 25 %, approve 0",
    "canary 25 %, promote 0",
  ]);
});

it("measures in each step of a rolling red/black", () => {
  expect(names(rollingRedBlack({ percentages: [50], validate: { check: errors } }))).toEqual([
    "grow 50 %",
    "validate 50 %",
    "shift 50 %",
    "grow 100 %",
    "validate 100 %",
    "shift 100 %",
    "retire",
  ]);
});

it("names gates of one kind apart", () => {
  const twice = redBlack({ gate: [{ roles: ["qa"] }, { roles: ["ops"] }, { roles: ["boss"] }] });
  expect(names(twice).slice(1, 4)).toEqual(["approve", "approve, approve", "approve, approve 2"]);
});

it("says what a gate is in milliseconds", () => {
  const check = {
    check: errors,
    input: { most: 1 },
    delay: "10s",
    every: "1m",
    times: 5,
    failureLimit: 1,
    inconclusiveLimit: 2,
    errorLimit: 0,
    onError: "fail",
    timeout: "30s",
  } as const;
  const silence = { roles: ["qa"], timeout: "2h", onTimeout: "pass" } as const;
  expect(gatesOf(redBlack({ gate: [check, silence, { atLatest: "1h" }] }))).toEqual([
    {
      kind: "check",
      check: "error-rate",
      input: { most: 1 },
      delayMs: 10_000,
      everyMs: 60_000,
      times: 5,
      failureLimit: 1,
      inconclusiveLimit: 2,
      errorLimit: 0,
      onError: "fail",
      timeoutMs: 30_000,
    },
    { kind: "judgement", roles: ["qa"], timeoutMs: 7_200_000, onTimeout: "pass" },
    { kind: "promotion", afterMs: 3_600_000 },
  ]);
});

describe("a check beside the phases", () => {
  const analysis = [
    { check: errors, every: "30s" },
    { check: "load", from: "start" },
  ] as const;

  it.each<[string, Strategy]>([
    ["red/black", redBlack({ analysis })],
    ["highlander", highlander({ analysis })],
    ["rolling", rolling({ analysis })],
    ["rolling red/black", rollingRedBlack({ analysis })],
    ["canary", canary({ steps: [25], analysis })],
  ])("is measured in %s, but not where nothing serves yet", (_, strategy) => {
    expect(strategy.rollout(serving(4)).background).toEqual([
      { check: "error-rate", everyMs: 30_000 },
      { check: "load", everyMs: 60_000, from: "start" },
    ]);
    expect(strategy.rollout(EMPTY).background).toBeUndefined();
  });
});

describe("what is recorded of checks", () => {
  const strategy = redBlack({
    gate: [{ check: errors }, stageGate(smoke, null)],
    analysis: { check: "load" },
  });

  it("is their names; the code is the strategy's own", () => {
    expect(strategy.options).toEqual({
      gate: [{ check: "error-rate" }, { check: "stage smoke", errorLimit: 0, onError: "fail" }],
      analysis: { check: "load" },
    });
    expect(strategy.checks?.map(({ name }) => name)).toEqual(["error-rate", "stage smoke"]);
  });

  it("cannot be told apart when two of them have one name", () => {
    const other = defineCheck({ name: "error-rate", run: () => ({ verdict: "fail" }) });
    expect(() => redBlack({ gate: { check: errors }, analysis: { check: other } })).toThrow(
      'two checks are called "error-rate": a log could not tell which one is meant (rename one)',
    );
    const twice = [stageGate(smoke, null), stageGate(smoke, null)];
    expect(redBlack({ gate: twice }).checks?.map(({ name }) => name)).toEqual(["stage smoke"]);
  });

  it("makes the same strategy again", () => {
    const again = redBlack(strategy.options as RedBlackOptions);
    expect(again.options).toEqual(strategy.options);
    expect(again.rollout(serving(4))).toEqual(strategy.rollout(serving(4)));
    expect(again.checks).toBeUndefined();
  });
});

it("refuses wrong gates and checks, all at once, and says what to write", () => {
  const wrong = {
    gate: [{ check: errors, times: 3 }, { check: "" }, "sometimes", { atLatest: "0s" }],
    postPromotion: { roles: ["qa"], onTimeout: "pass" },
    analysis: { check: errors, times: 2, every: "0s", every_: 1 },
  };
  expect(() => redBlack(wrong as unknown as RedBlackOptions)).toThrow(
    [
      "red-black has 3 problems",
      '  gate: [0]: every: is needed where there are 3 measurements (write every: "1m"); [1]: check: is needed (write the check that defineCheck made, or its name); [2]: "sometimes" is not a gate (write { roles: ["qa"] }, { check: errorRate } or "until-promoted"); [3]: atLatest: "0s" leaves no time (write "10m")',
      '  postPromotion: onTimeout: there is no timeout (write timeout: "2h" as well)',
      "  analysis: every_: is not an option (there are check, input, delay, every, times, failureLimit, inconclusiveLimit, errorLimit, onError, timeout)",
    ].join("\n"),
  );
  expect(() => redBlack({ analysis: { check: errors, every: "0s" } })).toThrow(
    'analysis: every: 0 ms would measure without a break (write every: "1m")',
  );
});
