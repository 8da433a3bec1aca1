import type { Tally } from "../load/tally.ts";
import type { Progress } from "./progress.ts";

/** What became of the orchestrator. */
export interface Crash {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly resumed?: { readonly pid: number; readonly at: number };
}

/** All that a screen shows, at one moment. */
export interface Scene {
  /** `"shop-api on local · red/black · v1 → v2"`. */
  readonly title: string;
  /** What is being prepared, before the rollout begins. */
  readonly preparing?: string;
  readonly preparedSince: number;
  readonly progress: Progress;
  readonly load: Tally;
  readonly crashes: readonly Crash[];
  /** A word to the viewer: why a key had no effect, that it is being cleaned up. */
  readonly remark?: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}
