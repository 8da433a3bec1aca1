// What can happen in a run. This map is the log's format: old logs must replay for ever, so a type or a field is
// never renamed or re-used; a change of meaning is a new type.
import type { AdmissionPolicy } from "../model/concurrency.ts";
import type { Cluster } from "../model/cluster.ts";
import type { Json } from "../model/json.ts";
import type { Role, Rollout, SizeRule, TrafficMode } from "../model/phase.ts";
import type { Plan, PlannedStage } from "../model/plan.ts";

/** How a run ends. A rollback is an outcome, not an error. */
export type Outcome = "succeeded" | "rolled-back" | "cancelled" | "failed";

/** What a gate is told. */
export type Verdict = "pass" | "fail" | "inconclusive";

/** An error as it is recorded: redacted, without a stack. */
export interface RecordedError {
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
  readonly details?: { readonly [key: string]: Json };
}

/** A group as progress shows it. */
export interface GroupView {
  readonly name: string;
  readonly role: Role | "other";
  readonly desired: number;
  readonly healthy: number;
  readonly share: number;
  readonly problem?: string;
}

/** What a rollout says to the world, before the provider's token is added. */
export type RolloutCommand =
  | {
      readonly do: "create-group";
      readonly key: string;
      readonly size: number;
      /** Makes the baseline, of stable's release. Absent: the candidate. */
      readonly role?: "baseline";
    }
  | {
      readonly do: "scale-group";
      readonly group: string;
      readonly size: number;
      readonly condition?: Healthy;
    }
  | {
      readonly do: "set-traffic";
      readonly shares: Readonly<Record<string, number>>;
      readonly condition?: Healthy;
    }
  | { readonly do: "destroy-group"; readonly group: string; readonly condition?: Healthy };

/** See `Condition` of the provider port. */
export type Healthy = Readonly<
  Record<
    string,
    { readonly healthyAtLeast?: number; readonly shareAtMost?: number; readonly desiredAtMost?: number }
  >
>;

/** How a command ended. `unknown`: it may or may not have landed; `refused`: its condition did not hold. */
export type CommandResult = "acknowledged" | "refused" | "failed" | "unknown";

/** The run that took the place of another; `stage`: by which of its deploys. */
export interface SupersededBy {
  readonly run: string;
  readonly stage?: string;
  /** Who started that run. */
  readonly actor?: string;
}

/** The place among the runs under way that a run needs before it begins. */
export interface RunAdmission {
  /** Under which key it is counted. */
  readonly permit: string;
  readonly limit: number;
  readonly policy: AdmissionPolicy;
}

/** Every event's own fields, by type. Each event also has `id, run, seq, at, offset` and, if a person did it, `actor`. */
export interface EventMap {
  /** A run began; its shape and input are frozen here. */
  "run-started": {
    readonly plan: Plan;
    readonly input: Json;
    readonly idempotencyKey?: string;
    /** The stage that started it; only a reference, never a copy. */
    readonly parent?: { readonly run: string; readonly stage: string };
    /** The run of which it is a new start with the same input. */
    readonly restarts?: string;
    readonly reason?: string;
    /** Absent: it begins at once. */
    readonly admission?: RunAdmission;
  };
  /** All places are taken: the run waits for its turn; `position` 1 is next. */
  "run-queued": { readonly permit: string; readonly position: number };
  /** It is the run's turn. */
  "run-admitted": { readonly permit: string };
  /** The code of this run is not here: it waits until it is registered. */
  "run-parked": { readonly reason: string };
  /** The code of a parked run is here again. */
  "run-unparked": object;
  /** Nothing new is begun; clocks stand still. */
  "run-paused": { readonly reason?: string };
  /** A paused run goes on. */
  "run-resumed": { readonly reason?: string };
  /** Somebody wants the run to end: `graceful` takes the way back, `forced` stops and leaves things as they are. */
  "run-cancel-requested": {
    readonly mode: "graceful" | "forced";
    readonly reason?: string;
    readonly supersededBy?: SupersededBy;
  };
  /** The run took longer than its pipeline allows: nothing new is begun, what runs is stopped or takes its way back. */
  "run-timed-out": { readonly reason: string };
  /** A person has stages of a run that failed carried out anew: `from`, and all that is listed in `stages`. */
  "run-retried": { readonly from: string; readonly stages: readonly string[]; readonly reason?: string };
  /** Stages were added to the plan: one for each item of the list that `stage` found. */
  "plan-expanded": { readonly stage: string; readonly stages: readonly PlannedStage[] };
  /** The run ended. `left` lists what a forced cancel or a failure left behind. */
  "run-finished": {
    readonly outcome: Outcome;
    readonly reason?: string;
    readonly left?: readonly string[];
    readonly supersededBy?: SupersededBy;
  };

  /** A stage's input was made and recorded; the stage runs. */
  "stage-started": { readonly stage: string; readonly input: Json };
  /** A stage waits for its turn on a cluster; `position` 1 is next. */
  "stage-queued": { readonly stage: string; readonly permit: string; readonly position: number };
  /** It is the stage's turn. */
  "stage-admitted": { readonly stage: string; readonly permit: string };
  /** What a stage says of its own progress. */
  "stage-progressed": { readonly stage: string; readonly message: string; readonly ratio?: number };
  /** The value of a `step` inside a stage was recorded and is not computed again. */
  "stage-step-recorded": { readonly stage: string; readonly step: string; readonly value: Json };
  /** An attempt failed; the next one starts at `retryAt`. */
  "stage-retried": {
    readonly stage: string;
    readonly attempt: number;
    readonly error: RecordedError;
    readonly retryAt: number;
  };
  /** A stage ended well. */
  "stage-succeeded": { readonly stage: string; readonly output: Json };
  /** A stage ended badly. `rolledBack`: it undid what it had done. `left`: what the run below it has left. */
  "stage-failed": {
    readonly stage: string;
    readonly error: RecordedError;
    readonly rolledBack?: boolean;
    readonly left?: readonly string[];
  };
  /** A stage was stopped by a cancel. `rolledBack`: it undid what it had done. `left`: what the run below it has left. */
  "stage-cancelled": {
    readonly stage: string;
    readonly reason: string;
    readonly rolledBack?: boolean;
    readonly left?: readonly string[];
    readonly supersededBy?: SupersededBy;
  };
  /**
   * A newer run wants the cluster of this stage: what waits ends, a rollout takes its way back. Past its point of no
   * return it finishes, without its holds.
   */
  "stage-superseded": { readonly stage: string; readonly by: SupersededBy; readonly reason: string };
  /** A stage will not run, because of how the run went. */
  "stage-skipped": { readonly stage: string; readonly reason: string };
  /** A stage does not run, and what comes after it goes on: its condition did not hold, or a person skipped it. */
  "stage-bypassed": {
    readonly stage: string;
    readonly by: "condition" | "operator";
    readonly reason: string;
  };
  /** A stage took longer than it may and is being stopped: a rollout takes its way back, a run below it is cancelled. */
  "stage-timed-out": { readonly stage: string; readonly reason: string };
  /** A stage started another run, or found the one that it had started before. */
  "stage-run-started": { readonly stage: string; readonly child: string };
  /** Its windows are closed: it is looked at again at `until`. `opensAt`: when they open, as far as can be seen. */
  "stage-held": {
    readonly stage: string;
    readonly until: number;
    readonly reason: string;
    readonly opensAt?: number;
  };
  /** It is looked at again, and begins if its windows are open. */
  "stage-released": { readonly stage: string };
  /** A person lets it begin whatever its windows say. */
  "stage-windows-overridden": { readonly stage: string; readonly reason: string };
  /** A `wait` stage sleeps until this instant. */
  "wait-started": { readonly stage: string; readonly until: number };

  /** A person is asked. `judgement` identifies the question; a phase's question is not a stage's. */
  "judgement-requested": {
    readonly stage: string;
    readonly judgement: string;
    readonly roles: readonly string[];
    readonly instructions?: string;
    readonly phase?: string;
    readonly expiresAt?: number;
    /** So many different people must approve. Absent: one. */
    readonly approvals?: number;
    /** What can be chosen among, by whoever approves. */
    readonly choices?: readonly string[];
    /** Who may not answer: whoever started the run. */
    readonly excludes?: string;
    /** What silence until `expiresAt` means. Absent: a fail. */
    readonly onTimeout?: "fail" | "pass";
    /** Where the candidate can be looked at before it has traffic. */
    readonly preview?: string;
  };
  /** A person approved, and more have to. */
  "judgement-approved": {
    readonly stage: string;
    readonly judgement: string;
    readonly choice?: string;
    readonly reason?: string;
  };
  /** A person answered, and that decides. */
  "judgement-answered": {
    readonly stage: string;
    readonly judgement: string;
    readonly verdict: Verdict;
    readonly choice?: string;
    readonly reason?: string;
  };
  /** Nobody answered in time. A phase's gate says what that means: a fail, or (`onTimeout`) a pass. */
  "judgement-expired": { readonly stage: string; readonly judgement: string };

  /** A rollout's phases are frozen, before anything is changed. */
  "rollout-planned": {
    readonly stage: string;
    readonly cluster: Cluster;
    readonly strategy: string;
    readonly key: string;
    /** The group that is brought back, instead of a new one being made. */
    readonly revives?: string;
    /** 2 when its stage was retried by a person once, and so on: its group, its commands and its questions are other ones. */
    readonly round?: number;
    readonly release: Json;
    readonly traffic: TrafficMode;
    readonly sizeRule: SizeRule;
    readonly size: number;
    /** As things were, to come back to; absent at a first deploy. `traffic`: shares of all groups by name. */
    readonly before?: {
      readonly group: string;
      readonly desired: number;
      readonly share: number;
      readonly traffic: Readonly<Record<string, number>>;
    };
    readonly rollout: Rollout;
    /** Some phase wants a baseline: the key of its group. */
    readonly baseline?: { readonly key: string };
  };
  /** The rollout took the cluster; what spoke for it before can no longer change anything. */
  "rollout-claimed": { readonly stage: string; readonly epoch: number };
  /** A phase began. */
  "rollout-phase-started": {
    readonly stage: string;
    readonly phase: string;
    readonly index: number;
    readonly direction: "forward" | "back";
  };
  /** The phase's want is met; its hold runs. */
  "rollout-phase-reached": { readonly stage: string; readonly phase: string };
  /** The phase's want is no longer met; its hold starts over when it is met again. */
  "rollout-phase-lost": { readonly stage: string; readonly phase: string; readonly reason: string };
  /** A person skipped a phase's hold and gate; or, without an actor, a promotion gate's time was over. */
  "rollout-phase-promoted": { readonly stage: string; readonly phase: string; readonly reason?: string };
  /** A person skipped all holds, gates and checks that are left on the way out; never health. */
  "rollout-promoted-fully": { readonly stage: string; readonly reason?: string };
  /**
   * Stable, still in charge, was scaled up to `stable` instances: so many it gets on the way back. `size`: how large the
   * candidate must be now.
   */
  "rollout-size-raised": { readonly stage: string; readonly size: number; readonly stable: number };
  /** The candidate's group is there. */
  "rollout-candidate-found": { readonly stage: string; readonly group: string };
  /** The baseline's group is there. */
  "rollout-baseline-found": { readonly stage: string; readonly group: string };
  /** The baseline's group is not there any more: it was dropped, or somebody else removed it. */
  "rollout-baseline-gone": { readonly stage: string; readonly group: string };
  /** The candidate can be reached at this address, whatever its share of the traffic. */
  "rollout-preview-available": { readonly stage: string; readonly group: string; readonly address: string };
  /**
   * A check began to be measured: the gate of a phase, or one in the background, by its number. `gate` identifies it:
   * measurements of another one do not count. It ends without a verdict when its phase or the way out does.
   */
  "check-opened": {
    readonly stage: string;
    readonly gate: string;
    readonly check: string;
    readonly input?: Json;
    readonly phase?: string;
    readonly background?: number;
  };
  /** A measurement ended. `error`: it could not be made, and is repeated. */
  "check-measured": {
    readonly stage: string;
    readonly gate: string;
    /** 1, 2, 3 … within its gate. */
    readonly measurement: number;
    readonly verdict: Verdict | "error";
    readonly reason?: string;
    readonly data?: Json;
    readonly error?: RecordedError;
  };
  /** What a check's measurements came to. */
  "check-closed": {
    readonly stage: string;
    readonly gate: string;
    readonly verdict: Verdict;
    readonly reason?: string;
  };
  /** A command is about to be said. */
  "rollout-command-sent": {
    readonly stage: string;
    readonly command: string;
    readonly epoch: number;
    readonly body: RolloutCommand;
  };
  /** How a command ended. */
  "rollout-command-settled": {
    readonly stage: string;
    readonly command: string;
    readonly result: CommandResult;
    readonly error?: RecordedError;
  };
  /** Traffic was seen to have moved. By group name. */
  "traffic-shifted": { readonly stage: string; readonly shares: Readonly<Record<string, number>> };
  /** What the rollout sees, when it changed. Says nothing to the machine. */
  "rollout-observed": { readonly stage: string; readonly groups: readonly GroupView[] };
  /** The rollout stands still until it is resumed: a verdict was inconclusive. */
  "rollout-paused": { readonly stage: string; readonly reason: string };
  /** From here the rollout takes the way back. */
  "rollout-turned-back": { readonly stage: string; readonly reason: string; readonly cancelled: boolean };
  /** The rollout ended. `watching`: traffic is not where it should be, and the rollout goes on trying to heal that. */
  "rollout-finished": {
    readonly stage: string;
    readonly outcome: Outcome;
    readonly reason?: string;
    readonly watching: boolean;
  };
  /** A failed rollout that went on watching could put things right after all. */
  "rollout-healed": { readonly stage: string };

  /** From here on a pipeline refuses to start, with this reason. */
  "pipeline-disabled": { readonly pipeline: string; readonly reason: string };
  /** A disabled pipeline starts again. */
  "pipeline-enabled": { readonly pipeline: string; readonly reason?: string };
}

/** The type of an event. */
export type EventType = keyof EventMap;

/** An event before it is in the log. */
export type NewEvent<T extends EventType = EventType> = {
  readonly [K in T]: { readonly type: K; readonly at: number; readonly actor?: string } & EventMap[K];
}[T];

/** A fact in the log of a run. */
export type Event<T extends EventType = EventType> = {
  readonly [K in T]: {
    readonly type: K;
    /** `run/seq`: unique, and the same on every reading. */
    readonly id: string;
    readonly run: string;
    /** 0, 1, 2 … within the run. */
    readonly seq: number;
    /** Grows over all runs of one engine; where `events({ from })` resumes. */
    readonly offset: number;
    /** Milliseconds since 1970. */
    readonly at: number;
    /** Who did it, if a person or a bot did. */
    readonly actor?: string;
  } & EventMap[K];
}[T];
