import {
  type Duration,
  parseDuration,
  type Phase,
  type Situation,
  type Strategy,
  type Want,
} from "@gennaker/core";
import { CANDIDATE_CHECKS } from "./candidate-checks.ts";
import { keep } from "./check-code.ts";
import {
  ANY_TRAFFIC,
  analysed,
  CUT_OVER,
  cutOver,
  hasPast,
  inParts,
  PARTS,
  serves,
  soak,
} from "./cut-over.ts";
import { type CandidateOptions, checkOptions, duration, quote } from "./options.ts";
import { gatePhases, gates, type Gates } from "./gates.ts";
import { checkKept, KEEP_CHECKS, type KeepOptions, retire } from "./retire.ts";

/** What `rollingRedBlack` takes; all optional. */
export interface RollingRedBlackOptions extends Omit<CandidateOptions, "gate">, KeepOptions {
  /** Steps in whole percent of size and traffic, rising; 100 is added where it is not the last. Default `[10, 50]`. */
  readonly percentages?: readonly number[];
  /** How long the candidate must be healthy in each step before its part of the traffic comes. Default `"0s"`. */
  readonly pause?: Duration;
  /** Asked or measured in each step after the pause, before its part of the traffic comes. Default: nothing. */
  readonly validate?: Gates;
}

const NAME = "rolling-red-black";

/**
 * Red/black in steps: the candidate grows to a percentage of its size, is looked at, and only then gets that percentage
 * of the traffic. Stable keeps its size until the end, so that the way back needs no new instances; only where traffic
 * is proportional does it shrink as the candidate grows, since there the numbers of instances are the shares.
 *
 * Phases: for each percentage grow → (validate) → shift; then (soak) → (verify) → (warm) → retire. Where nothing serves
 * yet: launch → (approve) → shift → (soak) → (verify).
 *
 * Works with weighted and proportional traffic, and with switch where `percentages` is `[100]`.
 *
 * @throws ConfigurationError with all problems of the options
 * @example
 * deploy({ cluster, release, strategy: rollingRedBlack({ percentages: [10, 50], pause: "5m" }) })
 */
export const rollingRedBlack: {
  (options?: RollingRedBlackOptions): Strategy;
  /** The name under which it is recorded. */
  readonly strategy: string;
} = Object.assign(make, { strategy: NAME });

function make(options: RollingRedBlackOptions = {}): Strategy {
  const { gate: _, ...common } = CANDIDATE_CHECKS;
  const own = { percentages: rising, pause: duration, validate: gates };
  checkOptions(NAME, options, { ...common, ...own, ...KEEP_CHECKS }, checkKept);
  const { size = "match", minHealthy = 100, onRollback = "destroy" } = options;
  return {
    name: NAME,
    version: 1,
    ...keep(NAME, options),
    size,
    modes: steps(options).length === 1 ? ANY_TRAFFIC : PARTS,
    rollout: (situation) => ({
      phases: [
        ...(serves(situation) ? roll(options, situation) : cutOver({ ...options, gate: options.validate })),
        ...(hasPast(situation) ? retire(options, situation) : []),
      ],
      minHealthy,
      ...analysed(options, situation),
      onRollback,
    }),
  };
}

function steps({ percentages = [10, 50] }: RollingRedBlackOptions): readonly number[] {
  return percentages.at(-1) === 100 ? percentages : [...percentages, 100];
}

function roll(options: RollingRedBlackOptions, situation: Situation): readonly Phase[] {
  const all = steps(options);
  const phases = all.flatMap((percent, index) => step(percent, all[index - 1] ?? 0, options, situation));
  return [...phases, ...soak(options, stableAfter(all.at(-2) ?? 0, situation))];
}

function step(
  percent: number,
  before: number,
  { pause = 0, validate, deadline = "10m" }: RollingRedBlackOptions,
  situation: Situation,
): readonly Phase[] {
  const common = { deadlineMs: parseDuration(deadline), after: "back" } as const;
  const traffic = before > 0 ? { traffic: inParts(before) } : {};
  const grown: Want = { candidate: percent, ...stableAfter(before, situation), ...traffic };
  const rest = percent === 100 ? before : percent;
  const shifted: Want = { candidate: percent, ...stableAfter(rest, situation), traffic: inParts(percent) };
  const holdMs = parseDuration(pause);
  return [
    { name: `grow ${percent} %`, want: grown, ...(holdMs > 0 && { holdMs }), ...common },
    ...(validate ? gatePhases(`validate ${percent} %`, validate, { want: grown, ...common }) : []),
    { name: `shift ${percent} %`, want: percent === 100 ? { ...shifted, ...CUT_OVER } : shifted, ...common },
  ];
}

// Named in every phase, so that stable is scaled up again when somebody takes instances away.
function stableAfter(percent: number, { traffic }: Situation): Pick<Want, "stable"> {
  return { stable: traffic === "proportional" ? 100 - percent : 100 };
}

function rising(value: unknown): string | undefined {
  const list = Array.isArray(value) ? (value as readonly unknown[]) : [];
  const good = list.every(
    (percent, index) =>
      Number.isInteger(percent) &&
      (percent as number) > (index === 0 ? 0 : (list[index - 1] as number)) &&
      (percent as number) <= 100,
  );
  return good && list.length > 0
    ? undefined
    : `${quote(value)} are not rising whole percentages of 1 to 100 (write [10, 50])`;
}
