import type { AnyPipeline, Pipeline } from "@gennaker/core";
import type { Cluster } from "@gennaker/core/ports";
import { checkClusters, checkDeployed } from "./check-clusters.ts";
import { Inspector } from "./inspector.ts";
import type {
  ClusterStart,
  PipelineSimulation,
  SimulatedPipeline,
  SimulatedRun,
} from "./pipeline-simulation.ts";
import { runsBelow, simulatedRuns, unfinished } from "./simulated-runs.ts";
import { newSimulation, type SimulationState } from "./simulation-state.ts";
import { Simulator } from "./simulator.ts";
import { checkStandIns, type StandIns } from "./stand-ins.ts";

/**
 * Runs a pipeline as it is, on the real engine, in virtual time: its clusters are in a simulated cloud, its process is
 * killed and started again, people answer its judgements, and every invariant is watched. A wait of two hours takes
 * microseconds. The same options and the same seed tell the same story.
 *
 * @throws ConfigurationError with all problems of the pipeline, its input and the options
 * @example
 * const { outcome, violations } = await simulatePipeline(promote, {
 *   input: { image: "shop/api:1.4.2" },
 *   clusters: [{ cluster: api, groups: [{ size: 3, share: 100 }] }],
 *   answers: { "cut over?": "pass" },
 *   crashes: 3,
 * })
 */
export async function simulatePipeline<Input, Outputs>(
  pipeline: Pipeline<Input, Outputs>,
  options: PipelineSimulation<NoInfer<Input>, NoInfer<Outputs>>,
): Promise<SimulatedPipeline> {
  const { clusters, faults = {} } = options;
  const standIns: StandIns = { stages: options.stages ?? {}, checks: options.checks ?? {} };
  checkClusters(clusters);
  const state = newSimulation(pipeline as AnyPipeline, options);
  checkStandIns(
    state.runs.map((run) => run.pipeline),
    standIns.stages,
  );
  const inspector = new Inspector(state, clusters, (faults.autoscaler ?? 0) > 0);
  const simulator = new Simulator(state, inspector, standIns, options);
  await simulator.run();
  checkDeployed(state.events, clusters);
  const virtualMs = state.clock.now() - state.begin;
  await simulator.close();
  const runs = simulatedRuns(state);
  const below = runsBelow(state);
  inspector.conclude(unfinished([...runs, ...below]), simulator.crowd.broken(state.events));
  return {
    ...resultOf(state, clusters, runs),
    below,
    violations: inspector.violations,
    crashes: simulator.crashes,
    virtualMs,
    // Told only if somebody asks: most simulations go well.
    get trace() {
      return state.chronicle.tell();
    },
  };
}

function resultOf(
  { seed, cloud, providers }: SimulationState,
  clusters: readonly ClusterStart[],
  [first, ...beside]: readonly SimulatedRun[],
): Omit<SimulatedPipeline, "violations" | "crashes" | "virtualMs" | "trace" | "below"> {
  return {
    ...(first as SimulatedRun),
    seed,
    faults: providers.faults,
    groups: clusters.flatMap(({ cluster }) =>
      cloud.world(cluster as Cluster).groups.map((group) => ({ ...group, cluster: cluster as Cluster })),
    ),
    beside,
  };
}
