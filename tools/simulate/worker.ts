// Tells every so-many-th seed of a range in a thread of its own.
import { parentPort, workerData } from "node:worker_threads";
import { SCENARIOS, scenarioOf, type Told } from "./scenarios.ts";

/** Which seeds a thread tells: `first`, then every `step`-th up to `last`. */
export interface Share {
  readonly first: number;
  readonly last: number;
  readonly step: number;
}

/** What a thread says after each seed. */
export interface SeedTold extends Told {
  readonly seed: number;
  readonly scenario: string;
}

const { first, last, step } = workerData as Share;
for (let seed = first; seed <= last; seed += step) {
  const scenario = scenarioOf(seed);
  const told: SeedTold = {
    seed,
    scenario,
    ...(await (SCENARIOS[scenario] as (seed: number) => Promise<Told>)(seed)),
  };
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  parentPort?.postMessage(told);
}
