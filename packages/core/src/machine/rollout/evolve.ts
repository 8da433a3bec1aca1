import type { WantedSize } from "../../model/phase.ts";
import type { CommandResult } from "../events.ts";
import { RULES, type Rules } from "./rules.ts";
import { need, sizeOf } from "./size.ts";
import { openCheckOf } from "./open-check.ts";
import {
  type Fact,
  isOver,
  type OpenBackground,
  type OpenGate,
  phaseOf,
  type RolloutState,
} from "./state.ts";
import { elapsed, ZERO } from "./stopwatch.ts";
import { count, openedAt } from "./tally.ts";
import { wayBack } from "./way-back.ts";

/** The state of a rollout that is planned and has done nothing yet. */
export function initialRollout(planned: Fact<"rollout-planned">): RolloutState {
  return {
    planned,
    wayBack: wayBack(planned),
    size: planned.size,
    stableSize: planned.before?.desired ?? 0,
    claimed: false,
    epoch: 0,
    said: 0,
    inFlight: undefined,
    candidate: planned.revives,
    baseline: undefined,
    baselineMade: false,
    baselineProved: 0,
    proved: 0,
    shares: planned.before?.traffic ?? {},
    direction: "forward",
    index: -1,
    met: false,
    metOnce: false,
    promoted: false,
    promotedFully: false,
    gate: undefined,
    asked: 0,
    background: [],
    preview: undefined,
    unmet: ZERO,
    held: ZERO,
    open: ZERO,
    paused: false,
    undecided: false,
    superseded: false,
    cancel: undefined,
    failure: undefined,
    misses: 0,
    retryAt: 0,
    turned: undefined,
    outcome: undefined,
    reason: undefined,
    watching: false,
  };
}

/**
 * The state after one more event. Total: an event that it does not know, that is another stage's, or that comes after
 * the end, changes nothing, and then the same object is returned.
 */
export function evolveRollout(state: RolloutState, event: Fact, rules: Rules = RULES): RolloutState {
  if (isOver(state)) return state;
  if ("stage" in event && event.stage !== state.planned.stage) return state;
  return rules.tick(apply(state, event, rules), event.at);
}

// One line for each event that teaches something.
function apply(state: RolloutState, event: Fact, rules: Rules): RolloutState {
  switch (event.type) {
    case "run-paused":
      return state.paused ? state : { ...state, paused: true };
    case "run-resumed":
      return state.paused || state.undecided ? { ...state, paused: false, undecided: false } : state;
    case "run-cancel-requested":
      return state.cancel?.mode === "forced" ? state : cancel(state, event);
    case "stage-superseded":
      return {
        ...state,
        superseded: true,
        cancel: state.cancel ?? { mode: "graceful", reason: event.reason },
      };
    case "rollout-claimed":
      return { ...rules.forget(state), claimed: true, epoch: event.epoch };
    case "rollout-candidate-found":
      return { ...state, candidate: event.group };
    case "rollout-baseline-found":
      return { ...state, baseline: event.group, baselineMade: true };
    case "rollout-baseline-gone":
      return state.baseline === event.group ? { ...state, baseline: undefined } : state;
    case "rollout-size-raised":
      return {
        ...state,
        size: Math.max(state.size, event.size),
        stableSize: Math.max(state.stableSize, event.stable),
      };
    case "traffic-shifted":
      return { ...state, shares: event.shares };
    case "rollout-phase-started":
      return startPhase(state, event);
    case "rollout-phase-reached":
      return inPhase(state, event.phase) ? reach(state) : state;
    case "rollout-phase-lost":
      return inPhase(state, event.phase) ? { ...state, met: false, held: ZERO } : state;
    case "rollout-phase-promoted":
      return inPhase(state, event.phase) && state.direction === "forward"
        ? { ...state, promoted: true }
        : state;
    case "rollout-promoted-fully":
      return state.direction === "forward"
        ? { ...state, promoted: true, promotedFully: true, background: [] }
        : state;
    case "rollout-preview-available":
      return { ...state, preview: { group: event.group, address: event.address } };
    case "check-opened":
      return openCheck(state, event);
    case "check-measured":
      return measure(state, event, rules);
    case "check-closed":
      return closeCheck(state, event);
    case "rollout-command-sent":
      return send(state, event);
    case "rollout-command-settled":
      return state.inFlight?.command === event.command ? settle(state, event, rules) : state;
    case "judgement-requested":
      return ask(state, event);
    case "judgement-answered":
      return answer(state, event.judgement, event.verdict, rules);
    case "judgement-expired":
      return answer(state, event.judgement, "expired", rules);
    case "rollout-paused":
      return { ...state, undecided: true, ...withoutUndecided(state) };
    case "rollout-turned-back":
      return turn(state, event);
    case "rollout-finished":
      return { ...state, outcome: event.outcome, reason: event.reason, watching: event.watching };
    case "rollout-healed":
      return { ...state, watching: false };
    default:
      return state;
  }
}

function inPhase(state: RolloutState, name: string): boolean {
  return phaseOf(state)?.name === name;
}

// By force it ends, or has no say any more where it has failed and only watches.
function cancel(state: RolloutState, event: Fact<"run-cancel-requested">): RolloutState {
  const watching = state.watching && event.mode !== "forced";
  return { ...state, cancel: cancelOf(event), watching };
}

function cancelOf(event: Fact<"run-cancel-requested">): NonNullable<RolloutState["cancel"]> {
  return { mode: event.mode, reason: event.reason ?? `cancelled by ${event.actor ?? "an unnamed actor"}` };
}

function startPhase(state: RolloutState, event: Fact<"rollout-phase-started">): RolloutState {
  const fresh = {
    met: false,
    metOnce: false,
    promoted: state.promotedFully && event.direction === "forward",
    gate: undefined,
    unmet: ZERO,
    held: ZERO,
    open: ZERO,
  };
  return { ...state, ...fresh, direction: event.direction, index: event.index };
}

// From here on the candidate and the baseline are counted on with so many instances.
function reach(state: RolloutState): RolloutState {
  const { candidate, baseline } = phaseOf(state)?.want ?? {};
  const counted = countedOn(state, candidate);
  const compared = countedOn(state, baseline);
  if (state.met && counted <= state.proved && compared <= state.baselineProved) return state;
  return {
    ...state,
    met: true,
    metOnce: true,
    held: state.met ? state.held : ZERO,
    proved: Math.max(state.proved, counted),
    baselineProved: Math.max(state.baselineProved, compared),
  };
}

function countedOn({ planned, size, direction }: RolloutState, wanted: WantedSize | undefined): number {
  return direction === "forward" && typeof wanted === "number"
    ? need(sizeOf(size, wanted), planned.rollout.minHealthy)
    : 0;
}

function send(state: RolloutState, { command, body }: Fact<"rollout-command-sent">): RolloutState {
  return { ...state, inFlight: { command, body }, said: state.said + 1 };
}

function settle(state: RolloutState, event: Fact<"rollout-command-settled">, rules: Rules): RolloutState {
  const { result, at } = event;
  const ended = { ...state, inFlight: undefined };
  if (result === "acknowledged") return { ...ended, failure: undefined, misses: 0, retryAt: 0 };
  const failure = result === "failed" ? failureOf(state, event) : state.failure;
  const misses = state.misses + 1;
  const missed = { ...ended, failure, misses, retryAt: at + rules.pauseAfter(patient(result, misses)) };
  return result === "unknown" ? rules.doubt(missed) : missed;
}

// Once is no pattern: a command that was refused is said again at once, as far as it is still right.
function patient(result: CommandResult, misses: number): number {
  return result === "failed" ? misses : misses - 1;
}

function failureOf(state: RolloutState, { error }: Fact<"rollout-command-settled">): string {
  return `${state.inFlight?.body.do} failed: ${error?.message ?? "no reason was given"}`;
}

// A question of a stage of its own has no phase; one of an older phase is no longer waited for.
function ask(state: RolloutState, { judgement, phase }: Fact<"judgement-requested">): RolloutState {
  if (phase === undefined || !inPhase(state, phase) || state.direction === "back") return state;
  return { ...state, gate: { judgement, verdict: undefined }, asked: state.asked + 1, open: ZERO };
}

function answer(
  state: RolloutState,
  judgement: string,
  verdict: NonNullable<RolloutState["gate"]>["verdict"],
  rules: Rules,
): RolloutState {
  return state.gate && rules.isOwnVerdict(state, judgement)
    ? { ...state, gate: { ...state.gate, verdict } }
    : state;
}

// One of an older phase is no longer waited for, nor is any on the way back.
function openCheck(state: RolloutState, event: Fact<"check-opened">): RolloutState {
  const { gate: judgement, phase, background } = event;
  if (state.direction === "back") return state;
  const opened = { judgement, verdict: undefined, tally: openedAt(event.at) };
  const asked = state.asked + 1;
  if (background !== undefined)
    return { ...state, asked, background: withBackground(state, background, { ...opened, open: ZERO }) };
  return phase !== undefined && inPhase(state, phase) ? { ...state, asked, gate: opened, open: ZERO } : state;
}

function measure(state: RolloutState, event: Fact<"check-measured">, rules: Rules): RolloutState {
  const { gate, measurement, at } = event;
  const open = openCheckOf(state, gate, rules.isOwnMeasurement, measurement);
  if (!open) return state;
  const measured = {
    ...open.check,
    tally: count(open.check.tally, event, elapsed(open.watch, at), open.spec),
  };
  return open.background === undefined
    ? { ...state, gate: measured }
    : { ...state, background: withBackground(state, open.background, { ...measured, open: open.watch }) };
}

function closeCheck(state: RolloutState, { gate, verdict, reason }: Fact<"check-closed">): RolloutState {
  const closed = { verdict, ...(reason !== undefined && { reason }) };
  if (state.gate?.judgement === gate) return { ...state, gate: { ...state.gate, ...closed } };
  const index = state.background.findIndex((check) => check?.judgement === gate);
  const check = state.background[index];
  return check ? { ...state, background: withBackground(state, index, { ...check, ...closed }) } : state;
}

function withBackground(
  state: RolloutState,
  index: number,
  check: OpenBackground,
): RolloutState["background"] {
  return (state.planned.rollout.background ?? []).map((_, at) =>
    at === index ? check : state.background[at],
  );
}

// What could not be decided is asked or measured afresh once the rollout goes on.
function withoutUndecided({ gate, background }: RolloutState): Pick<RolloutState, "gate" | "background"> {
  return { gate: decided(gate), background: background.map(decided) };
}

function decided<T extends OpenGate>(open: T | undefined): T | undefined {
  return open?.verdict === "inconclusive" ? undefined : open;
}

function turn(state: RolloutState, { reason, cancelled }: Fact<"rollout-turned-back">): RolloutState {
  return {
    ...state,
    direction: "back",
    index: -1,
    met: false,
    metOnce: false,
    gate: undefined,
    background: [],
    undecided: false,
    failure: undefined,
    misses: 0,
    retryAt: 0,
    turned: { reason, cancelled },
  };
}
