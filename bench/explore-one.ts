// Explores one strategy in a thread of its own, and tells what it found.
import { parentPort, workerData } from "node:worker_threads";
import { highlander, redBlack } from "@gennaker/strategies";
import { exploreStrategy } from "@gennaker/testkit";

/** What one strategy's explorations found, added up. */
export interface Explored {
  readonly states: number;
  readonly findings: number;
  readonly complete: boolean;
}

const FACTORIES = { "red-black": redBlack, highlander };
const MODES = ["weighted", "proportional", "switch"] as const;

const strategy = FACTORIES[workerData as keyof typeof FACTORIES]({ soak: "10s" });
const found = MODES.flatMap((traffic) =>
  [1, 2, 3].map((size) => exploreStrategy(strategy, { traffic, size, faults: 3 })),
);
const explored: Explored = {
  states: found.reduce((sum, { states }) => sum + states, 0),
  findings: found.reduce((sum, { unsafe, stuck }) => sum + unsafe.length + stuck.length, 0),
  complete: found.every(({ complete }) => complete),
};
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
parentPort?.postMessage(explored);
