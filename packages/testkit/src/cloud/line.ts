import type { ClusterState } from "@gennaker/core/ports";
import type { PlannedFault } from "./faults.ts";
import type { Nature } from "./nature.ts";
import type { Span } from "./random.ts";

/** The network between callers and the cloud. Spans are milliseconds. */
export interface Network {
  readonly nature: Nature;
  /** One way. */
  readonly latencyMs: Span;
  /** Until a caller is told that its call was lost. */
  readonly timeoutMs: number;
  /** How late a late command is. */
  readonly lateMs: Span;
  /** Faults that tests asked for, next first. */
  readonly planned: PlannedFault[];
  cut: boolean;
}

/** A call that has not landed yet. */
export interface Flight {
  /** Lands it now. */
  land(late: boolean): void;
  /** It will never land. */
  drop(): void;
  cancel: () => void;
}

/** One caller's connection to the cloud. */
export interface Line {
  readonly network: Network;
  readonly provider: string;
  readonly flights: Set<Flight>;
  /** The newest revision that came over this line, by cluster. */
  readonly seen: Map<string, number>;
  /** The newest state that came over this line and was not stale, by cluster. */
  readonly looked: Map<string, ClusterState>;
  readonly ended: AbortController;
  /** Its caller is dead: nothing comes back to it any more. */
  crashed: boolean;
}

/** A fresh connection. */
export function lineOver(network: Network, provider: string): Line {
  return {
    network,
    provider,
    flights: new Set(),
    seen: new Map(),
    looked: new Map(),
    ended: new AbortController(),
    crashed: false,
  };
}

/** What becomes of the calls that a dead caller had under way. */
export type Fate = "late" | "never" | "on-time";

/** The caller dies. Its calls that have not landed do so as told; nothing comes back. */
export function crash(line: Line, fate: Fate | undefined): void {
  const { nature, lateMs } = line.network;
  line.crashed = true;
  for (const flight of line.flights) {
    const becomes = fate ?? nature.random.pick<Fate>(["late", "never", "on-time"]);
    if (becomes === "on-time") continue;
    flight.cancel();
    if (becomes === "never") flight.drop();
    else flight.cancel = nature.clock.after(nature.random.within(lateMs), () => flight.land(true));
  }
}

/** Remembers what a caller was shown. */
export function show(line: Line, cluster: string, state: ClusterState): ClusterState {
  line.seen.set(cluster, state.revision);
  if (!state.stale) line.looked.set(cluster, state);
  return state;
}
