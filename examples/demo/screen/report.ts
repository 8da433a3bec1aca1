import type { Outcome } from "@gennaker/core";
import type { Tally } from "../load/tally.ts";
import type { Progress } from "./progress.ts";

/** How it went, for programs. */
export interface Report {
  readonly outcome: Outcome;
  readonly strategy: string;
  /** `sickAnswers`: errors that the version under test answered itself; they are not among `failed`. */
  readonly requests: { readonly sent: number; readonly failed: number; readonly sickAnswers: number };
  /** How often the orchestrator was killed. */
  readonly crashes: number;
  readonly durationMs: number;
  /** The phases that were planned before it began. */
  readonly planned: readonly string[];
  readonly phases: readonly { readonly name: string; readonly ms: number }[];
  /** Good answers by version. */
  readonly traffic: { readonly v1: number; readonly v2: number };
}

/** Sums a rollout up that is over. */
export function report(
  progress: Progress,
  load: Tally,
  { strategy, crashes, planned }: Pick<Report, "strategy" | "crashes" | "planned">,
): Report {
  const { startedAt = 0, finishedAt = startedAt, outcome = "failed", phases } = progress;
  const { sent, failed, sick, versions } = load;
  return {
    outcome,
    strategy,
    requests: { sent, failed, sickAnswers: sick },
    crashes,
    durationMs: finishedAt - startedAt,
    planned,
    phases: phases.flatMap(({ name, startedAt: from, endedAt: to }) =>
      from === undefined || to === undefined ? [] : [{ name, ms: to - from }],
    ),
    traffic: { v1: versions["v1"] ?? 0, v2: versions["v2"] ?? 0 },
  };
}
