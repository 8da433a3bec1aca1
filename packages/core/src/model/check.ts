import type { Cluster, ServerGroup } from "./cluster.ts";
import type { Duration } from "./duration.ts";
import type { Json } from "./json.ts";
import type { StageContext } from "./stage.ts";

/** A group as a check sees it, at the beginning of a measurement. */
export type CheckedGroup = Pick<ServerGroup, "name" | "desired" | "healthy" | "share" | "release">;

/** What a check's function gets for one measurement. */
export interface CheckContext<Input> extends Pick<
  StageContext<Input>,
  "run" | "stage" | "signal" | "progress" | "redact" | "step" | "sleep" | "observe" | "lastRun"
> {
  /** As the strategy's options say; the same for every measurement. A `step` is computed once in the life of the gate. */
  readonly input: Input;
  readonly cluster: Cluster;
  /** What the candidate runs. */
  readonly release: Json;
  /** What served before; undefined at a first deploy. */
  readonly stable: CheckedGroup | undefined;
  readonly candidate: CheckedGroup;
  /** What the candidate is to be compared with, where the strategy has such a group and it is there. */
  readonly baseline: CheckedGroup | undefined;
  /** Where the candidate can be reached even without traffic, if the provider can open such a door. */
  readonly preview: string | undefined;
  /** The phase in which the rollout is. */
  readonly phase: string;
  /** Identifies the check in the log; another one each time that it is opened. */
  readonly gate: string;
  /** 1, 2, 3 …: which measurement of this gate it is. The same again when it is repeated after a crash. */
  readonly measurement: number;
  /** Stable over repetitions of this measurement. */
  readonly idempotencyKey: string;
  /** When the check was opened, and when this measurement began: milliseconds since 1970. */
  readonly openedAt: number;
  readonly at: number;
}

/** What one measurement found. */
export interface CheckResult {
  readonly verdict: "pass" | "fail" | "inconclusive";
  /** For people, with numbers: `"7.2 % of 1,204 requests failed, at most 1 % may"`. */
  readonly reason?: string;
  /** Recorded as it is: JSON; `secret("name")` in it is resolved for each measurement. */
  readonly data?: Json;
}

/** A user's own function that judges a candidate. Made by `defineCheck`. */
export interface Check<Input> {
  /** What plans, events and options call it. */
  readonly name: string;
  /** Judges the candidate once. What it throws is an error of the measurement, which is repeated. */
  readonly run: (context: CheckContext<Input>) => Promise<CheckResult> | CheckResult;
}

/** How often a check is measured, and what its measurements come to; all optional. */
export interface CheckLimits {
  /** Until the first measurement. Default `"0s"`. */
  readonly delay?: Duration;
  /** From the end of a measurement to the next one; needed where there is more than one. Default: there is only one. */
  readonly every?: Duration;
  /** Measurements, until it passes. Default 1; a check in the background is measured to the end. */
  readonly times?: number;
  /** So many failed measurements may be. Default 0. */
  readonly failureLimit?: number;
  /** So many inconclusive measurements may be. Default 0. */
  readonly inconclusiveLimit?: number;
  /** So many errors in a row may be; each is repeated after a while. Default 4. */
  readonly errorLimit?: number;
  /** What a check is that cannot be measured. Default `"inconclusive"`. */
  readonly onError?: "inconclusive" | "fail";
  /** How long one measurement may take before it counts as an error. Default `"10m"`. */
  readonly timeout?: Duration;
}

/** A check, what it is given, and how it is measured: what strategies take as a gate. */
export interface CheckUse extends CheckLimits {
  /** The check, or the name of one that `createDelivery({ checks })` has. */
  readonly check: Check<never> | string;
  /** What its function is given: JSON, which is recorded. Default: nothing. */
  readonly input?: Json;
}
