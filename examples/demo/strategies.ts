import type { Strategy, StrategyFactory } from "@gennaker/core";
import { canary, highlander, redBlack, rolling, rollingRedBlack } from "@gennaker/strategies";

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
  /** Finds it again after a crash. */
  readonly factory: StrategyFactory;
  /** Makes it; steps are on trial for a second or two each. */
  readonly make: (pace: Pace) => Strategy;
}

/** By the name that `--strategy` takes. */
export const STRATEGIES = {
  "red-black": { title: "red/black", factory: redBlack, make: redBlack },
  "rolling-red-black": {
    title: "rolling red/black",
    factory: rollingRedBlack,
    make: (pace) => rollingRedBlack({ percentages: [34, 67], pause: "1s", ...pace }),
  },
  rolling: {
    title: "rolling",
    factory: rolling,
    make: (pace) => rolling({ maxSurge: 1, pause: "2s", ...pace }),
  },
  canary: {
    title: "canary",
    factory: canary,
    make: (pace) =>
      canary({
        steps: [
          { weight: 10, hold: "2s" },
          { weight: 50, hold: "2s" },
        ],
        ...pace,
      }),
  },
  highlander: { title: "highlander", factory: highlander, make: highlander },
} as const satisfies Record<string, Shown>;

export type StrategyName = keyof typeof STRATEGIES;
