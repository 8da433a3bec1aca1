import type { Strategy } from "@gennaker/core";
import { CANDIDATE_CHECKS } from "./candidate-checks.ts";
import { keep } from "./check-code.ts";
import { ANY_TRAFFIC, analysed, cutOver, hasPast } from "./cut-over.ts";
import { type CandidateOptions, checkOptions } from "./options.ts";
import { checkKept, KEEP_CHECKS, type KeepOptions, retire } from "./retire.ts";

/** What `redBlack` takes; all optional. */
export interface RedBlackOptions extends CandidateOptions, KeepOptions {}

const NAME = "red-black";

/**
 * Launches a candidate beside stable, moves all traffic to it at once, and keeps stable for a way back.
 *
 * Phases: launch → (approve) → shift → (soak) → (verify) → (warm) → retire. Until then everything leads back to
 * how things were; nothing is retired or destroyed before.
 *
 * @throws ConfigurationError with all problems of the options
 * @example
 * deploy({ cluster, release, strategy: redBlack({ soak: "10m", keepWarm: 1 }) })
 */
export const redBlack: {
  (options?: RedBlackOptions): Strategy;
  /** The name under which it is recorded. */
  readonly strategy: string;
} = Object.assign(make, { strategy: NAME });

function make(options: RedBlackOptions = {}): Strategy {
  checkOptions(NAME, options, { ...CANDIDATE_CHECKS, ...KEEP_CHECKS }, checkKept);
  const { size = "match", minHealthy = 100, onRollback = "destroy" } = options;
  return {
    name: NAME,
    version: 1,
    ...keep(NAME, options),
    size,
    modes: ANY_TRAFFIC,
    rollout: (situation) => ({
      phases: [...cutOver(options), ...(hasPast(situation) ? retire(options, situation) : [])],
      minHealthy,
      ...analysed(options, situation),
      onRollback,
    }),
  };
}
