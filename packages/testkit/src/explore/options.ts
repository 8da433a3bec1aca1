import { RULES, type Rules } from "@gennaker/core/machine";
import type { TrafficMode } from "@gennaker/core/ports";

/** What may go wrong; each happening costs one of the fault budget. */
export const FAULTS = [
  "instance dies",
  "group never heals",
  "candidate is hopeless",
  "command fails",
  "answer is lost",
  "command is lost",
  "command is delayed",
  "driver crashes",
  "autoscaler",
  "group is deleted",
  "stale read",
  "long silence",
  "cancel",
  "forced cancel",
  "superseded",
  "pause",
  "promote",
  "inconclusive",
  "foreign verdict",
  "check fails",
  "check error",
  "promote fully",
] as const;

/** One kind of fault. */
export type Fault = (typeof FAULTS)[number];

/** What to explore; all optional. */
export interface ExploreOptions {
  /** How the world splits traffic. Default `"weighted"`. */
  readonly traffic?: TrafficMode;
  /** Instances of stable at the start. Default 2. */
  readonly size?: number;
  /** How a claim makes older commands impossible; `"none"`: it does not. Default `"refuse"`. */
  readonly fencing?: "refuse" | "drain" | "none";
  /** Whether conditions of commands are checked where they land. Default true. */
  readonly conditions?: boolean;
  /** Whether a second create with one key finds the first group. Default false, the harder case. */
  readonly createOnce?: boolean;
  /** The cluster is empty. Default false. */
  readonly firstDeploy?: boolean;
  /**
   * Two older groups beside stable, the older one without instances: `"idle"` without traffic, or `"serving"`, where
   * the newer one has a fifth of it. Default `"none"`.
   */
  readonly others?: "none" | "idle" | "serving";
  /** How many faults one history may have. Default 3. */
  readonly faults?: number;
  /** Which faults. Default all. */
  readonly menu?: readonly Fault[];
  /** The rules of the frame, to see what breaks without one. Default as they hold. */
  readonly rules?: Rules;
  /** The driver decides on what it saw before its claim: a broken driver, to see what that breaks. Default false. */
  readonly looksBeforeClaim?: boolean;
  /**
   * Most instances that our commands may bring about on the way out; for a menu without autoscaler and deletions, which
   * move the goal. Default: any number.
   */
  readonly peak?: number;
  /** Above so many states it stops, and the result says `complete: false`. Default 2,000,000. */
  readonly maxStates?: number;
}

/** Options with their defaults. */
export type Settings = Required<Omit<ExploreOptions, "rules">> & { readonly rules: Rules };

/** Fills in the defaults. */
export function withDefaults(options: ExploreOptions): Settings {
  return {
    traffic: "weighted",
    size: 2,
    fencing: "refuse",
    conditions: true,
    createOnce: false,
    firstDeploy: false,
    others: "none",
    faults: 3,
    menu: FAULTS,
    looksBeforeClaim: false,
    peak: Infinity,
    maxStates: 2_000_000,
    ...options,
    rules: options.rules ?? RULES,
  };
}
