// Explores what it is given, one after the other, in a thread of its own.
import { parentPort } from "node:worker_threads";
import { RULES } from "@gennaker/core/machine";
import {
  type Coverage,
  type Exploration,
  type ExploreOptions,
  exploreStrategy,
  type Finding,
} from "@gennaker/testkit";
import { MUTANTS, STRATEGIES as SAMPLES } from "../../packages/testkit/test/explore-mutants.ts";
import type { Job } from "./jobs.ts";
import { GATED, STRATEGIES } from "./strategies.ts";

/** What came of a job. */
export type Explored =
  | {
      readonly strategy: string;
      readonly mode: string;
      readonly options: ExploreOptions;
      readonly states: number;
      readonly unsafe: number;
      readonly stuck: number;
      /** False: it stopped early, and nothing is proved. */
      readonly complete: boolean;
      readonly ms: number;
      /** For people: each finding with its shortest history and a test to paste. */
      readonly findings: readonly string[];
      /** How often each branch of the machine was taken. */
      readonly coverage: Coverage;
    }
  | { readonly mutant: string; readonly breaks: string; readonly caught: boolean };

parentPort?.on("message", (job: Job) => {
  const explored = "mutant" in job ? tryMutant(job.mutant) : explore(job);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  parentPort?.postMessage(explored);
});

function explore({ strategy: name, mode, options }: Exclude<Job, { readonly mutant: string }>): Explored {
  const strategy = [...STRATEGIES, ...GATED].find((one) => one.name === name);
  if (!strategy) throw new Error(`no strategy is called ${name}`);
  const begun = performance.now();
  const { states, unsafe, stuck, complete, coverage } = exploreStrategy(strategy, {
    traffic: mode,
    ...options,
  });
  return {
    strategy: name,
    mode,
    options,
    states,
    unsafe: unsafe.length,
    stuck: stuck.length,
    complete,
    ms: Math.round(performance.now() - begun),
    findings: [...unsafe, ...stuck].map(tell),
    coverage,
  };
}

function tell({ property, says, count, trace }: Finding): string {
  return `${property}, ${count} times: ${says}\n${trace.text}\n\n${trace.test}`;
}

function tryMutant(without: string): Explored {
  const mutant = MUTANTS.find((one) => one.without === without);
  if (!mutant) throw new Error(`no mutant is called ${without}`);
  const { breaks, rules, strategy = SAMPLES.soaking, options } = mutant;
  const found = exploreStrategy(strategy, {
    faults: 1,
    maxStates: 10_000,
    ...options,
    rules: { ...RULES, ...rules },
  });
  return { mutant: without, breaks, caught: brokenIn(found).includes(breaks) };
}

function brokenIn({ unsafe, stuck, windows }: Exploration): readonly string[] {
  return [...[...unsafe, ...stuck].map(({ property }) => property), ...(windows > 0 ? ["window"] : [])];
}
