import type { Json } from "../../model/json.ts";
import type { Event } from "../events.ts";
import type { Thread, ThreadAct, ThreadAnswer, ThreadQuestion, ThreadTick, TickMark } from "./thread.ts";

/**
 * The thread after one more event of its run. The same object when the event changes nothing that a reader sees, so that
 * nobody is told of it. Undefined as long as the run has not started.
 */
export function evolveThread(thread: Thread | undefined, event: Event): Thread | undefined {
  if (event.type === "run-started") return begin(event);
  return thread && ("stage" in event ? evolveStage(thread, event) : evolveOwn(thread, event));
}

/** The thread of a run after all these events. */
export function threadOf(events: readonly Event[]): Thread | undefined {
  return events.reduce<Thread | undefined>(evolveThread, undefined);
}

function begin({ run, plan, input, at, actor }: Event<"run-started">): Thread {
  const subject = subjectOf(input);
  return {
    run,
    pipeline: plan.pipeline,
    input,
    startedAt: at,
    ticks: plan.stages.map(({ name }) => openTick(name)),
    questions: [],
    ...(plan.application !== undefined && { application: plan.application }),
    ...(actor !== undefined && { actor }),
    ...(subject !== undefined && { subject }),
  };
}

const NAMES = ["image", "version", "tag", "release"] as const;

// What people call a release by: the first of these that is a text, also within a release.
function subjectOf(input: Json): string | undefined {
  if (typeof input !== "object" || input === null || Array.isArray(input)) return undefined;
  const fields = input as { readonly [name: string]: Json };
  for (const name of NAMES) {
    const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (typeof value === "string") return value;
    if (name === "release" && value !== undefined) return subjectOf(value);
  }
  return undefined;
}

function evolveOwn(thread: Thread, event: Event): Thread {
  switch (event.type) {
    case "run-queued":
      return { ...thread, position: event.position };
    case "run-admitted":
      return without(thread, "position");
    case "run-retried":
      return retry(thread, event.stages);
    case "run-parked":
      return { ...thread, parked: event.reason };
    case "run-unparked":
      return without(thread, "parked");
    case "run-paused":
      return { ...thread, paused: actOf(event) };
    case "run-resumed":
      return without(thread, "paused");
    case "run-cancel-requested":
      return { ...thread, cancel: { mode: event.mode, ...actOf(event) } };
    case "run-finished": {
      const { outcome, at, reason, left } = event;
      const end = { outcome, at, ...(reason !== undefined && { reason }), ...(left && { left }) };
      return { ...thread, end };
    }
    default:
      return thread;
  }
}

// A run that was over goes on: what had stopped it is past. Questions that were answered stay to be read.
function retry({ end, cancel, paused, ...thread }: Thread, stages: readonly string[]): Thread {
  const ticks = thread.ticks.map((tick) => (stages.includes(tick.stage) ? openTick(tick.stage) : tick));
  const going = end ? {} : { ...(cancel && { cancel }), ...(paused && { paused }) };
  return { ...thread, ...going, ticks };
}

function openTick(stage: string): ThreadTick {
  return { stage, mark: "open", over: false, phases: [] };
}

// What is made of a list comes after the stage that found it.
function expand(thread: Thread, { stage, stages }: Event<"plan-expanded">): Thread {
  const known = new Set(thread.ticks.map((tick) => tick.stage));
  const added = stages.filter(({ name }) => !known.has(name)).map(({ name }) => openTick(name));
  if (added.length === 0) return thread;
  return {
    ...thread,
    ticks: thread.ticks.flatMap((tick) => (tick.stage === stage ? [tick, ...added] : [tick])),
  };
}

type StageEvent = Extract<Event, { readonly stage: string }>;

function evolveStage(thread: Thread, event: StageEvent): Thread {
  if (event.type === "plan-expanded") return expand(thread, event);
  const index = thread.ticks.findIndex(({ stage }) => stage === event.stage);
  const before = thread.ticks[index];
  if (!before) return thread;
  const tick = evolveTick(before, event);
  const questions = evolveQuestions(thread.questions, event);
  if (tick === before && questions === thread.questions) return thread;
  return { ...thread, questions, ticks: thread.ticks.with(index, tick) };
}

function evolveTick(tick: ThreadTick, event: StageEvent): ThreadTick {
  switch (event.type) {
    case "stage-started":
    case "stage-admitted":
    case "judgement-expired":
      return marked(tick, "running");
    case "stage-queued":
      return marked(tick, "queued");
    case "stage-held":
      return hold(tick, event);
    case "stage-retried":
      return marked(tick, "retrying", event.error.message);
    case "judgement-requested":
      return marked(tick, "asking");
    case "judgement-answered":
      return event.verdict === "inconclusive" ? tick : marked(tick, "running");
    case "stage-succeeded":
      return ended(tick, "done");
    case "stage-failed":
      return ended(tick, event.rolledBack ? "back" : "failed", event.error.message);
    case "stage-cancelled":
    case "stage-skipped":
    case "stage-bypassed":
      return ended(tick, "stopped", event.reason);
    case "rollout-planned":
      return { ...tick, phases: event.rollout.phases.map(({ name }) => ({ name, mark: "open" })) };
    case "rollout-phase-started":
      return beginPhase(tick, event);
    case "rollout-turned-back":
      return marked(tick, "back", event.reason);
    default:
      return tick;
  }
}

function marked(tick: ThreadTick, mark: TickMark, reason?: string): ThreadTick {
  if (tick.mark === mark && tick.reason === reason && !tick.held) return tick;
  const { reason: _, held: __, ...rest } = tick;
  return { ...rest, mark, ...(reason !== undefined && { reason }) };
}

// Looked at again while nothing has changed, it is nothing new.
function hold(tick: ThreadTick, { at, reason, opensAt }: Event<"stage-held">): ThreadTick {
  if (tick.held && tick.held.opensAt === opensAt && tick.reason === reason) return tick;
  const held = { since: at, ...(opensAt !== undefined && { opensAt }) };
  return { ...marked(tick, "queued", reason), held };
}

// A phase that begins ends the one before; on the way back, what has not begun will not begin.
function beginPhase(tick: ThreadTick, { phase, direction }: Event<"rollout-phase-started">): ThreadTick {
  const forward = direction === "forward";
  const phases = tick.phases
    .map((known) =>
      known.mark === "running" ? ({ ...known, mark: forward ? "done" : "failed" } as const) : known,
    )
    .filter(({ mark }) => forward || mark !== "open");
  const at = phases.findIndex(({ name, mark }) => name === phase && mark === "open");
  const begun = { name: phase, mark: forward ? "running" : "back" } as const;
  return { ...tick, phases: at < 0 ? [...phases, begun] : phases.with(at, begun) };
}

function ended(tick: ThreadTick, mark: TickMark, reason?: string): ThreadTick {
  const phases = tick.phases.map((phase) => (phase.mark === "running" ? { ...phase, mark } : phase));
  return { ...marked(tick, mark, reason), over: true, phases };
}

function evolveQuestions(questions: readonly ThreadQuestion[], event: StageEvent): readonly ThreadQuestion[] {
  if (event.type === "judgement-requested") return [...questions, ask(event)];
  const last = questions.findLastIndex(({ stage, status }) => stage === event.stage && status === "open");
  const open = questions[last];
  if (!open) return questions;
  const next = evolveQuestion(open, event);
  return next === open ? questions : questions.with(last, next);
}

function ask({
  judgement,
  stage,
  phase,
  roles,
  instructions,
  at,
  expiresAt,
  approvals,
  choices,
}: Event<"judgement-requested">): ThreadQuestion {
  return {
    judgement,
    stage,
    roles,
    askedAt: at,
    answers: [],
    status: "open",
    ...(phase !== undefined && { phase }),
    ...(instructions !== undefined && { instructions }),
    ...(expiresAt !== undefined && { expiresAt }),
    ...(approvals !== undefined && { approvals }),
    ...(choices && { choices }),
  };
}

function evolveQuestion(question: ThreadQuestion, event: StageEvent): ThreadQuestion {
  switch (event.type) {
    case "judgement-approved":
      return { ...question, answers: withAnswer(question, answerOf(event, "pass")) };
    case "judgement-answered": {
      const { verdict } = event;
      const answers = withAnswer(question, answerOf(event, verdict));
      const isOpen = verdict === "inconclusive" && question.phase === undefined;
      return { ...question, answers, status: isOpen ? "open" : "answered" };
    }
    case "judgement-expired":
      return { ...question, status: "expired" };
    case "stage-failed":
    case "stage-cancelled":
    case "stage-succeeded":
    case "stage-bypassed":
    case "rollout-turned-back":
    case "rollout-finished":
      return { ...question, status: "withdrawn" };
    default:
      return question;
  }
}

function answerOf(
  { actor = "", at, choice, reason }: Event<"judgement-approved" | "judgement-answered">,
  verdict: ThreadAnswer["verdict"],
): ThreadAnswer {
  return {
    actor,
    verdict,
    at,
    ...(choice !== undefined && { choice }),
    ...(reason !== undefined && { reason }),
  };
}

// Who approves again changes their mind, and counts once.
function withAnswer({ answers, approvals }: ThreadQuestion, answer: ThreadAnswer): readonly ThreadAnswer[] {
  const others =
    approvals === undefined
      ? answers
      : answers.filter(({ actor, verdict }) => actor !== answer.actor || verdict !== "pass");
  return [...others, answer];
}

function actOf({ actor, reason }: ThreadAct): ThreadAct {
  return { ...(actor !== undefined && { actor }), ...(reason !== undefined && { reason }) };
}

function without<Field extends "parked" | "paused" | "position">(thread: Thread, field: Field): Thread {
  if (thread[field] === undefined) return thread;
  const { [field]: _, ...rest } = thread;
  return rest as Thread;
}
