import { uuidv7 } from "uuidv7";
import { ConfigurationError, ConflictError } from "../errors.ts";
import type { Disabled } from "../machine/run/state.ts";
import type { Event, EventType, NewEvent } from "../machine/events.ts";
import type { Cluster, ClusterState } from "../model/cluster.ts";
import type { Json } from "../model/json.ts";
import type { Pipeline } from "../model/pipeline.ts";
import type { Clock } from "../ports/clock.ts";
import { systemClock } from "../ports/clock.ts";
import type { Engine, RunFilter, RunSummary } from "../ports/engine.ts";
import { silentLogger, type Logger } from "../ports/logger.ts";
import type { Provider } from "../ports/provider.ts";
import type { DeployInput, DeployStage } from "../stages/deploy.ts";
import { checkCluster } from "../stages/deploy-input.ts";
import { Children } from "./children.ts";
import { dryRun, type DryRun } from "./dry-run.ts";
import { undoFactory, undoTarget, undoTargets, type UndoTarget } from "./undo.ts";
import { engineHost } from "./engine-host.ts";
import { checkFrom, follow, StreamHub } from "./event-stream.ts";
import { guardedLogger } from "./guarded-logger.ts";
import { Journal, unknownRun } from "./journal.ts";
import { Lines } from "./lines.ts";
import { Listeners } from "./listeners.ts";
import { memory } from "./memory/memory.ts";
import { Redactor } from "./redact.ts";
import { Registry, type AnyPipeline, type StrategyFactory } from "./registry.ts";
import { callLimits, ProviderCalls } from "./provider-calls.ts";
import { recordRunInput } from "./run-input.ts";
import { recordShortForm, shortFormOf } from "./short-form.ts";
import { runHandle, type RunAccess, type RunHandle } from "./run-handle.ts";
import { StageEffects } from "./stage-effects.ts";
import { SWITCHES, Switches } from "./switches.ts";

/** What a delivery is made of. Everything is a value passed in; nothing is looked up by name elsewhere. */
export interface DeliveryOptions {
  /** Where runs are kept. Default: in memory, gone with the process. `sqlite(file)` survives it. */
  readonly engine?: Engine;
  readonly providers?: readonly Provider<unknown>[];
  readonly pipelines?: readonly AnyPipeline[];
  /** Factories (`redBlack`, `highlander`, your own) of strategies that `delivery.deploy` uses: how they are found again after a crash. */
  readonly strategies?: readonly StrategyFactory[];
  /** Where messages go. Default: nowhere. */
  readonly logger?: Logger;
  /** Default: the machine's. */
  readonly clock?: Clock;
  /**
   * Values (of 4 characters or more) that must never be seen in a recorded error, a line of progress, a reason or a log
   * line. Inputs and outputs are recorded as they are, whatever they hold: pass the name of a secret, and read the
   * secret itself where it is used.
   */
  readonly secrets?: readonly string[];
  /** For providers' calls: milliseconds for one call (default 60,000), repetitions where safe (default 5). */
  readonly calls?: { readonly timeoutMs?: number; readonly retries?: number };
  /** Makes ids of runs. Default: UUIDs of version 7, which sort by time. */
  readonly newRunId?: () => string;
}

/** How a run is started. */
export interface StartOptions {
  /** A person or a bot; recorded. */
  readonly actor?: string;
  /** Starting again with the same key (for one pipeline) returns the run that has it. */
  readonly idempotencyKey?: string;
}

/** How a run is started anew. */
export interface RestartOptions extends StartOptions {
  readonly reason?: string;
}

/** The engine: starts runs, carries them out, and tells of them. */
export interface Delivery {
  /** Resolves once the log is open and what was unsettled goes on; every other call waits for it by itself. */
  ready(): Promise<void>;
  /**
   * Starts a run of a pipeline.
   *
   * @throws ConfigurationError with all problems of the pipeline's shape and of the input; nothing was started
   * @throws ConflictError when the pipeline is disabled; it says why
   */
  start<Input, Outputs>(
    pipeline: Pipeline<Input, Outputs>,
    input: NoInfer<Input>,
    options?: StartOptions,
  ): Promise<RunHandle>;
  /** The one-stage short form: replaces what a cluster runs by a release, by a strategy. */
  deploy<Release>(input: DeployInput<Release>, options?: StartOptions): Promise<RunHandle>;
  /**
   * What a run would do to the clusters as they are now: the real machine in virtual time. Changes nothing. Problems
   * are listed in the plan, not thrown.
   *
   * @throws ConfigurationError with all problems of the pipeline's shape and of the input
   */
  plan<Input, Outputs>(
    pipeline: Pipeline<Input, Outputs>,
    input: NoInfer<Input>,
    options?: { readonly signal?: AbortSignal },
  ): Promise<DryRun>;
  /** The same for the short form: `delivery.plan(deploy, { cluster, release, strategy })`. */
  plan<Release>(
    shortForm: DeployStage,
    input: DeployInput<Release>,
    options?: { readonly signal?: AbortSignal },
  ): Promise<DryRun>;
  /**
   * Where a cluster could go back to, the newest first, and what it would cost.
   *
   * @throws ConfigurationError when the cluster's provider is not one of this delivery
   */
  undoTargets(
    cluster: Cluster<unknown>,
    options?: { readonly signal?: AbortSignal },
  ): Promise<readonly UndoTarget[]>;
  /**
   * Goes back to an older group of the cluster that is still there: its instances are started where they do not run,
   * then all traffic is shifted at once. The group that served is left warm, for the undo of the undo.
   *
   * @throws ConflictError when there is nothing to go back to; it names what there is
   */
  undo(cluster: Cluster<unknown>, options?: StartOptions & { readonly to?: string }): Promise<RunHandle>;
  /**
   * Starts a run that is over anew, with the same input, by the pipeline as it is registered now; the new run names the
   * old one. Asked again, it returns the run that it had started: another one needs an idempotency key of its own.
   *
   * @throws ConflictError when there is no such run, or it is not over, or its pipeline is disabled
   */
  restart(run: string, options?: RestartOptions): Promise<RunHandle>;
  /**
   * Has a pipeline refuse to start, restart or retry, with this reason, until it is enabled. Runs that are under way go
   * on. Stands in the log, and so outlives the process. Does nothing when it is disabled for that reason already.
   */
  disable(
    pipeline: AnyPipeline | string,
    act: { readonly actor?: string; readonly reason: string },
  ): Promise<void>;
  /** Lets a disabled pipeline start again. Does nothing when it is not disabled. */
  enable(
    pipeline: AnyPipeline | string,
    act?: { readonly actor?: string; readonly reason?: string },
  ): Promise<void>;
  /** Why a pipeline is disabled, since when and by whom; undefined when it is not. */
  disabled(pipeline: AnyPipeline | string): Promise<Disabled | undefined>;
  /** A run by its id. @throws ConflictError when there is none */
  run(id: string): Promise<RunHandle>;
  /** Runs, newest first. */
  runs(filter?: RunFilter): Promise<readonly RunSummary[]>;
  /** Events of all runs: from an offset on (default: the beginning), then live, until the signal aborts or the delivery closes. */
  events(options?: { readonly from?: number; readonly signal?: AbortSignal }): AsyncIterable<Event>;
  /**
   * Calls back on each event of a type, as it is recorded; returns how to stop. For history, use `events`. A listener
   * that throws or rejects is reported to the logger; the other listeners and the run do not notice.
   */
  on<T extends EventType>(type: T, listener: (event: Event<T>) => unknown): () => void;
  /** Adds a pipeline; parked runs that waited for it go on. */
  register(pipeline: AnyPipeline): void;
  /** Stops here, in order: nothing new is begun, what is under way is left as it is and goes on at the next opening. */
  close(): Promise<void>;
}

/**
 * Makes a delivery and opens its log: what a crash left unsettled goes on.
 *
 * @throws ConfigurationError with all problems of what is given; problems of the log itself reject every call
 * @example
 * const delivery = createDelivery({ engine: sqlite("deploys.db"), providers: [prod], pipelines: [promote] })
 * const run = await delivery.start(promote, { image: "shop/api:1.4.2" }, { actor: "ana", idempotencyKey: "ci-8841" })
 */
export function createDelivery(options: DeliveryOptions = {}): Delivery {
  const clock = options.clock ?? systemClock;
  const engine = options.engine ?? memory();
  const redactor = new Redactor(options.secrets);
  const logger = guardedLogger(options.logger ?? silentLogger, redactor);
  const registry = new Registry((options.providers ?? []) as readonly Provider[], options.pipelines ?? [], [
    ...(options.strategies ?? []),
    undoFactory,
  ]);
  const newRunId = options.newRunId ?? uuidv7;
  const shortForm = shortFormOf(registry);
  registry.add(shortForm);
  const calls = callLimits(options.calls);
  const journal = new Journal(engine, clock, logger);
  const hub = new StreamHub(clock);
  const listeners = new Listeners(logger);
  const switches = new Switches(journal, clock);
  const lines = new Lines();
  const children = new Children({ journal, clock }, hub, switches, newRunId);
  const effects = new StageEffects({ journal, registry, clock, logger, redactor, calls, lines, children });
  const opened = engine.open(engineHost({ clock, logger, journal }, effects, hub, listeners, switches));
  // Rejects every call, rather than the process.
  opened.catch((error: unknown) => logger.error({ error }, "the log cannot be opened"));

  const ready = async (): Promise<void> => {
    await opened;
    if (hub.closed) throw new ConflictError("the delivery was closed");
  };
  const access: RunAccess = { ready, journal, engine, hub, clock, redactor, switches };

  const create = async (
    pipeline: AnyPipeline,
    input: Json,
    start: StartOptions,
    because: Pick<NewEvent<"run-started">, "restarts" | "reason"> = {},
  ): Promise<RunHandle> => {
    await ready();
    await switches.check(pipeline.name);
    const at = clock.now();
    const { actor, idempotencyKey } = start;
    const key = idempotencyKey === undefined ? {} : { idempotencyKey };
    const result = await journal.create(
      { run: newRunId(), pipeline: pipeline.name, startedAt: at, ...key },
      {
        type: "run-started",
        at,
        plan: pipeline.plan(input),
        input,
        ...key,
        ...because,
        ...(actor !== undefined && { actor }),
      },
    );
    return runHandle(result.run, access);
  };

  const look = (cluster: Cluster<unknown>, signal?: AbortSignal): Promise<ClusterState> => {
    const provider = registry.provider(cluster?.provider);
    const problems = [...checkCluster(cluster), ...(provider ? [] : registry.providerProblems(cluster))];
    if (!provider || problems.length > 0) throw new ConfigurationError("undo", problems);
    const patience = signal ?? new AbortController().signal;
    return new ProviderCalls(provider, cluster as Cluster, clock, calls).observe(patience);
  };

  const nameOf = (pipeline: AnyPipeline | string): string =>
    typeof pipeline === "string" ? registry.pipeline(pipeline).name : pipeline.name;
  const said = <Said extends { readonly actor?: string; readonly reason?: string }>(act: Said): Said =>
    typeof act.reason === "string" ? { ...act, reason: redactor.text(act.reason) } : act;

  // What was parked for want of this code goes on.
  const learn = (isNew: boolean): void => {
    if (isNew) effects.unpark();
  };

  let closing: Promise<void> | undefined;
  const shut = async (): Promise<void> => {
    // The clock's timers hold no program; this must come to its end.
    const letGo = clock.hold?.();
    try {
      await shutInOrder();
    } finally {
      letGo?.();
    }
  };
  const shutInOrder = async (): Promise<void> => {
    hub.close();
    // A log that could not be opened was reported by `ready`; there is nothing to close then.
    const open = await opened.then(
      () => true,
      () => false,
    );
    await effects.close();
    const closed = await Promise.allSettled([
      open ? engine.close() : undefined,
      ...registry.providers.map(async (provider) => provider.close()),
    ]);
    for (const end of closed) if (end.status === "rejected") throw end.reason;
  };

  return {
    ready,
    async start(pipeline, input, start = {}) {
      learn(registry.add(pipeline));
      return create(pipeline, await recordRunInput(pipeline, input), start);
    },
    async deploy(input, start = {}) {
      const recorded = recordShortForm(input, registry);
      learn(registry.learn(input.strategy));
      return create(shortForm, recorded, start);
    },
    async plan(
      pipeline: AnyPipeline | DeployStage,
      input: unknown,
      { signal }: { readonly signal?: AbortSignal } = {},
    ) {
      await ready();
      const sources = { registry, engine, clock, calls, signal: signal ?? new AbortController().signal };
      if (!("stages" in pipeline)) {
        const wanted = input as DeployInput<unknown>;
        const recorded = recordShortForm(wanted, registry);
        learn(registry.learn(wanted.strategy));
        return dryRun(shortForm, recorded, sources);
      }
      learn(registry.add(pipeline));
      return dryRun(pipeline, await recordRunInput(pipeline, input), sources);
    },
    async undoTargets(cluster, { signal } = {}) {
      await ready();
      return undoTargets(await look(cluster, signal));
    },
    async undo(cluster, { to, ...start } = {}) {
      await ready();
      const { group, release } = undoTarget(cluster, await look(cluster), to);
      const input = { cluster: cluster as Cluster, release, strategy: undoFactory(), group };
      return create(shortForm, recordShortForm(input, registry), start);
    },
    async restart(id, { reason, ...start } = {}) {
      await ready();
      const old = await journal.state(id);
      if (!old) throw unknownRun(id);
      if (old.outcome === undefined)
        throw new ConflictError(`run ${id} is not over: cancel it first, then start it anew`);
      const because = { restarts: id, ...(reason !== undefined && { reason: redactor.text(reason) }) };
      const once = { idempotencyKey: `restart of ${id}`, ...start };
      return create(registry.pipeline(old.plan.pipeline), old.input, once, because);
    },
    async disable(pipeline, act) {
      await ready();
      await switches.disable(nameOf(pipeline), said(act));
    },
    async enable(pipeline, act = {}) {
      await ready();
      await switches.enable(nameOf(pipeline), said(act));
    },
    async disabled(pipeline) {
      await ready();
      return switches.of(nameOf(pipeline));
    },
    async run(id) {
      await ready();
      if (!(await journal.state(id))) throw unknownRun(id);
      return runHandle(id, access);
    },
    async runs(filter = {}) {
      await ready();
      const runs = await engine.list(filter);
      return filter.pipeline === SWITCHES ? runs : runs.filter(({ pipeline }) => pipeline !== SWITCHES);
    },
    events: ({ from = 0, signal } = {}) =>
      follow((offset, limit) => engine.scan(offset, limit), hub, {
        topic: "anything",
        from: checkFrom(from),
        ready,
        position: (event) => event.offset,
        last: () => false,
        ...(signal && { signal }),
      }),
    on: (type, listener) => listeners.add(type, listener),
    register(pipeline) {
      learn(registry.add(pipeline));
    },
    close: () => (closing ??= shut()),
  };
}
