import type { Phase, Strategy } from "../model/phase.ts";

/** The name under which an undo is recorded. */
export const UNDO = "undo";

const DEADLINE_MS = 600_000;

/** What can be chosen of an undo. */
interface UndoOptions {
  /** The group is gone: its release is brought up anew. */
  readonly recreate?: true;
}

/**
 * Grows the group that is brought back to full size, or a new one with its release; shifts all traffic to it at once, and
 * leaves the other one warm.
 */
export const undoFactory: ((options?: UndoOptions) => Strategy) & { readonly strategy: string } =
  Object.assign(({ recreate }: UndoOptions = {}) => (recreate ? RECREATE : REVIVE), { strategy: UNDO });

const REVIVE: Strategy = {
  name: UNDO,
  version: 1,
  options: {},
  size: "match",
  modes: ["weighted", "proportional", "switch"],
  rollout: () => ({ phases: phases("revive"), minHealthy: 100, onRollback: "keep" }),
};

const RECREATE: Strategy = {
  ...REVIVE,
  options: { recreate: true },
  rollout: () => ({ phases: phases("launch"), minHealthy: 100, onRollback: "destroy" }),
};

function phases(first: string): readonly Phase[] {
  const common = { deadlineMs: DEADLINE_MS, after: "back" } as const;
  return [
    { name: first, want: { candidate: 100 }, ...common },
    { name: "shift", want: { candidate: 100, traffic: { candidate: 100 } }, ...common },
  ];
}
