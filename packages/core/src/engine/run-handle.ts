import type { Event, NewEvent, Outcome } from "../machine/events.ts";
import { timeline } from "../machine/history/timeline.ts";
import type { RunState } from "../machine/run/state.ts";
import type { Act, Saying } from "./acts/act.ts";
import { answerCancel, type CancelAnswer } from "./acts/cancel.ts";
import { judged, type JudgeAct } from "./acts/judge.ts";
import { overrideWindows } from "./acts/override.ts";
import { pauseRun, resumeRun } from "./acts/pause.ts";
import { promoteRollout } from "./acts/promote.ts";
import { retryRun } from "./acts/retry.ts";
import { skipStage } from "./acts/skip.ts";
import { explainRefusal, livePosition } from "./admissions.ts";
import { unknownRun } from "./journal.ts";
import { runMermaid } from "./pictures/run-mermaid.ts";
import { readRun } from "./read-run.ts";
import type { RunAccess } from "./run-access.ts";
import { runEvents } from "./run-events.ts";
import { runOutcome } from "./run-outcome.ts";
import { viewRun, type RunView } from "./run-view.ts";

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

/** A handle of a run that exists. */
export function runHandle(id: string, access: RunAccess): RunHandle {
  const { ready, journal, engine, clock, redactor } = access;

  const record = async (incoming: (state: RunState) => readonly NewEvent[]): Promise<void> => {
    await ready();
    await journal.advance(id, { incoming });
  };
  const say: Saying = ({ actor, reason }) => ({
    at: clock.now(),
    ...(actor !== undefined && { actor }),
    ...(reason !== undefined && { reason: redactor.text(reason) }),
  });
  const view = async (): Promise<RunView> => {
    await ready();
    const state = await journal.state(id);
    if (!state) throw unknownRun(id);
    return { ...viewRun(state), ...(await livePosition(state, journal)) };
  };

  return {
    id,
    events: (options) => runEvents(id, access, options),
    outcome: (options) => runOutcome(id, access, options),
    state: view,
    toMermaid: async () => runMermaid(await view(), clock.now()),
    async toSvg() {
      await view();
      // Not loaded until somebody wants a picture.
      const { gantt } = await import("./pictures/gantt.ts");
      return gantt(timeline(await readRun(engine, id), clock.now()));
    },
    async cancel({ mode = "graceful", ...act } = {}) {
      let answer: CancelAnswer = { requested: true };
      await record((state) => {
        answer = answerCancel(state, mode);
        return answer.requested ? [{ type: "run-cancel-requested", ...say(act), mode }] : [];
      });
      return answer;
    },
    pause: (act = {}) => record((state) => pauseRun(state, act, say)),
    resume: (act = {}) => record((state) => resumeRun(state, act, say)),
    judge: (stage, act) => record((state) => [judged(state, stage, act, say(act))]),
    promote: (stage, act = {}) => record((state) => promoteRollout(state, stage, act, say)),
    override: (stage, act) => record((state) => overrideWindows(state, stage, act, say)),
    skip: (stage, act = {}) => record((state) => skipStage(state, stage, act, say)),
    async retryFrom(stage, act = {}) {
      await ready();
      const known = await journal.state(id);
      if (known) await access.switches.check(known.plan.pipeline);
      const { permits } = await journal
        .advance(id, { incoming: (state) => retryRun(state, stage, act, say) })
        .catch(async (error: unknown) => {
          throw await explainRefusal(error, known?.plan.pipeline ?? "", known?.admission, journal);
        });
      await access.admissions.created(id, permits[0]);
    },
  };
}
