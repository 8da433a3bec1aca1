import type { Json } from "../../model/json.ts";
import type { Outcome, Verdict } from "../events.ts";

/** How a stage or a phase stands, for a tick. */
export type TickMark =
  | "open"
  | "queued"
  | "running"
  | "asking"
  | "retrying"
  | "done"
  | "failed"
  | "back"
  | "stopped";

/** A stage, and the phases of its rollout in the order in which they began or are foreseen. */
export interface ThreadTick {
  readonly stage: string;
  readonly mark: TickMark;
  /** Whether the stage can no longer change. */
  readonly over: boolean;
  readonly phases: readonly { readonly name: string; readonly mark: TickMark }[];
  /** Why it failed, was cancelled or skipped, turned back, or is held. */
  readonly reason?: string;
  /** Its windows are closed: since when, and when they open, as far as can be seen. */
  readonly held?: { readonly since: number; readonly opensAt?: number };
}

/** What somebody answered. */
export interface ThreadAnswer {
  /** Empty: nobody was named. */
  readonly actor: string;
  readonly verdict: Verdict;
  readonly at: number;
  readonly choice?: string;
  readonly reason?: string;
}

/** A question to people. */
export interface ThreadQuestion {
  readonly judgement: string;
  readonly stage: string;
  readonly phase?: string;
  readonly roles: readonly string[];
  readonly instructions?: string;
  readonly askedAt: number;
  readonly expiresAt?: number;
  readonly answers: readonly ThreadAnswer[];
  /** So many different people must approve. Absent: one. */
  readonly approvals?: number;
  /** What can be chosen among. */
  readonly choices?: readonly string[];
  /** Only an open one can be answered; `withdrawn`: its stage ended without an answer. */
  readonly status: "open" | "answered" | "expired" | "withdrawn";
}

/** Who did something to the whole run, and why. */
export interface ThreadAct {
  readonly actor?: string;
  readonly reason?: string;
}

/**
 * What a chat thread, a page or a mail shows of a run: derived from its events alone, so that one message can be edited
 * in place, and be rendered again from scratch. Instants are milliseconds since 1970.
 */
export interface Thread {
  readonly run: string;
  readonly pipeline: string;
  readonly application?: string;
  /** Who started it. */
  readonly actor?: string;
  /** What it brings, if its input says so: an image, a version, a tag. */
  readonly subject?: string;
  readonly input: Json;
  readonly startedAt: number;
  readonly ticks: readonly ThreadTick[];
  /** In the order of asking; open and closed ones. */
  readonly questions: readonly ThreadQuestion[];
  /** It waits for its turn among the runs of its pipeline; 1 was next when it came. */
  readonly position?: number;
  readonly paused?: ThreadAct;
  /** Why it waits for code. */
  readonly parked?: string;
  readonly cancel?: ThreadAct & { readonly mode: "graceful" | "forced" };
  readonly end?: {
    readonly outcome: Outcome;
    readonly at: number;
    readonly reason?: string;
    readonly left?: readonly string[];
  };
}

/** What can be done to the run now: the buttons below its message. */
export type ThreadAction =
  | { readonly act: "cancel" | "pause" | "resume" }
  | {
      readonly act: "judge";
      readonly stage: string;
      readonly judgement: string;
      readonly roles: readonly string[];
      readonly choices?: readonly string[];
    };

/** The acts that a run takes, as it stands. */
export function threadActions({ end, cancel, paused, questions }: Thread): readonly ThreadAction[] {
  if (end) return [];
  const open = questions.filter(({ status }) => status === "open");
  return [
    ...open.map(({ stage, judgement, roles, choices }) => {
      const common = { act: "judge", stage, judgement, roles } as const;
      return choices ? { ...common, choices } : common;
    }),
    { act: paused ? "resume" : "pause" },
    ...(cancel ? [] : [{ act: "cancel" } as const]),
  ];
}
