import { uuidv7 } from "uuidv7";
import { ConfigurationError, ConflictError } from "../errors.ts";
import type { Disabled } from "../machine/run/state.ts";
import type { Event, EventType, NewEvent } from "../machine/events.ts";
import { applicationOf, type Cluster, clusterId, type ClusterState } from "../model/cluster.ts";
import type { Check } from "../model/check.ts";
import type { Json } from "../model/json.ts";
import type { Pipeline } from "../model/pipeline.ts";
import { allowAll, type Authorizer } from "../ports/authorizer.ts";
import type { Clock } from "../ports/clock.ts";
import { systemClock } from "../ports/clock.ts";
import type { Engine, RunFilter, RunSummary } from "../ports/engine.ts";
import { silentLogger, type Logger } from "../ports/logger.ts";
import type { Notifier } from "../ports/notifier.ts";
import type { Provider } from "../ports/provider.ts";
import type { SecretResolver } from "../ports/secrets.ts";
import type { Trigger } from "../ports/trigger.ts";
import type { DeployInput, DeployStage } from "../stages/deploy.ts";
import { checkCluster } from "../stages/deploy-input.ts";
import { asRecorded } from "./as-recorded.ts";
import { Children } from "./children.ts";
import { Admissions, admissionOf, explainRefusal } from "./admissions.ts";
import { dryRun, type DryRun } from "./dry-run.ts";
import { undoOf, undoTargetsOf } from "./undo-start.ts";
import { undoFactory } from "./undo-strategy.ts";
import type { UndoTarget } from "./undo.ts";
import { engineHost } from "./engine-host.ts";
import { checkFrom, follow, StreamHub } from "./event-stream.ts";
import { Guard } from "./guard.ts";
import { guardedDelivery } from "./guarded-delivery.ts";
import { Housekeeping } from "./history/housekeeping.ts";
import { policyOf, prune, type PruneOptions, type Retention } from "./history/prune.ts";
import { reportOf, type Report, type ReportOptions } from "./history/report.ts";
import { guardedLogger } from "./guarded-logger.ts";
import { Journal, unknownRun } from "./journal.ts";
import { Lines } from "./lines.ts";
import { Listeners } from "./listeners.ts";
import { memory } from "./memory/memory.ts";
import { Redactor } from "./redact.ts";
import { Registry, type AnyPipeline, type StrategyFactory } from "./registry.ts";
import { NoticeBoards } from "./notices/notice-boards.ts";
import { tellingRefusals } from "./notices/refused-starts.ts";
import { Triggers } from "./triggers.ts";
import { callLimits, ProviderCalls } from "./provider-calls.ts";
import { recordRunInput } from "./run-input.ts";
import { recordShortForm, shortFormOf } from "./short-form.ts";
import type { RunAccess } from "./run-access.ts";
import { runHandle, type RunHandle } from "./run-handle.ts";
import { Secrets } from "./secrets.ts";
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
  /** Clusters in which no stage may leave traffic without a group that serves it, not even by force. */
  readonly guarded?: readonly Cluster<unknown>[];
  /** Checks that gates name: how their code is found again after a crash where a strategy was made from its recorded options. */
  readonly checks?: readonly Check<never>[];
  /** Where messages go. Default: nowhere. */
  readonly logger?: Logger;
  /** Default: the machine's. */
  readonly clock?: Clock;
  /**
   * Values (of 4 characters or more) that must never be seen in a recorded error, a line of progress, a reason or a log
   * line. Inputs and outputs are recorded as they are, whatever they hold: refer to a secret in them by `secret("name")`.
   */
  readonly secrets?: readonly string[];
  /** What `secret("name")` in an input stands for; asked where the secret is used. Default: nobody knows any. */
  readonly secretResolver?: SecretResolver;
  /**
   * Who may do what; asked before each operation. Default: `allowAll`, everybody may do everything, and roles are what
   * the caller says.
   */
  readonly authorizer?: Authorizer;
  /** Who is told of runs. */
  readonly notifiers?: readonly Notifier[];
  /** What starts runs, from the opening of the log to its closing. */
  readonly triggers?: readonly Trigger[];
  /** Removes finished runs at the opening, and each hour. Default: everything is kept; see `delivery.prune`. */
  readonly retention?: Retention;
  /** For providers' calls: milliseconds for one call (default 60,000), repetitions where safe (default 5). */
  readonly calls?: { readonly timeoutMs?: number; readonly retries?: number };
  /** Makes ids of runs, without slashes. Default: UUIDs of version 7, which sort by time. */
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

/**
 * What an actor can do: starts runs, acts on them, and sees what happens. Where there is an authorizer, whatever the actor
 * may not do is a `DeniedError`, and changes nothing; lists and streams leave out what the actor may not READ.
 */
export interface ActingDelivery {
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
   * Where a cluster could go back to, the newest first, and what it would cost: groups that are still there, and by the
   * log (its newest 200 runs) releases whose groups are gone.
   *
   * @throws ConfigurationError when the cluster's provider is not one of this delivery
   */
  undoTargets(
    cluster: Cluster<unknown>,
    options?: { readonly signal?: AbortSignal },
  ): Promise<readonly UndoTarget[]>;
  /**
   * Goes back to what served before: `to` a group or the run that brought it, or else the newest. A group that is still
   * there is brought back, its instances being started where they do not run; where it is gone, its release is brought up
   * in a new one. Then all traffic is shifted at once. The group that served is left warm, for the undo of the undo. In
   * the middle of a rollout, which it supersedes, it goes back to what served before that.
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
  /** A run by its id. `actor`: who looks. @throws ConflictError when there is none */
  run(id: string, options?: { readonly actor?: string }): Promise<RunHandle>;
  /** Runs, newest first. */
  runs(filter?: RunFilter): Promise<readonly RunSummary[]>;
  /**
   * Deployment frequency, lead time, change failure rate and time to restore in a window, and how long runs and stages
   * took. Reads the events of the runs it is about.
   *
   * @throws ConfigurationError when the window is none
   */
  report(options?: ReportOptions): Promise<Report>;
  /**
   * Removes finished runs with all their events: those that are older than `olderThan`, but the newest `keep` of each pipeline, the
   * last two that brought something to a cluster, those below a run that is not over, those with somebody still at work, and those that a notifier was
   * not told of. Their idempotency keys are free again. Answers how many. Needs ADMIN: on the pipeline or application
   * that is named, else on application `"*"`.
   *
   * @throws UnsupportedError when the engine's log only grows
   */
  prune(options?: PruneOptions): Promise<number>;
  /**
   * Events of all runs: from an offset on (default: the beginning), then live, until the signal aborts or the delivery closes.
   * What was removed is skipped; offsets are never given again.
   */
  events(options?: { readonly from?: number; readonly signal?: AbortSignal }): AsyncIterable<Event>;
  /**
   * Calls back on each event of a type, as it is recorded; returns how to stop. For history, use `events`. A listener
   * that throws or rejects is reported to the logger; the other listeners and the run do not notice.
   */
  on<T extends EventType>(type: T, listener: (event: Event<T>) => unknown): () => void;
}

/** The engine: starts runs, carries them out, and tells of them. What only the program itself does is not asked for. */
export interface Delivery extends ActingDelivery {
  /** Resolves once the log is open and what was unsettled goes on; every other call waits for it by itself. */
  ready(): Promise<void>;
  /** The same delivery for one actor: every call is this actor's, and is asked for and recorded as such. */
  as(actor: string): ActingDelivery;
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
  const registry = new Registry(
    (options.providers ?? []) as readonly Provider[],
    options.pipelines ?? [],
    [...(options.strategies ?? []), undoFactory],
    options.checks,
  );
  const newRunId = options.newRunId ?? uuidv7;
  const shortForm = shortFormOf(registry);
  registry.add(shortForm);
  const calls = callLimits(options.calls);
  const journal = new Journal(engine, clock, logger);
  const hub = new StreamHub(clock);
  const listeners = new Listeners(logger);
  const switches = new Switches(journal, clock);
  const lines = new Lines();
  const admissions = new Admissions(journal, clock);
  const children = new Children({ journal, clock }, hub, { switches, admissions }, newRunId);
  const guarded = new Set((options.guarded ?? []).map(clusterId));
  const guard = new Guard(options.authorizer ?? allowAll, logger);
  const secrets = new Secrets(options.secretResolver, redactor);
  const effects = new StageEffects({
    journal,
    registry,
    clock,
    logger,
    redactor,
    calls,
    lines,
    children,
    guarded,
    guard,
    secrets,
  });
  const host = engineHost({ clock, logger, journal }, effects, admissions, hub, listeners, switches);
  const opened = engine.open(host);
  // Rejects every call, rather than the process.
  opened.catch((error: unknown) => logger.error({ error }, "the log cannot be opened"));

  const boards = new NoticeBoards(options.notifiers ?? [], { engine, hub, clock, logger, redactor });
  const prepared = opened.then(() => boards.open());
  prepared.catch(() => {});

  const ready = async (): Promise<void> => {
    await prepared;
    if (hub.closed) throw new ConflictError("the delivery was closed");
  };
  const access: RunAccess = { ready, journal, engine, hub, clock, redactor, switches, admissions };

  const create = async (
    pipeline: AnyPipeline,
    input: Json,
    { actor, idempotencyKey }: StartOptions,
    application: string | undefined = pipeline.application,
    because: Pick<NewEvent<"run-started">, "restarts" | "reason"> = {},
  ): Promise<RunHandle> => {
    await ready();
    await switches.check(pipeline.name);
    const at = clock.now();
    const said = {
      ...(idempotencyKey !== undefined && { idempotencyKey }),
      ...(actor !== undefined && { actor }),
    };
    const of = application === undefined ? {} : { application };
    const admission = admissionOf(pipeline, input);
    const { name } = pipeline;
    const plan = { ...pipeline.plan(input), ...of };
    const { run, permits } = await journal
      .create(
        { run: newRunId(), pipeline: name, startedAt: at, ...said, ...of },
        {
          type: "run-started",
          at,
          plan,
          input,
          ...said,
          ...because,
          ...(admission && { admission }),
        },
      )
      .catch(async (error: unknown) => {
        throw await explainRefusal(error, name, admission, journal);
      });
    if (admission) await admissions.created(run, permits[0]);
    return runHandle(run, access);
  };

  const look = async (cluster: Cluster<unknown>, signal?: AbortSignal): Promise<ClusterState> => {
    const provider = registry.provider(cluster?.provider);
    const problems = [...checkCluster(cluster), ...(provider ? [] : registry.providerProblems(cluster))];
    if (!provider || problems.length > 0) throw new ConfigurationError("undo", problems);
    const patience = signal ?? new AbortController().signal;
    const world = await new ProviderCalls(provider, cluster as Cluster, clock, calls).observe(patience);
    return asRecorded(world, cluster, { secrets, journal });
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
    await triggers.close();
    await housekeeping?.close();
    await effects.close();
    if (open) await boards.close();
    const closed = await Promise.allSettled([
      open ? engine.close() : undefined,
      ...registry.providers.map(async (provider) => provider.close()),
    ]);
    for (const end of closed) if (end.status === "rejected") throw end.reason;
  };

  const report = async (
    reported: ReportOptions,
    may: (run: RunSummary) => Promise<boolean>,
  ): Promise<Report> => {
    await ready();
    return reportOf(reported, { engine, now: clock.now() }, may);
  };
  const removed = (runs: readonly string[]): void => {
    for (const run of runs) {
      journal.forget(run);
      // Who follows it hears that it is gone.
      hub.notify(run, true);
    }
  };
  const pruneLog = (pruned: PruneOptions, signal?: AbortSignal): Promise<number> =>
    prune(pruned, { engine, clock, readers: boards.readers, removed }, signal);
  const { retention } = options;
  if (retention) policyOf(retention);
  const housekeeping = retention && new Housekeeping(clock, logger, (signal) => pruneLog(retention, signal));

  const acting: ActingDelivery = {
    async start(pipeline, input, start = {}) {
      learn(registry.add(pipeline));
      return create(pipeline, await recordRunInput(pipeline, input), start);
    },
    async deploy(input, start = {}) {
      const recorded = recordShortForm(input, registry);
      learn(registry.learn(input.strategy));
      return create(shortForm, recorded, start, applicationOf(input.cluster));
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
      return undoTargetsOf(cluster, await look(cluster, signal), { engine, journal });
    },
    async undo(cluster, { to, ...start } = {}) {
      await ready();
      const input = await undoOf(cluster, await look(cluster), to, { engine, journal });
      return create(shortForm, recordShortForm(input, registry), start, applicationOf(cluster));
    },
    async restart(id, { reason, ...start } = {}) {
      await ready();
      const old = await journal.state(id);
      if (!old) throw unknownRun(id);
      if (old.outcome === undefined)
        throw new ConflictError(`run ${id} is not over: cancel it first, then start it anew`);
      const because = { restarts: id, ...(reason !== undefined && { reason: redactor.text(reason) }) };
      const once = { idempotencyKey: `restart of ${id}`, ...start };
      return create(registry.pipeline(old.plan.pipeline), old.input, once, old.plan.application, because);
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
    report: (reported = {}) => report(reported, async () => true),
    async prune(pruned = {}) {
      await ready();
      return pruneLog(pruned);
    },
    on: (type, listener) => listeners.add(type, listener),
  };
  const guardedBy = (bound: string | undefined): ActingDelivery =>
    guardedDelivery(acting, { guard, journal, registry, report, bound });
  const boundTo = (bound: string | undefined): ActingDelivery =>
    tellingRefusals(guardedBy(bound), bound, (asked, error) => boards.refused(asked, error));
  const triggers = new Triggers(options.triggers ?? [], {
    registry,
    clock,
    logger,
    redactor,
    delivery: guardedBy(undefined),
    refused: (asked, error) => boards.refused(asked, error),
  });
  const goOn = async (): Promise<void> => {
    await ready();
    triggers.open();
    housekeeping?.open();
  };
  // A log that cannot be opened is reported by every call.
  goOn().catch(() => {});

  return {
    ...boundTo(undefined),
    ready,
    as: boundTo,
    register(pipeline) {
      learn(registry.add(pipeline));
    },
    close: () => (closing ??= shut()),
  };
}
