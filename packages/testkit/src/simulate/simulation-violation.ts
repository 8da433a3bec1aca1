import type { Invariant } from "../cloud/violation.ts";

/** Every invariant that a simulation watches. Those of single commands are the cloud's; these are said of whole runs. */
export const RUN_INVARIANTS = {
  "one-rollout-per-cluster": "at most one rollout acts on a cluster",
  "rolled-back-as-before": "rolled back means: traffic and size as they were, candidate and baseline gone",
  "baseline-is-comparison": "a baseline runs the release of stable, and is gone when its rollout is over",
  "runs-within-limit": "no more runs are under way than their pipeline allows, and none before its turn",
  "answers-as-asked":
    "a judgement is decided by so many different people as it asks for, and none that may not",
  "begins-in-windows": "no stage begins while its windows are closed, unless a person let it",
  "ends-as-ruled": "every run ends as the one documented rule says",
  "every-run-ends": "with faults stopped, every run comes to an end",
  "lands-once": "every result, answer and step is recorded once, and nothing after the end",
  "acknowledged-is-recorded": "what a person was told is done is in the log",
} as const;

/** Name of an invariant. */
export type SimulationInvariant = Invariant | keyof typeof RUN_INVARIANTS;

/** An invariant that did not hold. */
export interface SimulationViolation {
  readonly invariant: SimulationInvariant;
  /** When, in milliseconds since 1970. */
  readonly at: number;
  readonly message: string;
  /** The seed that shows it again. */
  readonly seed: number;
  /** What happened just before: events, commands as they landed, kills, people. */
  readonly trace: string;
}
