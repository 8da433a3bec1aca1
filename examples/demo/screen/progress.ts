import type { Event, GroupView, Outcome, Want } from "@gennaker/core";

/** A phase as it went so far. Instants are those of its events. */
export interface PhaseProgress {
  readonly name: string;
  readonly direction: "forward" | "back";
  /** Absent on the way back: its wants are the rollout's own affair. */
  readonly want?: Want;
  readonly holdMs: number;
  readonly startedAt?: number;
  /** Since when its want is met; absent while it is not. */
  readonly reachedAt?: number;
  readonly endedAt?: number;
  /** The rollout turned back here. */
  readonly broken?: true;
  /** A person skipped its hold. */
  readonly promoted?: true;
}

/** A rollout as its events tell it. */
export interface Progress {
  /** The run that it is about. */
  readonly run?: string;
  readonly startedAt?: number;
  readonly finishedAt?: number;
  readonly pausedAt?: number;
  readonly cluster: string;
  readonly stable?: string;
  readonly candidate?: string;
  readonly size: number;
  readonly phases: readonly PhaseProgress[];
  readonly groups: readonly GroupView[];
  readonly shares: Readonly<Record<string, number>>;
  /** When the candidate got traffic for the first time, and when it had none again. */
  readonly exposedAt?: number;
  readonly shieldedAt?: number;
  readonly turned?: string;
  readonly outcome?: Outcome;
  readonly reason?: string;
  readonly left?: readonly string[];
  /** Events seen; the next one has this `seq`. */
  readonly seen: number;
}

/** Before the first event. */
export const NO_PROGRESS: Progress = { cluster: "", size: 0, phases: [], groups: [], shares: {}, seen: 0 };

/** The rollout after one more event of its run. */
export function follow(progress: Progress, event: Event): Progress {
  const before = event.type === "run-resumed" ? resume(progress, event.at) : progress;
  return { ...before, ...changed(before, event), run: event.run, seen: event.seq + 1 };
}

function changed(progress: Progress, event: Event): Partial<Progress> {
  const { phases } = progress;
  switch (event.type) {
    case "run-started":
      return { startedAt: event.at };
    case "rollout-planned":
      return planned(event);
    case "rollout-candidate-found":
      return { candidate: event.group };
    case "rollout-phase-started":
      return { phases: startPhase(phases, event) };
    case "rollout-phase-reached":
      return { phases: current(phases, (phase) => ({ ...phase, reachedAt: event.at })) };
    case "rollout-phase-lost":
      return { phases: current(phases, lose) };
    case "rollout-phase-promoted":
      return { phases: current(phases, (phase) => ({ ...phase, promoted: true })) };
    case "rollout-observed":
      return { groups: event.groups };
    case "traffic-shifted":
      return { shares: event.shares, ...exposure(progress, event) };
    case "rollout-turned-back":
      return { turned: event.reason, phases: turn(phases, event.at) };
    case "run-paused":
      return { pausedAt: event.at };
    case "rollout-finished":
      return {
        outcome: event.outcome,
        phases: current(phases, (phase) => ({ ...phase, endedAt: event.at })),
        ...(event.reason !== undefined && { reason: event.reason }),
      };
    case "run-finished":
      return {
        outcome: event.outcome,
        finishedAt: event.at,
        ...(event.reason !== undefined && { reason: event.reason }),
        ...(event.left && { left: event.left }),
      };
    default:
      return {};
  }
}

function planned({ cluster, before, size, rollout }: Event<"rollout-planned">): Partial<Progress> {
  return {
    cluster: cluster.name,
    size,
    ...(before && { stable: before.group, shares: before.traffic }),
    phases: rollout.phases.map(({ name, want, holdMs = 0 }) => ({
      name,
      direction: "forward",
      want,
      holdMs,
    })),
  };
}

function startPhase(
  phases: readonly PhaseProgress[],
  { phase: name, direction, at }: Event<"rollout-phase-started">,
): readonly PhaseProgress[] {
  const before = current(phases, (phase) => ({ ...phase, endedAt: at }));
  if (direction === "back") return [...before, { name, direction, holdMs: 0, startedAt: at }];
  const start = (phase: PhaseProgress): PhaseProgress => ({ ...phase, startedAt: at });
  return before.map((phase) => (phase.name === name ? start(phase) : phase));
}

/** Changes the phase that is under way. */
function current(
  phases: readonly PhaseProgress[],
  change: (phase: PhaseProgress) => PhaseProgress,
): readonly PhaseProgress[] {
  return phases.map((phase) =>
    phase.startedAt !== undefined && phase.endedAt === undefined ? change(phase) : phase,
  );
}

function lose({ reachedAt: _reachedAt, ...phase }: PhaseProgress): PhaseProgress {
  return phase;
}

// What was still to come will not come.
function turn(phases: readonly PhaseProgress[], at: number): readonly PhaseProgress[] {
  return current(phases, (phase) => ({ ...phase, endedAt: at, broken: true })).filter(
    ({ startedAt }) => startedAt !== undefined,
  );
}

// Clocks stood still: a hold that runs began later by as much.
function resume({ pausedAt, ...progress }: Progress, at: number): Progress {
  const stood = at - (pausedAt ?? at);
  const later = (phase: PhaseProgress): PhaseProgress =>
    phase.reachedAt === undefined ? phase : { ...phase, reachedAt: phase.reachedAt + stood };
  return { ...progress, phases: current(progress.phases, later) };
}

function exposure(
  { candidate, exposedAt }: Progress,
  { shares, at }: Event<"traffic-shifted">,
): Partial<Progress> {
  const share = candidate === undefined ? 0 : (shares[candidate] ?? 0);
  if (share > 0) return exposedAt === undefined ? { exposedAt: at } : {};
  return exposedAt === undefined ? {} : { shieldedAt: at };
}
