import type { ClusterState } from "../../model/cluster.ts";
import { InvariantError } from "../../errors.ts";
import type { Healthy, NewEvent, RolloutCommand } from "../events.ts";
import { evolveRollout } from "./evolve.ts";
import { nextFact } from "./facts.ts";
import { overdueMs, timeoutOf } from "./gate.ts";
import { dueMeasurements, type Measurement, measuringInstants } from "./measure.ts";
import { mayAct, RULES, type Rules } from "./rules.ts";
import { look, type Sight } from "./sight.ts";
import { isOver, type RolloutState } from "./state.ts";
import { instantOf } from "./stopwatch.ts";
import type { Step } from "./want.ts";
import { workOf } from "./work.ts";

/** What a rollout looks at when it decides. */
export interface RolloutInput {
  /** The cluster, observed after the claim and after the last command was settled. */
  readonly world: ClusterState;
  readonly now: number;
}

/** What follows from a rollout's state and the world. */
export interface RolloutDecision {
  /** To append, in this order, before the command is carried out; includes its `rollout-command-sent`. */
  readonly events: readonly NewEvent[];
  /** To carry out once. `id` is the token's command. */
  readonly command?: { readonly id: string; readonly body: RolloutCommand };
  /** Measurements of checks that are due. They are listed until they are recorded: each is to be made once at a time. */
  readonly measure?: readonly Measurement[];
  /** The next instant at which time alone changes the decision. */
  readonly wakeAt?: number;
}

// Each phase takes a handful of facts; more than this would be a circle.
const FACTS_MAX = 1000;

/**
 * What to record and say next: all facts that follow from the world, then at most one command. Idempotent: with its
 * events folded and the same world, it has nothing more to say.
 */
export function decideRollout(
  state: RolloutState,
  { world, now }: RolloutInput,
  rules: Rules = RULES,
): RolloutDecision {
  if (isOver(state)) return { events: [] };
  const events: NewEvent[] = [];
  let next = state;
  for (;;) {
    const sight = look(next, world, now, rules);
    const step = nextStep(sight);
    const fact = isOver(next) ? undefined : nextFact(sight, step);
    if (!fact) return { ...say(sight, step, events), ...measure(sight) };
    if (events.push(fact) > FACTS_MAX)
      throw new InvariantError(`rollout ${state.planned.key} never comes to rest`);
    next = evolveRollout(next, fact, rules);
  }
}

/** The first thing that the want lacks; a command that a guard forbids, or that would be refused, is to be waited for. */
function nextStep(sight: Sight): Step | undefined {
  for (const rule of sight.rules.order) {
    const step = rule(sight);
    if (!step) continue;
    if (!("say" in step)) return step;
    const forbidden = sight.rules.guards
      .map((guard) => guard(step.say, sight))
      .find((why) => why !== undefined);
    const why = forbidden ?? sight.rules.refusal(conditionOf(step.say, sight), sight);
    return why === undefined ? step : { wait: "guard", why };
  }
  return undefined;
}

function say(sight: Sight, step: Step | undefined, events: NewEvent[]): RolloutDecision {
  const { state, now } = sight;
  const quiet = isOver(state) || !mayAct(sight);
  if (quiet || !step || !("say" in step) || state.retryAt > now || !mayBeSaid(step, sight))
    return { events, ...wake(sight, step, quiet) };
  const id = `${workOf(state.planned)}/${state.said + 1}`;
  const body = withCondition(step.say, sight);
  const { stage } = state.planned;
  events.push({ type: "rollout-command-sent", at: now, stage, command: id, epoch: state.epoch, body });
  return { events, command: { id, body } };
}

function mayBeSaid({ urgent }: Extract<Step, { readonly say: unknown }>, sight: Sight): boolean {
  return urgent === true || sight.rules.mayStep(sight);
}

function measure(sight: Sight): Pick<RolloutDecision, "measure"> {
  const due = mayAct(sight) ? dueMeasurements(sight) : [];
  return due.length > 0 ? { measure: due } : {};
}

function conditionOf(body: RolloutCommand, sight: Sight): Healthy {
  return body.do === "create-group" ? {} : sight.rules.conditionOf(body, sight);
}

function withCondition(body: RolloutCommand, sight: Sight): RolloutCommand {
  const condition = conditionOf(body, sight);
  return body.do === "create-group" || Object.keys(condition).length === 0 ? body : { ...body, condition };
}

function wake(sight: Sight, step: Step | undefined, quiet: boolean): { readonly wakeAt?: number } {
  const { state, phase, now } = sight;
  if (quiet) return {};
  const timeoutMs = timeoutOf(phase);
  const promotedMs = overdueMs(phase);
  const speaks = step !== undefined && "say" in step;
  const instants = [
    speaks ? state.retryAt : undefined,
    state.watching ? undefined : instantOf(state.unmet, phase?.deadlineMs ?? 0),
    state.promoted || state.direction === "back" ? undefined : instantOf(state.held, phase?.holdMs ?? 0),
    timeoutMs === undefined ? undefined : instantOf(state.open, timeoutMs),
    promotedMs === undefined ? undefined : instantOf(state.held, promotedMs),
    ...measuringInstants(state),
  ].filter((instant) => instant !== undefined && instant > now);
  return instants.length === 0 ? {} : { wakeAt: Math.min(...(instants as number[])) };
}
