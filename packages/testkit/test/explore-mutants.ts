// Broken frames, drivers and worlds: one rule taken away in each.
import type { Strategy } from "@gennaker/core";
import { RULES, type Rules, type Sight, type StepRule } from "@gennaker/core/machine";
import { canary, redBlack } from "@gennaker/strategies";
import type { Property } from "../src/explore/properties.ts";
import type { ExploreOptions } from "../src/explore/options.ts";

/** A frame without one of its rules, and a small world that must miss it. */
export interface Mutant {
  readonly without: string;
  /** What the explorer must report, and does not report with the rule; `"window"`: a window that was closed. */
  readonly breaks: Property | "window";
  readonly rules?: Partial<Rules>;
  readonly strategy?: Strategy;
  readonly options?: ExploreOptions;
}

const soaking = redBlack({ soak: "10s" });
const approving = redBlack({ gate: { roles: ["qa"], timeout: "1h" } });

const HOUR = "1h";
/** A check decides before the cut-over. */
const checking = redBlack({ gate: { check: "smoke" } });
/** A check decides that is measured twice. */
const rechecking = redBlack({ gate: { check: "smoke", times: 2, every: "10s" } });
/** A check is measured beside the phases. */
const watched = redBlack({ soak: "10s", analysis: { check: "errors", every: HOUR } });
/** The same, with nothing that takes time. */
const hurried = redBlack({ analysis: { check: "errors", every: HOUR } });
/** Whoever says nothing says yes. */
const silent = redBlack({ gate: { roles: ["qa"], timeout: HOUR, onTimeout: "pass" } });
/** Promoted by somebody, or by itself. */
const patient = redBlack({ gate: { atLatest: HOUR } });

/** Stable stays warm when all is done. */
const warm = redBlack({ scaleDownDelay: "20s" });

/** A strategy that asks for what must not be: stable without instances while it still has the traffic. */
const reckless: Strategy = {
  ...soaking,
  name: "reckless",
  rollout: () => ({
    minHealthy: 100,
    onRollback: "destroy",
    phases: [
      { name: "all at once", want: { candidate: 100, stable: 0 }, deadlineMs: 600_000, after: "back" },
    ],
  }),
};

/** A canary with a group of stable's release beside it. */
const comparing = canary({ steps: [{ weight: 25, hold: "10s" }], baseline: true });

const share = (candidate: number): { readonly stable: number; readonly candidate: number } => ({
  stable: 100 - candidate,
  candidate,
});

/** A strategy that gives the candidate its traffic in parts. */
const stepping: Strategy = {
  ...soaking,
  name: "in steps",
  modes: ["weighted", "proportional"],
  rollout: () => ({
    minHealthy: 100,
    onRollback: "destroy",
    phases: [
      {
        name: "a quarter",
        want: { candidate: 25, traffic: share(25) },
        holdMs: 10_000,
        deadlineMs: 600_000,
        after: "back",
      },
      { name: "half", want: { candidate: 50, traffic: share(50) }, deadlineMs: 600_000, after: "back" },
      { name: "all", want: { candidate: 100, traffic: share(100) }, deadlineMs: 600_000, after: "back" },
      {
        name: "retire",
        want: { candidate: 100, traffic: share(100), stable: 0 },
        deadlineMs: 600_000,
        after: "forward",
      },
    ],
  }),
};

/** A strategy that prunes before anything serves in the place of stable. */
const hasty: Strategy = {
  ...soaking,
  name: "hasty",
  rollout: () => ({
    minHealthy: 100,
    onRollback: "destroy",
    phases: [
      { name: "launch", want: { candidate: 100 }, deadlineMs: 600_000, after: "back" },
      { name: "prune", want: { others: { warm: 0, keep: 0 } }, deadlineMs: 600_000, after: "back" },
    ],
  }),
};

const past = { others: "idle" } as const;

function withoutTurn(name: string): Partial<Rules> {
  const turn = RULES.turn.filter((rule) => rule.name !== name);
  if (turn.length === RULES.turn.length) throw new Error(`no rule is called ${name}`);
  return { turn };
}

function withoutStep(name: string): Partial<Rules> {
  const order = RULES.order.filter((rule) => rule.name !== name);
  if (order.length === RULES.order.length) throw new Error(`no step is called ${name}`);
  return { order };
}

function withoutGuard(name: string): Partial<Rules> {
  const guards = RULES.guards.filter((rule) => rule.name !== name);
  if (guards.length === RULES.guards.length) throw new Error(`no guard is called ${name}`);
  return { guards };
}

const always = (): boolean => true;

// Makes whatever it makes of the release that is deployed.
function withoutRole(rule: StepRule): StepRule {
  return (sight) => {
    const step = rule(sight);
    if (!step || !("say" in step) || step.say.do !== "create-group") return step;
    const { role: _, ...say } = step.say;
    return { say };
  };
}

// As if there were no baseline.
const blind = (sight: Sight): Sight => ({ ...sight, baseline: undefined });

export const MUTANTS: readonly Mutant[] = [
  { without: "growStable", breaks: "S5", rules: withoutStep("growStable") },
  { without: "growCandidate", breaks: "S9", rules: withoutStep("growCandidate") },
  { without: "awaitHealth", breaks: "S9", rules: withoutStep("awaitHealth") },
  { without: "moveTraffic", breaks: "S9", rules: withoutStep("moveTraffic") },
  { without: "shrink", breaks: "S9", rules: withoutStep("shrink") },
  { without: "destroy", breaks: "S5", rules: withoutStep("destroy") },
  { without: "prune", breaks: "S9", rules: withoutStep("prune"), options: past },
  { without: "the order of steps", breaks: "L1", rules: { order: RULES.order.toReversed() } },
  {
    without: "the order of steps and the guards",
    breaks: "S2",
    rules: { order: RULES.order.toReversed(), guards: [] },
  },
  {
    without: "guardTraffic",
    breaks: "S2",
    rules: withoutGuard("guardTraffic"),
    options: { traffic: "proportional", others: "serving", size: 3 },
  },
  {
    without: "refusal",
    breaks: "L1",
    rules: { refusal: () => undefined },
    strategy: canary({ steps: [25] }),
    options: { traffic: "proportional", size: 1, faults: 2, maxStates: 60_000 },
  },
  { without: "guardShrink", breaks: "S3", rules: withoutGuard("guardShrink"), strategy: reckless },
  {
    without: "guardLast",
    breaks: "S16",
    rules: withoutGuard("guardLast"),
    strategy: hasty,
    options: { ...past, size: 1, faults: 2 },
  },
  {
    without: "growBaseline",
    breaks: "S9",
    rules: withoutStep("growBaseline"),
    strategy: comparing,
    options: { size: 1 },
  },
  {
    without: "growBaseline: whose release",
    breaks: "S20",
    rules: { order: RULES.order.map((rule) => (rule.name === "growBaseline" ? withoutRole(rule) : rule)) },
    strategy: comparing,
    options: { size: 1 },
  },
  {
    without: "awaitBaseline",
    breaks: "S9",
    rules: withoutStep("awaitBaseline"),
    strategy: comparing,
    options: { size: 1, traffic: "proportional" },
  },
  {
    without: "spareBaseline",
    breaks: "S21",
    rules: withoutStep("spareBaseline"),
    strategy: comparing,
    options: { size: 1 },
  },
  {
    without: "dropBaseline",
    breaks: "S4",
    rules: withoutStep("dropBaseline"),
    strategy: comparing,
    options: { size: 1 },
  },
  {
    without: "isRight: the baseline",
    breaks: "S4",
    rules: { isRight: (sight, step) => RULES.isRight(blind(sight), step) },
    strategy: comparing,
    options: { size: 1 },
  },
  {
    without: "home: the baseline",
    breaks: "L2",
    rules: { home: (sight) => RULES.home(blind(sight)) },
    strategy: comparing,
    options: {
      size: 1,
      faults: 4,
      menu: ["instance dies", "group never heals"],
      maxStates: 60_000,
    },
  },
  { without: "cancelled", breaks: "S17", rules: withoutTurn("cancelled") },
  { without: "candidateVanished", breaks: "S6", rules: withoutTurn("candidateVanished") },
  { without: "stableMissing", breaks: "S18", rules: withoutTurn("stableMissing") },
  { without: "candidateHopeless", breaks: "S6", rules: withoutTurn("candidateHopeless") },
  { without: "candidateSick", breaks: "S6", rules: withoutTurn("candidateSick") },
  { without: "commandFailed", breaks: "S17", rules: withoutTurn("commandFailed") },
  { without: "verdictAgainst", breaks: "S7", rules: withoutTurn("verdictAgainst"), strategy: approving },
  { without: "isLate", breaks: "L1", rules: { isLate: () => false } },
  { without: "conditionOf", breaks: "window", rules: { conditionOf: () => ({}) } },
  { without: "home", breaks: "L2", rules: { home: ({ state }) => state.planned.before?.traffic ?? {} } },
  { without: "isRight", breaks: "L2", rules: { isRight: always } },
  { without: "isClaimed", breaks: "S14", rules: { isClaimed: always } },
  { without: "isSettled", breaks: "S4", rules: { isSettled: always }, options: { faults: 0 } },
  { without: "isFresh", breaks: "S4", rules: { isFresh: always } },
  { without: "mayAdvance", breaks: "S11", rules: { mayAdvance: always } },
  { without: "mayStep", breaks: "S11", rules: { mayStep: always } },
  { without: "raise", breaks: "S8", rules: { raise: () => undefined } },
  { without: "raise, at the end", breaks: "S25", rules: { raise: () => undefined } },
  {
    without: "raise: no more than stable has",
    breaks: "S25",
    rules: {
      raise: (sight) => {
        const sizes = RULES.raise(sight);
        return sizes && { ...sizes, size: sizes.size + 1 };
      },
    },
  },
  { without: "isPassed", breaks: "S7", rules: { isPassed: always }, strategy: approving },
  {
    without: "forget: the hold",
    breaks: "S9",
    rules: { forget: (state) => ({ ...state, inFlight: undefined }) },
  },
  {
    without: "forget: the command under way",
    breaks: "L1",
    rules: { forget: (state) => ({ ...RULES.forget(state), inFlight: state.inFlight }) },
  },
  { without: "doubt", breaks: "S14", rules: { doubt: (state) => state } },
  {
    without: "tick: pauses",
    breaks: "S10",
    rules: {
      tick: (state, at) => ({
        ...RULES.tick({ ...state, paused: false, undecided: false }, at),
        paused: state.paused,
        undecided: state.undecided,
      }),
    },
  },
  { without: "isHeld", breaks: "S9", rules: { isHeld: always } },
  { without: "isHurried", breaks: "S24", rules: { isHurried: () => false }, strategy: warm },
  {
    without: "isHurried: only for whom somebody waits",
    breaks: "S9",
    rules: { isHurried: always },
  },
  { without: "isOwnVerdict", breaks: "S7", rules: { isOwnVerdict: always }, strategy: approving },
  {
    without: "backgroundAgainst",
    breaks: "S23",
    rules: withoutTurn("backgroundAgainst"),
    strategy: watched,
  },
  { without: "isMeasured", breaks: "S23", rules: { isMeasured: always }, strategy: hurried },
  { without: "mayMeasure", breaks: "S22", rules: { mayMeasure: always }, strategy: rechecking },
  { without: "isOwnMeasurement", breaks: "S7", rules: { isOwnMeasurement: always }, strategy: checking },
  { without: "verdictOf", breaks: "S7", rules: { verdictOf: () => "pass" }, strategy: checking },
  { without: "isConsent", breaks: "S7", rules: { isConsent: always }, strategy: approving },
  { without: "isOverdue", breaks: "S10", rules: { isOverdue: always }, strategy: patient },
  { without: "pauseAfter", breaks: "S15", rules: { pauseAfter: () => 0 } },
  { without: "fencing", breaks: "S4", options: { fencing: "none" } },
  { without: "the claim before the first look", breaks: "S4", options: { looksBeforeClaim: true } },
];

type Sample =
  | "soaking"
  | "approving"
  | "stepping"
  | "checking"
  | "watched"
  | "hurried"
  | "silent"
  | "patient";

export const STRATEGIES: { readonly [name in Sample]: Strategy } = {
  soaking,
  approving,
  stepping,
  checking,
  watched,
  hurried,
  silent,
  patient,
};
