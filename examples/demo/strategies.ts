import type { Strategy, StrategyFactory } from "@gennaker/core";
import { highlander, redBlack } from "@gennaker/strategies";

/** What the demo decides about a strategy. */
interface Pace {
  /** How long the new version is on trial with all traffic. */
  readonly soak?: `${number}s`;
  /** How long any phase may take. */
  readonly deadline: `${number}s`;
  /** Instances of the first version; later ones match those that serve. */
  readonly size?: number;
}

/** A strategy that the demo can show. */
interface Shown {
  /** As people write it. */
  readonly title: string;
  readonly make: StrategyFactory & ((pace: Pace) => Strategy);
}

/** By the name that `--strategy` takes. */
export const STRATEGIES = {
  "red-black": { title: "red/black", make: redBlack },
  highlander: { title: "highlander", make: highlander },
} as const satisfies Record<string, Shown>;

export type StrategyName = keyof typeof STRATEGIES;
