import { parseDuration, type Phase, type Situation, type Strategy, type Want } from "@gennaker/core";
import { type CanaryStep, checkSteps, comparisons, stepOf } from "./canary-step.ts";
import { CANDIDATE_CHECKS } from "./candidate-checks.ts";
import { keep } from "./check-code.ts";
import { analysed, compared, CUT_OVER, cutOver, hasPast, inParts, PARTS, serves, soak } from "./cut-over.ts";
import { type CandidateOptions, checkOptions, flag } from "./options.ts";
import { gateOf, gatePhases, isPromotion } from "./gates.ts";
import { checkKept, KEEP_CHECKS, type KeepOptions, retire } from "./retire.ts";
import { nearestSplit, nearestTriple, percentFor } from "./sizes.ts";

/** What `canary` takes; `steps` is needed. */
export interface CanaryOptions extends Omit<CandidateOptions, "gate">, KeepOptions {
  /** At least one; the step to all of the traffic is added. */
  readonly steps: readonly CanaryStep[];
  /**
   * A baseline in every step that does not say otherwise: a group of stable's release that is started with the candidate,
   * has as many instances and as much traffic, and is gone when the candidate gets all of it. To compare like with like.
   * The provider must tell which release stable runs. Default false.
   */
  readonly baseline?: boolean;
}

const NAME = "canary";

/**
 * Gives the candidate a small part of the traffic first, then more in steps that take time, ask people or wait to be
 * promoted; then all of it. Until the end of the soak everything leads back to how things were.
 *
 * With weighted traffic the candidate grows with its weight, and stable keeps its size. With proportional traffic the
 * numbers of instances are the shares: each step takes the nearest share that they allow, and stable shrinks as the
 * candidate grows.
 *
 * Phases: canary 5 % → canary 25 % → … → full → (soak) → (verify) → (warm) → retire. Where nothing serves yet there is
 * nothing to compare with: launch → shift → (soak) → (verify).
 *
 * Works with weighted traffic, and with proportional traffic as long as no step gives a `size`.
 *
 * @throws ConfigurationError with all problems of the options
 * @example
 * deploy({ cluster, release, strategy: canary({ steps: [{ weight: 5, hold: "10m" }, { weight: 25, hold: "until-promoted" }] }) })
 */
export const canary: {
  (options: CanaryOptions): Strategy;
  /** The name under which it is recorded. */
  readonly strategy: string;
} = Object.assign(make, { strategy: NAME });

function make(options: CanaryOptions): Strategy {
  const { gate: _, ...common } = CANDIDATE_CHECKS;
  const checks = { steps: () => undefined, baseline: flag, ...common, ...KEEP_CHECKS };
  checkOptions(NAME, options, checks, (given) => [
    ...checkSteps(given.steps, given.baseline),
    ...checkKept(given),
  ]);
  const { size = "match", minHealthy = 100, onRollback = "destroy" } = options;
  const sized = options.steps.some((step) => stepOf(step).size !== undefined);
  return {
    name: NAME,
    version: 1,
    ...keep(NAME, options),
    size,
    modes: sized ? ["weighted"] : PARTS,
    rollout: (situation) => ({
      phases: [
        ...(serves(situation) ? steps(options, situation) : cutOver(options)),
        ...(hasPast(situation) ? retire(options, situation) : []),
      ],
      minHealthy,
      ...analysed(options, situation),
      onRollback,
    }),
  };
}

function steps(options: CanaryOptions, situation: Situation): readonly Phase[] {
  const common = { deadlineMs: parseDuration(options.deadline ?? "10m"), after: "back" } as const;
  const withBaseline = comparisons(options.steps, options.baseline);
  const first = withBaseline.indexOf(true);
  const parts = options.steps.flatMap((step, index) => {
    const has = withBaseline[index] === true;
    return phasesOf(step, has ? "there" : first >= 0 && index > first ? "gone" : "none", options, situation);
  });
  const { stable = 100 } = parts.at(-1)?.want ?? {};
  const want = { ...CUT_OVER, stable, ...(first >= 0 && { baseline: "gone" as const }) };
  return [...parts, { name: "full", want, ...common }, ...soak(options, { stable })];
}

function phasesOf(
  step: CanaryStep,
  baseline: "there" | "gone" | "none",
  { deadline = "10m" }: CanaryOptions,
  situation: Situation,
): readonly Phase[] {
  const { weight, hold = 0, gate } = stepOf(step);
  const name = `canary ${weight} %`;
  const holdMs = isPromotion(hold) ? 0 : parseDuration(hold);
  const phase = {
    want:
      baseline === "there"
        ? { ...sizesCompared(step, situation), traffic: compared(weight) }
        : {
            ...sizes(step, situation),
            ...(baseline === "gone" && { baseline }),
            traffic: inParts(weight),
          },
    ...(holdMs > 0 && { holdMs }),
    deadlineMs: parseDuration(deadline),
    after: "back" as const,
  };
  if (gate !== undefined) return gatePhases(name, gate, phase);
  return [{ name, ...phase, ...(isPromotion(hold) && { gate: gateOf(hold) }) }];
}

function sizes(step: CanaryStep, { stable, size, traffic }: Situation): Want {
  const { weight, size: own = weight } = stepOf(step);
  if (traffic !== "proportional") return { candidate: own, stable: 100 };
  const from = stable?.desired ?? 0;
  const split = nearestSplit(weight, Math.min(from, size));
  return { candidate: percentFor(split.candidate, size), stable: percentFor(split.stable, from) };
}

function sizesCompared(step: CanaryStep, { stable, size, traffic }: Situation): Want {
  const { weight, size: own = weight } = stepOf(step);
  if (traffic !== "proportional") return { candidate: own, baseline: own, stable: 100 };
  const from = stable?.desired ?? 0;
  const split = nearestTriple(weight, Math.min(from, size));
  const each = percentFor(split.candidate, size);
  return { candidate: each, baseline: each, stable: percentFor(split.stable, from) };
}
