import { parseDuration, type Phase, type Situation, type Strategy } from "@gennaker/core";
import { CANDIDATE_CHECKS } from "./candidate-checks.ts";
import { keep } from "./check-code.ts";
import { ANY_TRAFFIC, analysed, CUT_OVER, cutOver, hasPast } from "./cut-over.ts";
import { type CandidateOptions, checkOptions } from "./options.ts";

/** What `highlander` takes; all optional. */
export type HighlanderOptions = CandidateOptions;

const NAME = "highlander";

/**
 * There can be only one: launches a candidate beside stable, moves all traffic to it at once, then destroys every
 * older group. After that there is nothing to go back to; give it a `soak`.
 *
 * Phases: launch → (approve) → shift → (soak) → (verify) → destroy.
 *
 * @throws ConfigurationError with all problems of the options
 * @example
 * deploy({ cluster, release, strategy: highlander({ soak: "5m" }) })
 */
export const highlander: {
  (options?: HighlanderOptions): Strategy;
  /** The name under which it is recorded. */
  readonly strategy: string;
} = Object.assign(make, { strategy: NAME });

function make(options: HighlanderOptions = {}): Strategy {
  checkOptions(NAME, options, CANDIDATE_CHECKS);
  const { size = "match", minHealthy = 100, onRollback = "destroy" } = options;
  return {
    name: NAME,
    version: 1,
    ...keep(NAME, options),
    size,
    modes: ANY_TRAFFIC,
    rollout: (situation) => ({
      phases: [...cutOver(options), ...(hasPast(situation) ? [destroy(options, situation)] : [])],
      minHealthy,
      ...analysed(options, situation),
      onRollback,
    }),
  };
}

function destroy({ deadline = "10m" }: HighlanderOptions, { stable }: Situation): Phase {
  return {
    name: "destroy",
    want: { ...CUT_OVER, ...(stable && { stable: "gone" as const }), others: { warm: 0, keep: 0 } },
    deadlineMs: parseDuration(deadline),
    after: "forward",
  };
}
