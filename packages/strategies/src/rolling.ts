import {
  type Duration,
  parseDuration,
  type Phase,
  type Rollout,
  type Situation,
  type Strategy,
  type Want,
} from "@gennaker/core";
import { type Batch, type BatchOptions, batchesOf, healthyOf } from "./batches.ts";
import { CANDIDATE_CHECKS } from "./candidate-checks.ts";
import { keep } from "./check-code.ts";
import { analysed, cutOver, hasPast, inParts, PARTS, serves, soak } from "./cut-over.ts";
import { type CandidateOptions, type Check, checkOptions, count, duration, quote } from "./options.ts";
import { retire } from "./retire.ts";
import { percentFor, shareOf } from "./sizes.ts";

/** What `rolling` takes; all optional. */
export interface RollingOptions extends Omit<CandidateOptions, "gate">, Partial<BatchOptions> {
  /**
   * Instances that may exist above the size: a number, or a percentage of the size, rounded up. Default `"25%"`.
   */
  readonly maxSurge?: number | `${number}%`;
  /**
   * Instances that may be missing below the size: a number, or a percentage of the size, rounded down. Default 0.
   * Where this and `maxSurge` come to 0, it is 1; at least one instance always serves.
   */
  readonly maxUnavailable?: number | `${number}%`;
  /** How long each batch must stay well before the next one. Default `"0s"`. */
  readonly pause?: Duration;
  /** So many previous groups remain, stable counted, without instances; the rest is destroyed. Default 2. */
  readonly keep?: number;
}

const NAME = "rolling";

/**
 * Replaces instances in batches: a batch of candidates, their part of the traffic, as many instances of stable less,
 * and so on. On the way out never more than size + `maxSurge` instances exist and never fewer than size −
 * `maxUnavailable` serve, by our doing; the way back brings stable up to its size at once, beside the candidate.
 *
 * Phases: (make room) → batch 1 → batch 2 → … → (soak) → (verify) → retire. Where nothing serves yet:
 * launch → shift → (soak) → (verify).
 *
 * Works with weighted and proportional traffic; switch is refused, since a batch needs its part of the traffic.
 *
 * @throws ConfigurationError with all problems of the options
 * @example
 * deploy({ cluster, release, strategy: rolling({ maxSurge: 1, pause: "30s" }) })
 */
export const rolling: {
  (options?: RollingOptions): Strategy;
  /** The name under which it is recorded. */
  readonly strategy: string;
} = Object.assign(make, { strategy: NAME });

function make(options: RollingOptions = {}): Strategy {
  const { gate: _, ...common } = CANDIDATE_CHECKS;
  const own = { maxSurge: bound, maxUnavailable: bound, pause: duration, keep: count };
  checkOptions(NAME, options, { ...common, ...own });
  const { size = "match", minHealthy = 100, onRollback = "destroy" } = options;
  return {
    name: NAME,
    version: 1,
    ...keep(NAME, options),
    size,
    modes: PARTS,
    rollout: (situation) => {
      const { phases, ...floor } = serves(situation)
        ? roll(options, situation)
        : { phases: cutOver(options) };
      const past = hasPast(situation) ? retire(options, situation) : [];
      const beside = analysed(options, situation);
      return { phases: [...phases, ...past], minHealthy, ...floor, ...beside, onRollback };
    },
  };
}

function roll(options: RollingOptions, situation: Situation): Pick<Rollout, "phases" | "floor"> {
  const { maxSurge = "25%", maxUnavailable = 0, minHealthy = 100 } = options;
  const from = situation.stable?.desired ?? 0;
  const { list, least } = batchesOf(from, situation.size, { maxSurge, maxUnavailable });
  return {
    phases: [
      ...list.map((batch, index) => phaseOf(batch, index, list, options, situation)),
      ...soak(options, { stable: 0 }),
    ],
    floor: percentFor(healthyOf(least, minHealthy), Math.min(from, situation.size)),
  };
}

function phaseOf(
  batch: Batch,
  index: number,
  list: readonly Batch[],
  { pause = 0, deadline = "10m" }: RollingOptions,
  situation: Situation,
): Phase {
  const room = list[0]?.candidate === 0;
  const holdMs = index + 1 < list.length ? parseDuration(pause) : 0;
  return {
    name: room && index === 0 ? "make room" : `batch ${room ? index : index + 1}`,
    want: wantOf(batch, situation),
    ...(holdMs > 0 && { holdMs }),
    deadlineMs: parseDuration(deadline),
    after: "back",
  };
}

function wantOf(batch: Batch, { stable, size }: Situation): Want {
  const left = { stable: percentFor(batch.stable, stable?.desired ?? 0) };
  if (batch.candidate === 0) return left;
  const candidate = percentFor(batch.candidate, size);
  return { candidate, traffic: inParts(wholeShare(batch)), ...left };
}

// Whoever is there gets a part, however small.
function wholeShare(batch: Batch): number {
  const share = Math.max(1, Math.round(shareOf(batch)));
  return batch.stable > 0 ? Math.min(99, share) : share;
}

const bound: Check = (value) => {
  const percent = typeof value === "string" ? /^(\d+(?:\.\d+)?)%$/.exec(value)?.[1] : undefined;
  const good =
    percent === undefined ? Number.isInteger(value) && (value as number) >= 0 : Number(percent) <= 100;
  return good ? undefined : `${quote(value)} is not a number of instances (write 1 or "25%")`;
};
