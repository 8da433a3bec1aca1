import type { PlannedStage } from "../../model/plan.ts";
import type { Event, Outcome } from "../events.ts";

/** From one instant to another; milliseconds since 1970. What is not over ends at the instant that was asked for. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** A time in which a stage only waited: for its turn, its windows, a person, an instant, its next try, a pause's end, or its code. */
export interface TimedWait extends Span {
  readonly for: "turn" | "window" | "answer" | "time" | "retry" | "pause" | "code";
}

/** One attempt at a stage. */
export interface TimedAttempt extends Span {
  /** 1, 2, 3 … */
  readonly attempt: number;
  readonly failed: boolean;
}

/** One phase of a rollout. */
export interface TimedPhase extends Span {
  readonly name: string;
  readonly direction: "forward" | "back";
  /** When its want was met and its hold began. */
  readonly reachedAt?: number;
}

/** When a stage did what, from when it was begun or first held by its windows. `cancelled`: also one that was passed by then. */
export interface TimedStage extends Span {
  readonly name: string;
  readonly type: string;
  readonly status: "running" | "succeeded" | "failed" | "rolled-back" | "cancelled";
  readonly attempts: readonly TimedAttempt[];
  readonly waits: readonly TimedWait[];
  readonly phases: readonly TimedPhase[];
}

/** When a run did what. Stages that never began are not in it. */
export interface Timeline extends Span {
  readonly run: string;
  readonly pipeline: string;
  readonly actor?: string;
  readonly outcome?: Outcome;
  readonly reason?: string;
  readonly stages: readonly TimedStage[];
}

/** The times of a run, from its events in order. `now` ends what is not over; default: the last event. */
export function timeline(events: readonly Event[], now: number = events.at(-1)?.at ?? 0): Timeline {
  const started = events.find((event) => event.type === "run-started");
  const finished = endOf(events);
  const from = started?.at ?? 0;
  const to = finished?.at ?? Math.max(now, from);
  const pauses = pairs(events, "pause", "run-paused", ["run-resumed"], to);
  const parked = pairs(events, "code", "run-parked", ["run-unparked"], to);
  const planned = stagesIn(events);
  return {
    run: started?.run ?? "",
    pipeline: started?.plan.pipeline ?? "",
    from,
    to,
    ...(started?.actor !== undefined && { actor: started.actor }),
    ...(finished && { outcome: finished.outcome }),
    ...(finished?.reason !== undefined && { reason: finished.reason }),
    stages: planned.flatMap((stage) => timeStage(stage, events, to, [...pauses, ...parked])),
  };
}

// A run that was retried goes on after its end.
function endOf(events: readonly Event[]): Event<"run-finished"> | undefined {
  const last = events.findLast(({ type }) => type === "run-finished" || type === "run-retried");
  return last?.type === "run-finished" ? last : undefined;
}

// In the order of the plan; what was made of a list comes after the stage that found it.
function stagesIn(events: readonly Event[]): readonly PlannedStage[] {
  let stages: readonly PlannedStage[] = [];
  for (const event of events) {
    if (event.type === "run-started") stages = event.plan.stages;
    if (event.type !== "plan-expanded") continue;
    const known = new Set(stages.map(({ name }) => name));
    const added = event.stages.filter(({ name }) => !known.has(name));
    stages = stages.flatMap((stage) => (stage.name === event.stage ? [stage, ...added] : [stage]));
  }
  return stages;
}

type StageEvent = Extract<Event, { readonly stage: string }>;

function timeStage(
  { name, type, kind }: PlannedStage,
  events: readonly Event[],
  end: number,
  ofRun: readonly TimedWait[],
): TimedStage[] {
  const own = events.filter((event): event is StageEvent => "stage" in event && event.stage === name);
  const begun = own.find(begins);
  if (!begun) return [];
  const last = own.findLast((event) => ENDS.has(event.type));
  // A stage that is begun again after its end, by a person, goes on.
  const isOver = last !== undefined && !own.slice(own.indexOf(last)).some(begins);
  const to = isOver ? last.at : end;
  const whole = { from: begun.at, to };
  const waits = [...waitsOf(own, kind, whole), ...ofRun.flatMap((wait) => within(wait, whole))];
  return [
    {
      name,
      type,
      ...whole,
      status: isOver ? statusOf(last) : "running",
      attempts: attemptsOf(own, whole, isOver && last.type === "stage-failed"),
      waits: waits.toSorted((a, b) => a.from - b.from),
      phases: phasesOf(own, to),
    },
  ];
}

const ENDS: ReadonlySet<string> = new Set([
  "stage-succeeded",
  "stage-failed",
  "stage-cancelled",
  "stage-skipped",
  "stage-bypassed",
]);

const STOPS: readonly Event["type"][] = [...ENDS] as Event["type"][];

function begins({ type }: StageEvent): boolean {
  return type === "stage-started" || type === "stage-held";
}

function statusOf(event: StageEvent): TimedStage["status"] {
  if (event.type === "stage-failed") return event.rolledBack ? "rolled-back" : "failed";
  return event.type === "stage-succeeded" ? "succeeded" : "cancelled";
}

function attemptsOf(own: readonly StageEvent[], { from, to }: Span, failed: boolean): TimedAttempt[] {
  const attempts: TimedAttempt[] = [];
  let since = from;
  const end = (at: number, isFailure: boolean): void => {
    attempts.push({ attempt: attempts.length + 1, from: since, to: Math.max(since, at), failed: isFailure });
  };
  let ended: StageEvent | undefined;
  for (const event of own) {
    if (begins(event) && ended) {
      end(ended.at, ended.type === "stage-failed");
      since = event.at;
      ended = undefined;
    }
    if (ENDS.has(event.type)) ended = event;
    if (event.type === "stage-retried") {
      end(event.at, true);
      since = Math.min(event.retryAt, to);
    }
  }
  end(to, failed);
  return attempts;
}

function waitsOf(own: readonly StageEvent[], kind: PlannedStage["kind"], whole: Span): TimedWait[] {
  const retries = own.flatMap((event) =>
    event.type === "stage-retried" ? within({ for: "retry", from: event.at, to: event.retryAt }, whole) : [],
  );
  return [
    ...retries,
    ...betweenRounds(own),
    ...pairs(own, "window", "stage-held", ["stage-started", ...STOPS], whole.to),
    ...pairs(own, "turn", "stage-queued", ["stage-admitted", ...STOPS], whole.to),
    ...pairs(
      own,
      "answer",
      "judgement-requested",
      ["judgement-answered", "judgement-expired", ...STOPS],
      whole.to,
    ),
    ...(kind === "wait" ? [{ for: "time" as const, ...whole }] : []),
  ];
}

// From its end until a person had it carried out anew.
function betweenRounds(own: readonly StageEvent[]): TimedWait[] {
  const waits: TimedWait[] = [];
  let ended: number | undefined;
  for (const event of own) {
    if (begins(event) && ended !== undefined && event.at > ended)
      waits.push({ for: "retry", from: ended, to: event.at });
    if (ENDS.has(event.type)) ended = event.at;
    else if (begins(event)) ended = undefined;
  }
  return waits;
}

function phasesOf(own: readonly StageEvent[], end: number): TimedPhase[] {
  const phases: TimedPhase[] = [];
  for (const event of own) {
    const open = phases.at(-1);
    if (event.type === "rollout-phase-started" || event.type === "rollout-finished") {
      if (open) phases[phases.length - 1] = { ...open, to: Math.min(open.to, event.at) };
      if (event.type === "rollout-phase-started")
        phases.push({ name: event.phase, direction: event.direction, from: event.at, to: end });
    }
    if (event.type === "rollout-phase-reached" && open)
      phases[phases.length - 1] = { ...open, reachedAt: open.reachedAt ?? event.at };
    if (event.type === "rollout-phase-lost" && open) phases[phases.length - 1] = unreached(open);
  }
  return phases;
}

function unreached({ reachedAt: _, ...phase }: TimedPhase): TimedPhase {
  return phase;
}

// From each first opening to the closing that follows; what is still open ends with the whole.
function pairs(
  events: readonly Event[],
  why: TimedWait["for"],
  opens: Event["type"],
  closes: readonly Event["type"][],
  end: number,
): TimedWait[] {
  const spans: TimedWait[] = [];
  let since: number | undefined;
  for (const { type, at } of events) {
    if (type === opens) since ??= at;
    else if (since !== undefined && closes.includes(type)) {
      spans.push({ for: why, from: since, to: at });
      since = undefined;
    }
  }
  if (since !== undefined && since < end) spans.push({ for: why, from: since, to: end });
  return spans;
}

function within(wait: TimedWait, { from, to }: Span): TimedWait[] {
  const cut = { ...wait, from: Math.max(wait.from, from), to: Math.min(wait.to, to) };
  return cut.to > cut.from ? [cut] : [];
}
