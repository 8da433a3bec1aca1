import type { Json } from "../model/json.ts";
import type { GroupView, Outcome, RecordedError, SupersededBy } from "../machine/events.ts";
import { statusOf } from "../machine/run/advance.ts";
import type { Answer, OpenJudgement, RunState, StageState, StageStatus } from "../machine/run/state.ts";
import type { RunStatus } from "../ports/engine.ts";

/** A rollout as it stands. */
export interface RolloutView {
  readonly strategy: string;
  readonly direction: "forward" | "back";
  readonly phase: string;
  readonly candidate?: string;
  readonly stable?: string;
  readonly outcome?: Outcome;
  readonly reason?: string;
  /** Failed, and still trying to put traffic right. */
  readonly watching: boolean;
  readonly groups?: readonly GroupView[];
}

/** A stage as it stands. Instants are milliseconds since 1970. */
export interface StageView {
  readonly name: string;
  readonly type: string;
  readonly after: readonly string[];
  readonly status: StageStatus;
  readonly attempt: number;
  readonly startedAt?: number;
  readonly finishedAt?: number;
  readonly output?: Json;
  readonly error?: RecordedError;
  readonly reason?: string;
  /** Place in the queue of its cluster: 1 is next. */
  readonly position?: number;
  readonly progress?: { readonly message: string; readonly ratio?: number };
  readonly judgement?: OpenJudgement;
  readonly answer?: Answer;
  readonly rollout?: RolloutView;
  /** The newer run that wants its cluster. */
  readonly superseded?: { readonly by: SupersededBy; readonly reason: string };
}

/** A run as it stands: JSON for a page, a bot or a test. */
export interface RunView {
  readonly id: string;
  readonly pipeline: string;
  readonly status: RunStatus;
  readonly input: Json;
  readonly startedAt: number;
  readonly finishedAt?: number;
  readonly actor?: string;
  readonly reason?: string;
  /** Why it waits for code, when it is parked. */
  readonly parked?: string;
  /** What a forced cancel or a failure left behind. */
  readonly left?: readonly string[];
  /** Place in the queue of its pipeline, while it is queued: 1 is next. */
  readonly position?: number;
  /** The newer run that it was cancelled for. */
  readonly supersededBy?: SupersededBy;
  readonly stages: readonly StageView[];
}

/** Shows a run. */
export function viewRun(state: RunState): RunView {
  const { run, plan, input, startedAt, finishedAt, actor, reason, parked, left, position, supersededBy } =
    state;
  return {
    id: run,
    pipeline: plan.pipeline,
    status: statusOf(state),
    input,
    startedAt,
    ...defined({ finishedAt, actor, reason, parked, left, position, supersededBy }),
    stages: plan.stages.flatMap(({ name, type, after }) => {
      const stage = state.stages[name];
      return stage ? [{ name, type, after, ...viewStage(stage) }] : [];
    }),
  };
}

function viewStage(stage: StageState): Omit<StageView, "name" | "type" | "after"> {
  const { status, attempt, rollout: _, admitted: __, steps: ___, input: ____, ...rest } = stage;
  return { ...rest, status, attempt, ...viewRollout(stage) };
}

function viewRollout({ rollout }: StageState): { readonly rollout?: RolloutView } {
  if (!rollout) return {};
  const { planned, direction, index, candidate, outcome, reason, watching } = rollout;
  const phases = direction === "forward" ? planned.rollout.phases : rollout.wayBack;
  return {
    rollout: {
      strategy: planned.strategy,
      direction,
      phase: phases[index]?.name ?? "",
      watching,
      ...defined({ candidate, outcome, reason }),
      ...(planned.before && { stable: planned.before.group }),
    },
  };
}

function defined<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
