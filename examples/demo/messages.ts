import type { DryRun, Event } from "@gennaker/core";
import type { Nature } from "./arguments.ts";
import type { StrategyName } from "./strategies.ts";

/** What the orchestrator is started with. */
export interface Order {
  readonly directory: string;
  readonly strategy: StrategyName;
  readonly nature: Nature;
  /** Tell the rollout's events from here on; those before are known. */
  readonly from: number;
}

/** To the orchestrator. `go`: replace version 1 now. */
export interface ToOrchestrator {
  readonly do: "go" | "abort" | "pause" | "resume" | "promote" | "close";
}

/** From the orchestrator. */
export type FromOrchestrator =
  /** Version 1 serves there. */
  | { readonly tells: "address"; readonly url: string }
  /** What will happen when it is told to go. */
  | { readonly tells: "plan"; readonly plan: DryRun }
  /** Something happened in the rollout of version 2. */
  | { readonly tells: "event"; readonly event: Event }
  /** What was asked for cannot be done now. */
  | { readonly tells: "refusal"; readonly message: string }
  /** It cannot go on. */
  | { readonly tells: "failure"; readonly message: string };

/** To the load. It tells its `Tally` again and again, and once more when it ends. */
export type ToLoad = { readonly do: "ask"; readonly url: string } | { readonly do: "end" };
