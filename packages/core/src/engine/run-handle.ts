import { ConfigurationError, ConflictError } from "../errors.ts";
import type { Event, NewEvent, Outcome, Verdict } from "../machine/events.ts";
import { isOver, type RunState, type StageState } from "../machine/run/state.ts";
import { suggest } from "../model/suggest.ts";
import type { Clock } from "../ports/clock.ts";
import type { Engine } from "../ports/engine.ts";
import { checkFrom, follow, type StreamHub } from "./event-stream.ts";
import { type Journal, unknownRun } from "./journal.ts";
import { timeline } from "../machine/history/timeline.ts";
import { runMermaid } from "./pictures/run-mermaid.ts";
import { readRun } from "./read-run.ts";
import type { Redactor } from "./redact.ts";
import { viewRun, type RunView } from "./run-view.ts";

/** Who does something, and why. */
export interface Act {
  /** A person or a bot; recorded in the event. */
  readonly actor?: string;
  readonly reason?: string;
}

/** An answer to a judgement. */
export interface JudgeAct extends Act {
  readonly verdict: Verdict;
  readonly actor: string;
  /** Roles that the actor has. When given, one of them must be among the judgement's. */
  readonly roles?: readonly string[];
}

/** A run, to follow and to act on. Safe to make anew at any time: all that it knows is in the log. */
export interface RunHandle {
  readonly id: string;
  /** Events of this run: history first, then live, until the run is over (or the signal aborts). */
  events(options?: { readonly from?: number; readonly signal?: AbortSignal }): AsyncIterable<Event>;
  /** How the run ends; waits for it. */
  outcome(options?: { readonly signal?: AbortSignal }): Promise<Outcome>;
  /** Where the run stands now, as JSON. */
  state(): Promise<RunView>;
  /**
   * Ends the run. `graceful` (default): what runs takes its way back. `forced`: everything stops as it is, and
   * `run-finished` says what is left. Does nothing once the run is over.
   */
  cancel(act?: Act & { readonly mode?: "graceful" | "forced" }): Promise<void>;
  /** Begins nothing new; clocks stand still. Does nothing when paused. */
  pause(act?: Act): Promise<void>;
  /** Goes on. Does nothing when not paused. */
  resume(act?: Act): Promise<void>;
  /**
   * Answers the open judgement of a stage.
   *
   * @throws ConflictError when no judgement is open there (any more); it says who answered
   */
  judge(stage: string, act: JudgeAct): Promise<void>;
  /**
   * Skips the hold and the gate of the phase that a stage's rollout is in; never its health.
   *
   * @throws ConflictError when the stage has no rollout under way
   */
  promote(stage: string, act?: Act): Promise<void>;
  /** Where the run stands now, as a Mermaid flowchart: each stage's status, since when and how long. */
  toMermaid(): Promise<string>;
  /** When the run did what, as an SVG Gantt: stages as rows, phases below them, waits hatched. What runs ends now. */
  toSvg(): Promise<string>;
}

/** What handles work with. */
export interface RunAccess {
  readonly ready: () => Promise<void>;
  readonly journal: Journal;
  readonly engine: Engine;
  readonly hub: StreamHub;
  readonly clock: Clock;
  readonly redactor: Redactor;
}

/** A handle of a run that exists. */
export function runHandle(id: string, access: RunAccess): RunHandle {
  const { journal, engine, hub, clock, redactor } = access;

  const act = async (incoming: (state: RunState) => readonly NewEvent[]): Promise<void> => {
    await access.ready();
    await journal.advance(id, { incoming });
  };
  const by = ({ actor, reason }: Act): { at: number; actor?: string; reason?: string } => ({
    at: clock.now(),
    ...(actor !== undefined && { actor }),
    ...(reason !== undefined && { reason: redactor.text(reason) }),
  });
  // A run that was removed has no end to wait for.
  const read = async (seq: number, limit: number): Promise<readonly Event[]> => {
    const page = await engine.read(id, seq, limit);
    if (page.length === 0 && !(await journal.state(id))) throw unknownRun(id);
    return page;
  };
  const events: RunHandle["events"] = ({ from = 0, signal } = {}) =>
    follow(read, hub, {
      topic: `run ${id}`,
      from: checkFrom(from),
      ready: access.ready,
      position: (event) => event.seq,
      last: (event) => event.type === "run-finished",
      ...(signal && { signal }),
    });

  const view = async (): Promise<RunView> => {
    await access.ready();
    const state = await journal.state(id);
    if (!state) throw unknownRun(id);
    return viewRun(state);
  };

  return {
    id,
    events,
    async outcome({ signal } = {}) {
      await access.ready();
      const topic = `end of ${id}` as const;
      const bell = hub.listen(topic);
      try {
        for (;;) {
          signal?.throwIfAborted();
          const state = await journal.state(id);
          if (!state) throw unknownRun(id);
          if (state.outcome !== undefined) return state.outcome;
          signal?.throwIfAborted();
          if (hub.closed) throw closedBefore(id);
          await hub.wait(bell, signal);
        }
      } finally {
        hub.leave(topic, bell);
      }
    },
    state: view,
    toMermaid: async () => runMermaid(await view(), clock.now()),
    async toSvg() {
      await view();
      // Not loaded until somebody wants a picture.
      const { gantt } = await import("./pictures/gantt.ts");
      return gantt(timeline(await readRun(engine, id), clock.now()));
    },
    cancel: ({ mode = "graceful", ...who } = {}) =>
      act((state) => {
        oneOf("cancel", "mode", mode, ["graceful", "forced"]);
        return state.outcome !== undefined || state.cancel?.mode === mode || state.cancel?.mode === "forced"
          ? []
          : [{ type: "run-cancel-requested", ...by(who), mode }];
      }),
    pause: (who = {}) =>
      act((state) =>
        state.outcome !== undefined || state.pausedAt !== undefined
          ? []
          : [{ type: "run-paused", ...by(who) }],
      ),
    resume: (who = {}) =>
      act((state) =>
        state.outcome !== undefined || !isPaused(state) ? [] : [{ type: "run-resumed", ...by(who) }],
      ),
    judge: (stage, { verdict, roles, ...who }) =>
      act((state) => {
        oneOf("judge", "verdict", verdict, ["pass", "fail", "inconclusive"]);
        if (typeof who.actor !== "string" || who.actor.trim() === "")
          throw new ConfigurationError("judge", ["actor: is missing; say who answers"]);
        const open = openJudgement(state, stage);
        if (roles && !roles.some((role) => open.roles.includes(role)))
          throw new ConfigurationError(`the judgement of stage ${JSON.stringify(stage)}`, [
            `${who.actor} is not one of ${open.roles.join(", ")}`,
          ]);
        return [{ type: "judgement-answered", ...by(who), stage, judgement: open.judgement, verdict }];
      }),
    promote: (stage, who = {}) =>
      act((state) => {
        const rollout = findStage(state, stage).rollout;
        const phase =
          rollout && rollout.outcome === undefined
            ? rollout.planned.rollout.phases[rollout.index]
            : undefined;
        if (!phase || rollout?.direction === "back")
          throw new ConflictError(
            `run ${id}: stage ${JSON.stringify(stage)} has no rollout on its way forward`,
          );
        return [{ type: "rollout-phase-promoted", ...by(who), stage, phase: phase.name }];
      }),
  };
}

// Answers come from buttons and web pages: what is not a verdict must not count as one.
function oneOf(act: string, field: string, value: string, known: readonly string[]): void {
  if (known.includes(value)) return;
  throw new ConfigurationError(act, [
    `${field}: ${JSON.stringify(value)} is not one of ${known.join(", ")}; nothing was recorded`,
  ]);
}

function closedBefore(id: string): ConflictError {
  return new ConflictError(
    `run ${id}: the delivery was closed before the run was over; it goes on when its log is opened again`,
  );
}

// A rollout may have paused by itself, on an inconclusive verdict.
function isPaused(state: RunState): boolean {
  return (
    state.pausedAt !== undefined ||
    Object.values(state.stages).some(({ rollout }) => rollout?.undecided === true)
  );
}

function findStage(state: RunState, name: string): StageState {
  const stage = Object.hasOwn(state.stages, name) ? state.stages[name] : undefined;
  if (!stage)
    throw new ConfigurationError(`run ${state.run}`, [
      `no stage is called ${JSON.stringify(name)}${suggest(name, Object.keys(state.stages))}`,
    ]);
  return stage;
}

function openJudgement(state: RunState, name: string): NonNullable<StageState["judgement"]> {
  const stage = findStage(state, name);
  if (stage.judgement && !(isOver(stage) || state.outcome !== undefined)) return stage.judgement;
  const { answer } = stage;
  const late = answer
    ? `${answer.actor} answered ${answer.verdict} at ${new Date(answer.at).toISOString()}`
    : `it is ${stage.status}`;
  throw new ConflictError(`run ${state.run}: stage ${JSON.stringify(name)} asks nothing now: ${late}`);
}
