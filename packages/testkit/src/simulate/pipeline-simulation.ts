import type { AnyPipeline, CheckContext, CheckResult, Duration, StageContext } from "@gennaker/core";
import type { Cluster, Engine, Event, Json, Outcome, Provider, ServerGroup } from "@gennaker/core/ports";
import type { Behaviour } from "../cloud/behaviour.ts";
import type { Faults } from "../cloud/faults.ts";
import type { SeedGroup } from "../cloud/simulated-cloud.ts";
import type { Answers, People } from "./people-options.ts";
import type { SimulationViolation } from "./simulation-violation.ts";

/** A cluster that a simulated pipeline deploys to. */
export interface ClusterStart {
  /** As the pipeline names it: `prod.cluster("shop-api")`. A simulated provider answers for its name and account. */
  readonly cluster: Cluster<unknown>;
  /** What runs there at the beginning, all of it healthy. Default: nothing, so that the deploy is a first one. */
  readonly groups?: readonly SeedGroup[];
  /**
   * Serving capacity, in instances, that no command may take away. Default: what serves at the beginning, less
   * half an instance, since shares are whole percents. A strategy that means to run with less needs a lower one.
   */
  readonly floor?: number;
}

/** What a stand-in for a stage's code can do in virtual time. */
export interface StageWorld {
  /** Lets virtual time pass. Ends early when the signal aborts; never, when the process is killed meanwhile. */
  sleep(duration: Duration, signal?: AbortSignal): Promise<void>;
  /** True with a probability of 0–1, by seed. */
  chance(probability: number): boolean;
}

/** What takes the place of the code of a stage while it is simulated. */
export type StandIn<Output> = (context: StageContext<never>, world: StageWorld) => Output | Promise<Output>;

/** What takes the place of the code of a check while it is simulated. */
export type CheckStandIn = (
  context: CheckContext<never>,
  world: StageWorld,
) => CheckResult | Promise<CheckResult>;

/** Another run in the same log and the same cloud. */
export interface RunBeside {
  readonly pipeline: AnyPipeline;
  readonly input: Json;
  /** How long after the first run it is started. Default `"0s"`. */
  readonly after?: Duration;
}

/** What a pipeline is to go through. */
export interface PipelineSimulation<Input, Outputs = object> {
  readonly input: Input;
  /** Every cluster that the pipeline deploys to. */
  readonly clusters: readonly ClusterStart[];
  /** All that happens by chance follows from it: the same seed, the same story. Default 1. */
  readonly seed?: number;
  /** Providers whose abilities the simulated ones are to have. Default: weighted traffic, and all that a provider may have. */
  readonly providers?: readonly Pick<Provider<never>, "name" | "supports">[];
  /** How releases behave. Default: instances boot in 20–40 s and stay healthy. */
  readonly behaviour?: (release: Json) => Behaviour;
  /** Clusters that must always have a group that serves, as in `createDelivery({ guarded })`. Default: none. */
  readonly guarded?: readonly Cluster<unknown>[];
  /** What goes wrong by itself, by seed. Default: nothing. */
  readonly faults?: Faults;
  /** How long things may go wrong; from then on every run must come to an end. Default `"30d"`. */
  readonly faultsFor?: Duration;
  /** The process is killed at so many moments, by seed, and started again after a while. Default 0. */
  readonly crashes?: number;
  /** How long it stays down each time, at most. Deadlines go on meanwhile. Default `"1m"`. */
  readonly downFor?: Duration;
  /** What people answer, by stage. Default: by seed. */
  readonly answers?: Answers;
  /** What else people do. Default: nothing. */
  readonly people?: People;
  /** Stand-ins for stages' code, by name: whatever calls the real world must have one. */
  readonly stages?: { readonly [Name in keyof Outputs]?: StandIn<Outputs[Name]> };
  /** Stand-ins for the code of checks, by their names: whatever calls the real world must have one. */
  readonly checks?: Readonly<Record<string, CheckStandIn>>;
  /** Other runs, for the same clusters or for others. */
  readonly beside?: readonly RunBeside[];
  /** Makes the log that all lives of the process share. Default `memory()`. */
  readonly engine?: () => Engine;
  /** Makes what the engine is given for a simulated provider: one that logs, or is broken on purpose. */
  readonly provider?: (simulated: Provider) => Provider;
}

/** One run of a simulation. */
export interface SimulatedRun {
  readonly run: string;
  readonly pipeline: string;
  /** Undefined: it never came to an end, which is a violation. */
  readonly outcome: Outcome | undefined;
  readonly reason: string | undefined;
  readonly events: readonly Event[];
}

/** How a simulated pipeline fared. `outcome`, `reason` and `events` are of its own run. */
export interface SimulatedPipeline extends SimulatedRun {
  readonly seed: number;
  /** What should never be; empty is good. Each carries the seed and a trace. */
  readonly violations: readonly SimulationViolation[];
  /** How often the process was killed. */
  readonly crashes: number;
  /** Calls of providers that failed, got lost, or showed something old. */
  readonly faults: number;
  /** Milliseconds of virtual time, until all runs were over. */
  readonly virtualMs: number;
  /** What all clusters have at the end. */
  readonly groups: readonly (ServerGroup & { readonly cluster: Cluster })[];
  /** The runs beside, in order. */
  readonly beside: readonly SimulatedRun[];
  /** The runs that stages started, in order. */
  readonly below: readonly SimulatedRun[];
  /** The whole story: events, commands as they landed, kills, and what people did. */
  readonly trace: string;
}
