import { ConflictError, InvariantError } from "../../errors.ts";
import type { Effect, IssuedEffect, LoadedRun, PermitRequest, RunStatus, Write } from "../../ports/engine.ts";
import type { NewEvent } from "../events.ts";
import { awaitsAdmission, isAdmitted, permitOfRun } from "./admission.ts";
import { nextWake } from "./clocks.ts";
import { decideRun } from "./decide.ts";
import { beginRun, evolveRun, type Fact } from "./evolve.ts";
import { permitsToRelease } from "./permit.ts";
import { isOver, type RunState } from "./state.ts";

/** What somebody wants to happen to a run. */
export interface Change {
  /** Facts to append first; or a function of the state as it is inside the transaction. */
  readonly incoming?: readonly NewEvent[] | ((state: RunState) => readonly NewEvent[]);
  /** The change counts only while this effect is still handed out under this lease. */
  readonly fence?: IssuedEffect;
  /** Hands the fenced effect out again, as its next attempt. */
  readonly retry?: Effect;
  /** The fenced effect is over, even if its stage is not; or a function of the state as it was before. */
  readonly settle?: boolean | ((state: RunState) => boolean);
  readonly request?: readonly PermitRequest[];
}

// One decision leads to the next at most so often: a run has a bounded number of stages, and each makes few steps at once.
const ROUNDS_MAX = 10_000;
const NONE: readonly never[] = [];

/**
 * The one transactional routine, as a pure function: fence, append what came in, decide to a fixed point, and say all
 * that follows as one write. Every change of every run on every engine goes through here.
 *
 * @throws ConflictError when the fence is lost: somebody else's result counts
 */
export function advance(
  state: RunState,
  effects: readonly IssuedEffect[],
  change: Change,
  now: number,
): { readonly write: Write; readonly state: RunState } {
  checkFence(effects, change.fence);
  const incoming = typeof change.incoming === "function" ? change.incoming(state) : (change.incoming ?? []);
  const { events, issue, state: next } = settleDown(incoming.reduce(evolveRun, state), incoming, now);
  const release = permitsToRelease(state, next);
  const settle = typeof change.settle === "function" ? change.settle(state) : change.settle === true;
  const ended = settle ? change.fence?.id : undefined;
  const withdrawn = withdrawnBy(incoming, effects, next);
  const request = [...(change.request ?? []), ...permitAgain(state, next)];
  return {
    state: next,
    write: {
      events,
      issue: [...issuable(issue, effects, withdrawn), ...(change.retry ? [change.retry] : [])],
      settle: effects
        .filter((effect) => withdrawn.includes(effect.id) || isSettled(effect, next, ended))
        .map((effect) => effect.id),
      wakeAt: wakeOf(next),
      status: statusOf(next),
      ...(request.length > 0 && { request }),
      ...(release.length > 0 && { release }),
    },
  };
}

/** The first write of a run. */
export function begin(
  run: string,
  started: NewEvent<"run-started">,
  now: number,
): { readonly write: Write; readonly state: RunState } {
  const { events, issue, state } = settleDown(beginRun(run, started), [started], now);
  const { admission } = started;
  const request = admission && state.outcome === undefined ? [permitOfRun(admission)] : undefined;
  return {
    state,
    write: { events, issue, wakeAt: wakeOf(state), status: statusOf(state), ...(request && { request }) },
  };
}

/** The state of a run as loaded, from what was known before and the events since. */
export function fold(known: RunState | undefined, { summary, events }: LoadedRun): RunState {
  let state = known;
  for (const event of events) state = state ? evolveRun(state, event) : foldFirst(summary.run, event);
  if (!state) throw new InvariantError(`run ${summary.run} has no events`);
  return state;
}

/** The state after all events of a log, the first one included. */
export function replay(run: string, events: readonly Fact[]): RunState {
  const [first, ...rest] = events;
  if (!first) throw new InvariantError(`run ${run} has no events`);
  return rest.reduce(evolveRun, foldFirst(run, first));
}

// A run that was over has given its place back: it asks anew, like one that is started.
function permitAgain(before: RunState, { admission, outcome }: RunState): readonly PermitRequest[] {
  return admission && before.outcome !== undefined && outcome === undefined ? [permitOfRun(admission)] : NONE;
}

function foldFirst(run: string, event: Fact): RunState {
  if (event.type !== "run-started")
    throw new InvariantError(`the log of run ${run} begins with ${event.type}, not with run-started`);
  return beginRun(run, event);
}

function checkFence(effects: readonly IssuedEffect[], fence: IssuedEffect | undefined): void {
  if (!fence) return;
  const current = effects.find((effect) => effect.id === fence.id);
  if (current?.lease !== fence.lease)
    throw new ConflictError(
      `stage ${JSON.stringify(fence.id)} of run ${fence.run}: attempt ${fence.attempt} is no longer the one that counts; its result was dropped`,
      { details: { run: fence.run, stage: fence.id, lease: fence.lease } },
    );
}

function settleDown(
  start: RunState,
  incoming: readonly NewEvent[],
  now: number,
): { readonly state: RunState; readonly events: readonly NewEvent[]; readonly issue: readonly Effect[] } {
  const events: NewEvent[] = [...incoming];
  let state = start;
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const decision = decideRun(state, now);
    if (decision.events.length === 0) return { state, events, issue: decision.issue };
    for (const event of decision.events) {
      events.push(event);
      state = evolveRun(state, event);
    }
  }
  throw new InvariantError(`run ${start.run} never comes to rest`);
}

function issuable(
  issue: readonly Effect[],
  effects: readonly IssuedEffect[],
  withdrawn: readonly string[],
): readonly Effect[] {
  if (effects.length === 0) return issue;
  return issue.filter(({ id }) => withdrawn.includes(id) || !effects.some((effect) => effect.id === id));
}

// After a retry, what still watched over a stage has no say any more, and what was about to begin must perhaps wait for
// more than before: all that has not begun is handed out when its turn comes, and not otherwise.
function withdrawnBy(
  incoming: readonly NewEvent[],
  effects: readonly IssuedEffect[],
  { stages }: RunState,
): readonly string[] {
  if (effects.length === 0 || !incoming.some(({ type }) => type === "run-retried")) return NONE;
  return effects.map(({ id }) => id).filter((id) => stages[id]?.status === "pending");
}

// A stage's effect is over when the stage is, unless its rollout goes on watching after a failure.
function isSettled(effect: IssuedEffect, { stages }: RunState, ended: string | undefined): boolean {
  if (effect.id === ended) return true;
  const stage = stages[effect.id];
  return !stage || (isOver(stage) && stage.rollout?.watching !== true);
}

/** Where a run stands, in one word. */
export function statusOf(state: RunState): RunStatus {
  if (state.outcome !== undefined) return state.outcome;
  if (state.parked !== undefined) return "parked";
  if (state.pausedAt !== undefined) return "paused";
  return isAdmitted(state) ? "running" : "queued";
}

// Until it is recorded where a run stands it is due at once, also after a crash.
function wakeOf(state: RunState): number | null {
  return awaitsAdmission(state) ? state.startedAt : nextWake(state);
}
