/**
 * What adapters are written against: providers, engines, clocks, loggers.
 * @packageDocumentation
 */
export {
  type Cluster,
  clusterId,
  type ClusterState,
  type GroupProblem,
  type ServerGroup,
} from "./model/cluster.ts";
export { type Duration, formatDuration, parseDuration } from "./model/duration.ts";
export type { Json } from "./model/json.ts";
export type { TrafficMode } from "./model/phase.ts";
export type { Plan, PlannedStage } from "./model/plan.ts";
export type {
  CommandResult,
  Event,
  EventMap,
  EventType,
  GroupView,
  Healthy,
  NewEvent,
  Outcome,
  RecordedError,
  RolloutCommand,
  RunAdmission,
  SupersededBy,
  Verdict,
} from "./machine/events.ts";
export {
  allowAll,
  type Authorizer,
  type Permission,
  type Resource,
  resourceText,
} from "./ports/authorizer.ts";
export type { SecretResolver, SecretUse } from "./ports/secrets.ts";
export { evolveThread, threadOf } from "./machine/thread/evolve.ts";
export { threadText } from "./machine/thread/text.ts";
export {
  type Thread,
  type ThreadAct,
  type ThreadAction,
  threadActions,
  type ThreadAnswer,
  type ThreadQuestion,
  type ThreadTick,
  type TickMark,
} from "./machine/thread/thread.ts";
export type { NoticeContext, Notifier, StartRefusal } from "./ports/notifier.ts";
export type { Trigger, TriggeredStart } from "./ports/trigger.ts";
export { type Clock, systemClock } from "./ports/clock.ts";
export type {
  Committed,
  Effect,
  Engine,
  EngineHost,
  IssuedEffect,
  LoadedRun,
  NewRun,
  PermitRequest,
  PermitState,
  RunFilter,
  RunStatus,
  RunSummary,
  Write,
} from "./ports/engine.ts";
export { type Logger, silentLogger } from "./ports/logger.ts";
export type { CallOptions, Condition, GroupSpec, Provider, Supports, Token } from "./ports/provider.ts";
export {
  ConfigurationError,
  ConflictError,
  DeniedError,
  DeliveryError,
  type ErrorCode,
  type ErrorOptions,
  InvariantError,
  ProviderError,
  type ProviderErrorKind,
  TimeoutError,
  UnsupportedError,
} from "./errors.ts";
