import type { CommandResult } from "../events.ts";
import { RULES, type Rules } from "./rules.ts";
import { need, sizeOf } from "./size.ts";
import { type Fact, isOver, phaseOf, type RolloutState } from "./state.ts";
import { ZERO } from "./stopwatch.ts";
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
    proved: 0,
    shares: planned.before?.traffic ?? {},
    direction: "forward",
    index: -1,
    met: false,
    metOnce: false,
    promoted: false,
    gate: undefined,
    asked: 0,
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
      return state.cancel?.mode === "forced" ? state : { ...state, cancel: cancelOf(event) };
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
      return { ...state, undecided: true, gate: undefined };
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

function cancelOf(event: Fact<"run-cancel-requested">): NonNullable<RolloutState["cancel"]> {
  return { mode: event.mode, reason: event.reason ?? `cancelled by ${event.actor ?? "an unnamed actor"}` };
}

function startPhase(state: RolloutState, event: Fact<"rollout-phase-started">): RolloutState {
  const fresh = {
    met: false,
    metOnce: false,
    promoted: false,
    gate: undefined,
    unmet: ZERO,
    held: ZERO,
    open: ZERO,
  };
  return { ...state, ...fresh, direction: event.direction, index: event.index };
}

// From here on the candidate is counted on with so many instances.
function reach(state: RolloutState): RolloutState {
  const { minHealthy } = state.planned.rollout;
  const wanted = phaseOf(state)?.want.candidate;
  const counted =
    state.direction === "forward" && typeof wanted === "number"
      ? need(sizeOf(state.size, wanted), minHealthy)
      : 0;
  if (state.met && counted <= state.proved) return state;
  const held = state.met ? state.held : ZERO;
  return { ...state, met: true, metOnce: true, held, proved: Math.max(state.proved, counted) };
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

function turn(state: RolloutState, { reason, cancelled }: Fact<"rollout-turned-back">): RolloutState {
  return {
    ...state,
    direction: "back",
    index: -1,
    met: false,
    metOnce: false,
    gate: undefined,
    undecided: false,
    failure: undefined,
    misses: 0,
    retryAt: 0,
    turned: { reason, cancelled },
  };
}
