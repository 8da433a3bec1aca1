import { ConfigurationError, ConflictError } from "../errors.ts";
import type { Event, NewEvent, Outcome } from "../machine/events.ts";
import { plannedStage } from "../machine/run/planned.ts";
import { planRetry } from "../machine/run/retry.ts";
import { isOver, type RunState } from "../machine/run/state.ts";
import type { Clock } from "../ports/clock.ts";
import type { Engine } from "../ports/engine.ts";
import { type Admissions, explainRefusal } from "./admissions.ts";
import { checkFrom, follow, type StreamHub } from "./event-stream.ts";
import { findStage, judged, type JudgeAct } from "./judging.ts";
import { type Journal, unknownRun } from "./journal.ts";
import { timeline } from "../machine/history/timeline.ts";
import { runMermaid } from "./pictures/run-mermaid.ts";
import { readRun } from "./read-run.ts";
import type { Redactor } from "./redact.ts";
import { viewRun, type RunView } from "./run-view.ts";
import type { Switches } from "./switches.ts";

const PAGE = 500;

/** Who does something, and why. */
export interface Act {
  /** A person or a bot; recorded in the event. */
  readonly actor?: string;
  readonly reason?: string;
}

/** What became of a wish to cancel. */
export type CancelAnswer =
  | { readonly requested: true }
  /** `over`: it had ended, as `outcome` says. `requested-before`: it is being cancelled already. */
  | { readonly requested: false; readonly because: "over"; readonly outcome: Outcome }
  | { readonly requested: false; readonly because: "requested-before" };

/** A run, to follow and to act on. Safe to make anew at any time: all that it knows is in the log. */
export interface RunHandle {
  readonly id: string;
  /** Events of this run: history first, then live, until the run is over (or the signal aborts). A run that is retried later has more. */
  events(options?: { readonly from?: number; readonly signal?: AbortSignal }): AsyncIterable<Event>;
  /** How the run ends; waits for it. */
  outcome(options?: { readonly signal?: AbortSignal }): Promise<Outcome>;
  /** Where the run stands now, as JSON. */
  state(): Promise<RunView>;
  /**
   * Ends the run. `graceful` (default): what runs takes its way back. `forced`: everything stops as it is, and
   * `run-finished` says what is left. A run that is over stays as it ended, and the answer says so: what was deployed goes
   * on serving, and `delivery.undo` takes it back.
   */
  cancel(act?: Act & { readonly mode?: "graceful" | "forced" }): Promise<CancelAnswer>;
  /** Begins nothing new; clocks stand still. Does nothing when paused. */
  pause(act?: Act): Promise<void>;
  /** Goes on. Does nothing when not paused. */
  resume(act?: Act): Promise<void>;
  /**
   * Answers the open judgement of a stage, if it is still open. Where several must approve, this is one approval.
   *
   * @throws ConflictError when that question is not open (any more); it says who answered
   * @throws ConfigurationError when the answer is none, or its actor may not give it
   */
  judge(stage: string, act: JudgeAct): Promise<void>;
  /**
   * Skips the hold and the gate of the phase that a stage's rollout is in; never its health. `full`: all holds, gates and
   * background checks up to the end.
   *
   * @throws ConflictError when the stage has no rollout under way
   */
  promote(stage: string, act?: Act & { readonly full?: boolean }): Promise<void>;
  /**
   * Passes a stage by that its pipeline calls `skippable`: it does not begin, or ends at once, and what comes after it goes
   * on. Does nothing when it was skipped already.
   *
   * @throws ConflictError when the stage is over, or has begun to change something that only a cancel can undo
   */
  skip(stage: string, act?: Act): Promise<void>;
  /**
   * Lets a stage begin that is held by its windows: a freeze has its exceptions. Actor and reason are needed. Does nothing
   * when it was let begin already.
   *
   * @throws ConflictError when it is not held
   */
  override(stage: string, act: { readonly actor: string; readonly reason: string }): Promise<void>;
  /**
   * Carries a stage of a run that is over (or a stage that failed) out anew, and all that comes after it; besides, whatever
   * else failed, was cancelled or was skipped because of that. Outputs of the stages before stay; how it went before stays
   * in the events and in `state()` as `earlier`. A rollout begins anew, with a group, gates and a way back of its own. Does
   * nothing when the stage was retried already and goes on.
   *
   * A run that is over asks for a place among those of its pipeline (`concurrency`) like one that is started.
   *
   * @throws ConflictError when the run goes on and the stage has not failed, or its pipeline is disabled or has no place
   */
  retryFrom(stage: string, act?: Act): Promise<void>;
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
  readonly switches: Switches;
  readonly admissions: Admissions;
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
      last: (event) => event.type === "run-finished" && endsWith(event),
      ...(signal && { signal }),
    });

  // A run that was retried goes on after its end.
  const endsWith = async ({ seq }: Event): Promise<boolean> => {
    for (let from = seq + 1; ; from += PAGE) {
      const page = await engine.read(id, from, PAGE);
      if (page.some(({ type }) => type === "run-retried")) return false;
      if (page.length < PAGE) return true;
    }
  };

  const view = async (): Promise<RunView> => {
    await access.ready();
    const state = await journal.state(id);
    if (!state) throw unknownRun(id);
    return { ...viewRun(state), ...(await livePosition(state, journal)) };
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
    async cancel({ mode = "graceful", ...who } = {}) {
      let answer: CancelAnswer = { requested: true };
      await act((state) => {
        oneOf("cancel", "mode", mode, ["graceful", "forced"]);
        answer = cancelAnswer(state, mode);
        return answer.requested ? [{ type: "run-cancel-requested", ...by(who), mode }] : [];
      });
      return answer;
    },
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
    judge: (stage, who) => act((state) => [judged(state, stage, who, by(who))]),
    promote: (stage, { full = false, ...who } = {}) =>
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
        if (full)
          return rollout?.promotedFully ? [] : [{ type: "rollout-promoted-fully", ...by(who), stage }];
        return [{ type: "rollout-phase-promoted", ...by(who), stage, phase: phase.name }];
      }),
    override: (stage, who) =>
      act((state) => {
        checkOverride(who);
        const { held, unbound, status } = findStage(state, stage);
        if (unbound) return [];
        if (!held)
          throw new ConflictError(
            `run ${id}: stage ${JSON.stringify(stage)} is not held by its windows: it is ${status}`,
          );
        return [{ type: "stage-windows-overridden", ...by(who), stage, reason: by(who).reason ?? "" }];
      }),
    skip: (stage, who = {}) =>
      act((state) => {
        checkSkip(state, stage);
        const { bypassed } = findStage(state, stage);
        const { reason = `skipped by ${who.actor ?? "an unnamed actor"}`, ...when } = by(who);
        return bypassed ? [] : [{ type: "stage-bypassed", ...when, stage, by: "operator", reason }];
      }),
    async retryFrom(stage, who = {}) {
      await access.ready();
      const known = await journal.state(id);
      if (known) await access.switches.check(known.plan.pipeline);
      const incoming = (state: RunState): readonly NewEvent[] => {
        findStage(state, stage);
        const retry = planRetry(state, stage);
        if ("refusal" in retry)
          throw new ConflictError(
            `run ${id} cannot be retried from stage ${JSON.stringify(stage)}: ${retry.refusal}`,
          );
        return retry.stages.length === 0
          ? []
          : [{ type: "run-retried", ...by(who), from: stage, stages: retry.stages }];
      };
      const { permits } = await journal.advance(id, { incoming }).catch(async (error: unknown) => {
        throw await explainRefusal(error, known?.plan.pipeline ?? "", known?.admission, journal);
      });
      await access.admissions.created(id, permits[0]);
    },
  };
}

// Those before it come and go without a word in its own log.
async function livePosition(
  { run, admission, position }: RunState,
  journal: Journal,
): Promise<{ readonly position?: number }> {
  if (!admission || position === undefined) return {};
  const place = (await journal.line(admission.permit)).find((other) => other.run === run);
  return place && !place.granted ? { position: place.position } : {};
}

function cancelAnswer({ outcome, cancel }: RunState, mode: "graceful" | "forced"): CancelAnswer {
  if (outcome !== undefined) return { requested: false, because: "over", outcome };
  const before = cancel?.mode === mode || cancel?.mode === "forced";
  return before ? { requested: false, because: "requested-before" } : { requested: true };
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

function missing(value: string | undefined): boolean {
  return typeof value !== "string" || value.trim() === "";
}

// An exception to a rule that others rely on is somebody's, for a reason.
function checkOverride({ actor, reason }: Act): void {
  const problems = [
    ...(missing(actor) ? ["actor: is missing; say who lets it begin"] : []),
    ...(missing(reason) ? ["reason: is missing; say why it cannot wait"] : []),
  ];
  if (problems.length > 0) throw new ConfigurationError("override", problems);
}

// Only what has changed nothing yet, or is no matter of ours, can be passed by.
function checkSkip(state: RunState, name: string): void {
  const at = `run ${state.run}: stage ${JSON.stringify(name)}`;
  const stage = findStage(state, name);
  if (!plannedStage(state, name)?.skippable)
    throw new ConfigurationError(`run ${state.run}`, [
      `stage ${JSON.stringify(name)} may not be skipped: its pipeline does not say { skippable: true }`,
    ]);
  if (stage.bypassed) return;
  if (isOver(stage) || state.outcome !== undefined)
    throw new ConflictError(`${at} is ${stage.status}: there is nothing to skip`);
  if (stage.rollout)
    throw new ConflictError(
      `${at} has begun to change ${stage.rollout.planned.cluster.name}: cancel the run instead`,
    );
  if (stage.child !== undefined)
    throw new ConflictError(`${at} waits for run ${stage.child}: cancel that run instead`);
}
