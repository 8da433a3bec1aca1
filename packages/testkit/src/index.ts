/**
 * See README.md.
 * @packageDocumentation
 */
export { type Patience, type VirtualClock, virtualClock } from "./clock/virtual-clock.ts";
export type { Behaviour } from "./cloud/behaviour.ts";
export { simulatedCloud } from "./cloud/cloud.ts";
export type { CallFault, Faults, Operation } from "./cloud/faults.ts";
export type { Landing } from "./cloud/landing.ts";
export type { Fate } from "./cloud/line.ts";
export type { Span } from "./cloud/random.ts";
export type {
  CloudChange,
  CloudOptions,
  CloudProviderOptions,
  SeedGroup,
  SimulatedCloud,
} from "./cloud/simulated-cloud.ts";
export { type InvariantWatch, watchInvariants } from "./cloud/invariants.ts";
export { serving } from "./cloud/serving.ts";
export type { Invariant, Violation } from "./cloud/violation.ts";
export { testProvider } from "./provider/kit.ts";
export type {
  ProviderKitOptions,
  ProviderUnderTest,
  RegisterTest,
  SkippedTests,
} from "./provider/options.ts";
export { type KillPoint, type MortalEngine, mortalEngine } from "./simulate/mortal-engine.ts";
export { type Life, type Simulated, simulate, type Simulation } from "./simulate/simulate.ts";
export type {
  ClusterStart,
  PipelineSimulation,
  RunBeside,
  SimulatedPipeline,
  SimulatedRun,
  StageWorld,
  CheckStandIn,
  StandIn,
} from "./simulate/pipeline-simulation.ts";
export type { Answers, People, ScriptedAnswer } from "./simulate/people-options.ts";
export { simulatePipeline } from "./simulate/simulate-pipeline.ts";
export {
  RUN_INVARIANTS,
  type SimulationInvariant,
  type SimulationViolation,
} from "./simulate/simulation-violation.ts";
export { testEngine } from "./engine/kit.ts";
export type { EngineKitOptions, EngineUnderTest } from "./engine/options.ts";
export { testAuthorizer } from "./ports/authorizer-kit.ts";
export type {
  AuthorizerKitOptions,
  AuthorizerUnderTest,
  GrantedRight,
  GrantedRights,
} from "./ports/authorizer-kit.ts";
export { type NotifierUnderTest, testNotifier } from "./ports/notifier-kit.ts";
export type { PortKitOptions } from "./ports/register.ts";
export { type SecretResolverUnderTest, testSecretResolver } from "./ports/secrets-kit.ts";
export { testTrigger, type TriggerUnderTest } from "./ports/trigger-kit.ts";
export { exploreStrategy } from "./explore/explore.ts";
export { type ExploreOptions, type Fault, FAULTS } from "./explore/options.ts";
export { type Property, PROPERTIES } from "./explore/properties.ts";
export type { Coverage } from "./explore/marks.ts";
export { type Replay, replayHistory } from "./explore/replay.ts";
export type { Trace } from "./explore/trace.ts";
export type { Exploration, Finding } from "./explore/walk.ts";
