import { type AnyPipeline, memory, parseDuration } from "@gennaker/core";
import type { Cluster, Engine, Event, Json, Provider } from "@gennaker/core/ports";
import { virtualClock, type VirtualClock } from "../clock/virtual-clock.ts";
import { simulatedCloud } from "../cloud/cloud.ts";
import type { SimulatedCloud } from "../cloud/simulated-cloud.ts";
import { chanceOf } from "./chance.ts";
import { Chronicle } from "./chronicle.ts";
import type { PipelineSimulation } from "./pipeline-simulation.ts";
import { SimulatedProviders } from "./simulated-providers.ts";
import { seededKills } from "./seeded-kills.ts";

/** A run that the program starts in each of its lives, with the same idempotency key. */
export interface StartedRun {
  readonly pipeline: AnyPipeline;
  readonly input: Json;
  readonly key: string;
  /** Milliseconds after the beginning. */
  readonly afterMs: number;
}

/** All that outlives the simulated process. */
export interface SimulationState {
  readonly seed: number;
  readonly clock: VirtualClock;
  readonly cloud: SimulatedCloud;
  readonly log: Engine;
  readonly providers: SimulatedProviders;
  readonly provider: (simulated: Provider) => Provider;
  readonly runs: readonly StartedRun[];
  readonly guarded: readonly Cluster<unknown>[];
  readonly chronicle: Chronicle;
  readonly dies: () => boolean;
  readonly begin: number;
  /** Milliseconds that the process stays down after a kill, at most. */
  readonly downMs: number;
  /** From this instant on nothing goes wrong any more. */
  readonly calmAt: number;
  /** Every event in the log, in order, whether or not anybody was told of it. */
  readonly events: Event[];
  /** Makes an id that no life of the process has used. */
  readonly newRunId: () => string;
  /** Lets what the process does right now come to its end. */
  readonly settle: () => Promise<void>;
}

// One turn of the event loop runs every promise chain to its end. A log in a file needs more.
const oneTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

function counted(name: string): () => string {
  let last = 0;
  return () => `${name}-${++last}`;
}

/** Makes the world that a pipeline is simulated in. */
export function newSimulation<Input, Outputs>(
  pipeline: AnyPipeline,
  options: PipelineSimulation<Input, Outputs>,
): SimulationState {
  const {
    seed = 1,
    faults = {},
    clusters,
    providers = [],
    crashes = 0,
    faultsFor = "30d",
    beside = [],
  } = options;
  const clock = virtualClock();
  const begin = clock.now();
  const cloud = simulatedCloud({ clock, seed, faults });
  if (options.behaviour) cloud.behaviour(options.behaviour);
  const simulated = new SimulatedProviders(
    cloud,
    clusters.map(({ cluster }) => cluster),
    providers,
  );
  simulated.connect();
  for (const { cluster, groups = [] } of clusters) cloud.seed(cluster as Cluster, groups);
  const runs = [{ pipeline, input: options.input as Json }, ...beside].map((run, index) => ({
    pipeline: run.pipeline,
    input: run.input,
    key: `simulated-${index}`,
    afterMs: "after" in run ? parseDuration(run.after ?? 0) : 0,
  }));
  return {
    seed,
    clock,
    cloud,
    log: (options.engine ?? memory)(),
    providers: simulated,
    provider: options.provider ?? ((as) => as),
    runs,
    guarded: options.guarded ?? [],
    chronicle: new Chronicle(begin),
    dies: seededKills(crashes, chanceOf(seed, "crashes")),
    begin,
    downMs: parseDuration(options.downFor ?? "1m"),
    calmAt: begin + parseDuration(faultsFor),
    events: [],
    newRunId: counted("run"),
    settle: options.engine ? () => clock.settle() : oneTurn,
  };
}
