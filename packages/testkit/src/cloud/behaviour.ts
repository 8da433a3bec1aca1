import type { Span } from "./random.ts";

/** How the instances of a release behave. Every field is in milliseconds of virtual time unless it says otherwise. */
export interface Behaviour {
  /** From start to healthy; drawn for each instance. Default 20–40 s. */
  readonly bootMs?: Span;
  /** From death to the next start. Default 2 s. */
  readonly restartMs?: Span;
  /** Instances start, but never become healthy. */
  readonly neverHealthy?: boolean;
  /** Each instance dies so long after it became healthy, and is started again. */
  readonly diesAfterMs?: Span;
  /** All instances become and stay unhealthy so long after their group got traffic. */
  readonly sickAfterTrafficMs?: Span;
  /** What `ServerGroup.problem` says while instances are unhealthy. */
  readonly problem?: string;
  /** No instance can ever start, and this says why: a problem marked fatal. */
  readonly fatal?: string;
  /** What `check` finds wrong with the release; `createGroup` then fails with `invalid`. */
  readonly invalid?: readonly string[];
}

export const BOOT: Span = [20_000, 40_000];
export const RESTART: Span = 2000;
