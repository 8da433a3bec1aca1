import {
  type Duration,
  type Json,
  parseDuration,
  type Phase,
  type Situation,
  type Strategy,
  type Want,
} from "@gennaker/core";
import { ANY_TRAFFIC, CUT_OVER, cutOver, hasPast } from "./cut-over.ts";
import { CANDIDATE_CHECKS, type CandidateOptions, checkOptions, count, duration } from "./options.ts";

/** What `redBlack` takes; all optional. */
export interface RedBlackOptions extends CandidateOptions {
  /** How long stable keeps its instances after the soak; the cut-over can no longer be cancelled then. Default `"0s"`. */
  readonly scaleDownDelay?: Duration;
  /** So many previous groups keep their instances, stable counted, for an undo in seconds. Default 0. */
  readonly keepWarm?: number;
  /** So many previous groups remain at all, stable counted; the rest is destroyed. Default 2. */
  readonly keep?: number;
}

const NAME = "red-black";

/**
 * Launches a candidate beside stable, moves all traffic to it at once, and keeps stable for a way back.
 *
 * Phases: launch → (approve) → shift → (soak) → (warm) → retire. Until the end of the soak everything leads back to
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
  checkOptions(
    NAME,
    options,
    { ...CANDIDATE_CHECKS, scaleDownDelay: duration, keepWarm: count, keep: count },
    [...checkKept(options)],
  );
  const { size = "match", minHealthy = 100, onRollback = "destroy" } = options;
  return {
    name: NAME,
    version: 1,
    options: options as Json,
    size,
    modes: ANY_TRAFFIC,
    rollout: (situation) => ({
      phases: [...cutOver(options), ...(hasPast(situation) ? retire(options, situation) : [])],
      minHealthy,
      onRollback,
    }),
  };
}

function checkKept({ keepWarm = 0, keep = 2 }: RedBlackOptions): readonly string[] {
  return keepWarm > keep
    ? [`keepWarm: ${keepWarm} is more than keep, ${keep} (write keep: ${keepWarm} as well)`]
    : [];
}

function retire(options: RedBlackOptions, situation: Situation): readonly Phase[] {
  const delayMs = parseDuration(options.scaleDownDelay ?? 0);
  const common = { deadlineMs: parseDuration(options.deadline ?? "10m"), after: "forward" } as const;
  return [
    ...(delayMs > 0 ? [{ name: "warm", want: CUT_OVER, holdMs: delayMs, ...common }] : []),
    { name: "retire", want: { ...CUT_OVER, ...past(options, situation) }, ...common },
  ];
}

// Stable is the newest of the previous groups; the older ones share what it leaves of both numbers.
function past({ keepWarm = 0, keep = 2 }: RedBlackOptions, { stable }: Situation): Want {
  if (!stable) return { others: { warm: keepWarm, keep } };
  const others = { warm: Math.max(0, keepWarm - 1), keep: Math.max(0, keep - 1) };
  if (keepWarm > 0) return { others };
  return { stable: keep > 0 ? 0 : "gone", others };
}
