import type { Strategy, TrafficMode } from "@gennaker/core";
import { canary, highlander, redBlack, rolling, rollingRedBlack } from "@gennaker/strategies";

/** A strategy that has a page. */
export interface Subject {
  /** Its page is `docs/strategies/<name>.md`. */
  readonly name: string;
  /** What it is called in code. */
  readonly factory: string;
  /** The interface of its options, in `packages/strategies/src`. */
  readonly options: string;
  /** Makes it. */
  readonly make: (options: never) => Strategy;
  /** What the page shows: every kind of phase that the strategy knows. */
  readonly shown: Strategy;
}

/** How a page's cluster splits traffic. */
export const TRAFFIC: TrafficMode = "weighted";

/** Instances of stable when a page's rollout begins. */
export const SIZE = 10;

const gate = { roles: ["qa"], timeout: "2h" } as const;
const postPromotion = { check: "smoke", times: 3, every: "1m" } as const;
const analysis = { check: "errors", every: "5m" } as const;

/** All pages. */
export const SUBJECTS: readonly Subject[] = [
  {
    name: "red-black",
    factory: "redBlack",
    options: "RedBlackOptions",
    make: redBlack,
    shown: redBlack({ gate, soak: "10m", postPromotion, analysis, scaleDownDelay: "1h" }),
  },
  {
    name: "rolling-red-black",
    factory: "rollingRedBlack",
    options: "RollingRedBlackOptions",
    make: rollingRedBlack,
    shown: rollingRedBlack({ percentages: [20], pause: "5m", validate: gate, soak: "10m", postPromotion }),
  },
  {
    name: "rolling",
    factory: "rolling",
    options: "RollingOptions",
    make: rolling,
    shown: rolling({ maxSurge: "25%", pause: "1m", soak: "10m", postPromotion }),
  },
  {
    name: "canary",
    factory: "canary",
    options: "CanaryOptions",
    make: canary,
    shown: canary({
      steps: [
        { weight: 10, hold: "10m" },
        { weight: 25, hold: "10m", gate },
      ],
      baseline: true,
      analysis,
      soak: "10m",
      postPromotion,
    }),
  },
  {
    name: "highlander",
    factory: "highlander",
    options: "HighlanderOptions",
    make: highlander,
    shown: highlander({ gate, soak: "10m", postPromotion }),
  },
];
