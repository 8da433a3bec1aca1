import type { Deployment } from "./deployments.ts";
import { type Spread, spreadOf } from "./spread.ts";

/** From an instant, and up to one that is not in it; milliseconds since 1970. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

/**
 * The four figures of DORA for a window. A deployment counts where it ended. An undo is no deployment of its own: it makes
 * the one before it a failed change. A cancelled rollout says nothing about its change, and does not count.
 */
export interface DeploymentFigures {
  /** Rollouts that brought something new, and ended well. */
  readonly deployments: number;
  readonly deploymentsPerDay: number;
  /** Milliseconds from the commit to the end of its rollout; of those deployments whose run's input says when the commit was. */
  readonly leadTime?: Spread;
  /** Rollouts that brought something new, and ended; well or badly. */
  readonly changes: number;
  /** Those of them that were rolled back, failed, or were undone later. */
  readonly failedChanges: number;
  /** Failed changes among the changes, 0–1; absent without changes. */
  readonly changeFailureRate?: number;
  /**
   * Milliseconds until it was good again: from the turn to the end of the way back; from a failure to its healing or the
   * next rollout of the cluster that ended well; from the beginning of an undo to its end.
   */
  readonly timeToRestore?: Spread;
  /** Failed changes after which it is not good again yet. */
  readonly unrestored: number;
}

const DAY_MS = 86_400_000;

/** The figures of a window. Give also what came after it: a later undo makes a change a failed one. */
export function figuresOf(all: readonly Deployment[], window: Window): DeploymentFigures {
  const ended = all.filter(isEnded).toSorted((a, b) => a.finishedAt - b.finishedAt);
  const changes = ended.filter(
    ({ undo, outcome, finishedAt }) => !undo && outcome !== "cancelled" && isWithin(finishedAt, window),
  );
  const deployments = changes.filter(({ outcome }) => outcome === "succeeded");
  const failures = changes.flatMap((change) => failureOf(change, ended) ?? []);
  const leadTime = spreadOf(
    deployments.flatMap(({ finishedAt, committedAt }) =>
      committedAt === undefined ? [] : [Math.max(0, finishedAt - committedAt)],
    ),
  );
  const timeToRestore = spreadOf(failures.flatMap(({ restoredMs }) => restoredMs ?? []));
  return {
    deployments: deployments.length,
    deploymentsPerDay: deployments.length / Math.max((window.to - window.from) / DAY_MS, Number.EPSILON),
    changes: changes.length,
    failedChanges: failures.length,
    unrestored: failures.filter(({ restoredMs }) => restoredMs === undefined).length,
    ...(leadTime && { leadTime }),
    ...(changes.length > 0 && { changeFailureRate: failures.length / changes.length }),
    ...(timeToRestore && { timeToRestore }),
  };
}

type Ended = Deployment & Required<Pick<Deployment, "finishedAt" | "outcome">>;

function isEnded(deployment: Deployment): deployment is Ended {
  return deployment.finishedAt !== undefined && deployment.outcome !== undefined;
}

function isWithin(instant: number, { from, to }: Window): boolean {
  return instant >= from && instant < to;
}

/** How a change failed, and how long it took until it was good again; undefined when it did not fail. */
function failureOf(
  change: Ended,
  all: readonly Ended[],
): { readonly restoredMs: number | undefined } | undefined {
  const { outcome, finishedAt, turnedBackAt = finishedAt, healedAt } = change;
  if (outcome === "rolled-back") return { restoredMs: Math.max(0, finishedAt - turnedBackAt) };
  const later = all.filter((other) => other.cluster === change.cluster && other.finishedAt > finishedAt);
  const next = later.find((other) => other.outcome === "succeeded");
  if (outcome === "failed") {
    const restoredAt = healedAt ?? next?.finishedAt;
    return { restoredMs: restoredAt === undefined ? undefined : restoredAt - finishedAt };
  }
  // It ended well, and the next thing that worked on its cluster was to take it back.
  return next?.undo ? { restoredMs: next.finishedAt - next.startedAt } : undefined;
}
