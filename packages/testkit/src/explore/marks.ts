// Which branches were taken: "nothing was found" must not mean "nothing was tried".
import type { RolloutState, Rules } from "@gennaker/core/machine";
import type { ClusterState, CommandResult, NewEvent, RolloutCommand } from "@gennaker/core/ports";
import type { Move } from "./moves.ts";

const DOINGS = ["create-group", "scale-group", "set-traffic", "destroy-group"] as const;
const RESULTS = ["refused", "failed", "unknown"] as const;

// What events tell of; marks of rules are named after them.
const EVENTFUL = [
  "late: turned back",
  "late: past the point of no return",
  "late: on the way back",
  "lost: nothing to go back to",
  "lost: others serve in its place",
  "ended: succeeded",
  "ended: rolled-back",
  "ended: cancelled",
  "ended: stopped",
  "ended: watching",
  "healed",
  "drift",
  "size raised",
  "gate: inconclusive",
  "gate: expired",
] as const;

/** How many moves took each branch; a branch that none took counts 0. */
export type Coverage = Readonly<Record<string, number>>;

/** Rules that remember which of them applied. */
export interface MarkedRules {
  readonly rules: Rules;
  /** Marks since the last time that this was asked. */
  taken(): readonly string[];
}

/** Wraps the rules that say no, wait or back, so that each leaves a mark when it applies. */
export function markRules(rules: Rules): MarkedRules {
  let marks = new Set<string>();
  const noting =
    <Given extends readonly unknown[], Answer>(mark: string, rule: (...given: Given) => Answer) =>
    (...given: Given): Answer => {
      const answer = rule(...given);
      if (answer !== undefined && answer !== false) marks.add(mark);
      return answer;
    };
  return {
    rules: {
      ...rules,
      turn: rules.turn.map((rule) => noting(`turn: ${rule.name}`, rule)),
      guards: rules.guards.map((rule) => noting(`guard: ${rule.name}`, rule)),
      refusal: noting("refusal", rules.refusal),
      isLate: noting(LATE, rules.isLate),
      isHurried: noting(HURRIED, rules.isHurried),
    },
    taken: () => {
      const all = [...marks];
      marks = new Set();
      return all;
    },
  };
}

const LATE = "late";
const HURRIED = "hurried";

/** Every branch that there is under some rules. */
export function allMarks(rules: Rules): readonly string[] {
  return [
    ...rules.turn.map(({ name }) => `turn: ${name}`),
    ...EVENTFUL,
    ...rules.guards.map(({ name }) => `guard: ${name}`),
    "refusal",
    HURRIED,
    ...DOINGS.flatMap((doing) =>
      RESULTS.filter((result) => doing !== "create-group" || result !== "refused").map((result) =>
        markOf(doing, result),
      ),
    ),
  ];
}

/** The branches that a move took, from a state. */
export function marksOf(state: RolloutState, { events = [], marks = [], seen }: Move): readonly string[] {
  const late = marks.includes(LATE);
  return [
    ...marks.filter((mark) => mark !== LATE),
    ...events.flatMap((event) => eventMarks(event, state, seen, late)),
  ];
}

function eventMarks(
  event: NewEvent,
  state: RolloutState,
  seen: ClusterState | undefined,
  late: boolean,
): readonly string[] {
  switch (event.type) {
    case "rollout-turned-back":
      return late ? ["late: turned back"] : [];
    case "rollout-finished":
      return [...(event.watching ? ["ended: watching"] : []), endMark(event, state, seen, late)];
    case "rollout-command-settled":
      return settledMark(state, event.result);
    case "rollout-healed":
      return ["healed"];
    case "rollout-phase-lost":
      return ["drift"];
    case "rollout-size-raised":
      return ["size raised"];
    case "rollout-paused":
      return ["gate: inconclusive"];
    case "judgement-expired":
      return ["gate: expired"];
    default:
      return [];
  }
}

function settledMark({ inFlight }: RolloutState, result: CommandResult): readonly string[] {
  return inFlight && result !== "acknowledged" ? [markOf(inFlight.body.do, result)] : [];
}

function markOf(doing: RolloutCommand["do"], result: Exclude<CommandResult, "acknowledged">): string {
  return `${result}: ${doing}`;
}

function endMark(
  { outcome }: NewEvent<"rollout-finished">,
  { cancel, direction, planned }: RolloutState,
  seen: ClusterState | undefined,
  late: boolean,
): (typeof EVENTFUL)[number] {
  if (cancel?.mode === "forced") return "ended: stopped";
  if (outcome !== "failed") return `ended: ${outcome}`;
  if (late) return direction === "back" ? "late: on the way back" : "late: past the point of no return";
  const was = planned.before?.traffic ?? {};
  const others = seen?.groups.some(({ name, key }) => key !== planned.key && was[name] !== undefined);
  return others ? "lost: others serve in its place" : "lost: nothing to go back to";
}
