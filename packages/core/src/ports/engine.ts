import type { Event, NewEvent, Outcome } from "../machine/events.ts";
import type { Clock } from "./clock.ts";
import type { Logger } from "./logger.ts";

/** Work outside the log that a run asked for: to run one attempt of a stage. */
export interface Effect {
  /** Unique within the run and stable over attempts: the stage's name. */
  readonly id: string;
  /** 1, 2, 3 … */
  readonly attempt: number;
}

/** An effect that is outstanding, with the lease under which its result may be recorded. */
export interface IssuedEffect extends Effect {
  readonly run: string;
  /** Changes whenever the effect is handed out anew; a result that comes with an older one is refused. */
  readonly lease: string;
}

/**
 * Asks for one of `limit` places under a key; places are given in the order of asking, each request being held to its
 * own limit. Asking again changes nothing and answers where the first request stands.
 */
export interface PermitRequest {
  readonly key: string;
  readonly limit: number;
  /** Who asks, unique within the run: the stage's name; empty for the run itself. */
  readonly holder: string;
  /**
   * Only when a place is free now: otherwise the whole write is refused with a ConflictError whose `details.permit` is
   * the key, and nothing of it is recorded. What the same write gives back is not free yet.
   */
  readonly onlyIfFree?: boolean;
}

/** Where a request for a permit stands. */
export interface PermitState {
  readonly run: string;
  readonly key: string;
  readonly holder: string;
  readonly granted: boolean;
  /** 0 when granted, else the place in the queue: 1 is next. */
  readonly position: number;
}

/** Where a run stands, for lists. */
export type RunStatus = "queued" | "running" | "paused" | "parked" | Outcome;

/** A run as lists show it. */
export interface RunSummary {
  readonly run: string;
  readonly pipeline: string;
  readonly status: RunStatus;
  readonly startedAt: number;
  readonly idempotencyKey?: string;
  /** Who started it. */
  readonly actor?: string;
  /** What its pipeline says that it belongs to. */
  readonly application?: string;
}

/** Which runs to list; what is absent does not restrict. Newest first. */
export interface RunFilter {
  readonly pipeline?: string;
  readonly status?: RunStatus | readonly RunStatus[];
  /** Runs of pipelines of this application, and runs that acted on one of its clusters. */
  readonly application?: string;
  /** Runs that act, acted or wait to act on this cluster: `clusterId(cluster)`. */
  readonly cluster?: string;
  /** Runs that this actor started. */
  readonly actor?: string;
  /** Runs that started at this instant or later; milliseconds since 1970. */
  readonly from?: number;
  /** Runs that started before this instant. */
  readonly to?: number;
  /** At most so many; default 100. */
  readonly limit?: number;
  /** Only runs that started before this run: the cursor of the next page. */
  readonly before?: string;
}

/** A run as an engine loads it for a decision. */
export interface LoadedRun {
  readonly summary: RunSummary;
  /** Sequence number of the newest event. */
  readonly seq: number;
  /** The events after `known` of `commit`. */
  readonly events: readonly Event[];
  readonly effects: readonly IssuedEffect[];
}

/** Everything that one decision changes. It is recorded whole or not at all. */
export interface Write {
  readonly events: readonly NewEvent[];
  /** Effects to hand out, each under a new lease. Replaces an outstanding one of the same id. */
  readonly issue?: readonly Effect[];
  /** Ids of effects that are over. What the same write issues is not. */
  readonly settle?: readonly string[];
  /**
   * When to call `due` for this run next; null: never; absent: as before. An instant that has passed is due at once,
   * also when it is set again: a timer may have fired a moment early.
   */
  readonly wakeAt?: number | null;
  /** Where the run stands from now on; a run that was over may be running again. */
  readonly status?: RunStatus;
  readonly request?: readonly PermitRequest[];
  /** What the run has to do with from now on, for lists: ids of clusters, names of applications. Added to those before. */
  readonly concerns?: { readonly clusters: readonly string[]; readonly applications: readonly string[] };
  /** Permits given back, or requests withdrawn; before `request` takes effect. */
  readonly release?: readonly { readonly key: string; readonly holder: string }[];
}

/** What came of a commit. */
export interface Committed {
  readonly events: readonly Event[];
  readonly issued: readonly IssuedEffect[];
  /** One for each requested permit. */
  readonly permits: readonly PermitState[];
}

/** A run to be created. */
export interface NewRun {
  readonly run: string;
  readonly pipeline: string;
  readonly startedAt: number;
  readonly idempotencyKey?: string;
  readonly actor?: string;
  readonly application?: string;
}

/**
 * What an engine calls back. It calls only between `open` and `close`, never inside a transaction, and not before
 * whoever awaits the commit has heard of it. A callback that throws is logged, and the others are called.
 */
export interface EngineHost {
  readonly clock: Clock;
  readonly logger: Logger;
  /** These events are in the log for good. In order of offset. */
  committed(events: readonly Event[]): void;
  /** Carry this out: after its commit, and again for every outstanding effect when the log is opened. */
  dispatch(effect: IssuedEffect): void;
  /** The `wakeAt` of this run has come. Repeated at each opening until a commit changes it. */
  due(run: string): void;
  /** A permit was granted after waiting; repeated at each opening for every granted permit. */
  granted(permit: PermitState): void;
}

/**
 * Where runs are kept, and what guards that one process at a time decides for them. An engine stores and hands out;
 * it never decides: decisions come from the pure function given to `commit`.
 *
 * Rules, each with a test in the conformance kit: events, effects, timers and permits of a write commit together; an
 * effect may be handed out twice, but `LoadedRun.effects` tells which lease is current; no transaction is open while
 * a callback runs; a wake-up that comes while a commit is going on is not lost.
 */
export interface Engine {
  readonly name: string;
  /**
   * Takes the log, then hands out what is outstanding: effects under new leases, granted permits, due runs.
   *
   * @throws ConfigurationError when the log is another process's, damaged, or at a place that cannot be trusted
   */
  open(host: EngineHost): Promise<void>;
  /**
   * Creates a run with its first write; when the idempotency key is taken (per pipeline), names that run and writes nothing.
   *
   * @throws ConflictError when the id is taken, or a permit that is wanted only if it is free is not
   */
  create(run: NewRun, write: Write): Promise<{ readonly run: string; readonly created: boolean } & Committed>;
  /**
   * Loads a run, lets `decide` look at it, and records what it returns, in one transaction. `decide` is pure and may be
   * called again. When it throws, nothing is recorded and the error is the caller's.
   *
   * @throws ConflictError when the log was taken over by another process, or the run is unknown: `decide` is given
   * undefined then and may throw what it likes, but nothing can be recorded
   */
  commit(run: string, known: number, decide: (loaded: LoadedRun | undefined) => Write): Promise<Committed>;
  /** Events of one run from `from` (a seq, inclusive), in order, at most `limit`. Empty for an unknown run. */
  read(run: string, from: number, limit: number): Promise<readonly Event[]>;
  /** Events of all runs from `from` (an offset, inclusive), in order, at most `limit`. */
  scan(from: number, limit: number): Promise<readonly Event[]>;
  /**
   * Up to which offset a reader of all runs has read. A reader that is new begins after the newest event, and is known
   * from then on. Absent where nothing of this kind can be kept: then there are no notifiers.
   */
  cursor?(reader: string): Promise<number>;
  /** Durably: everything up to this offset was read. A cursor never goes back; an older offset changes nothing. */
  moveCursor?(reader: string, offset: number): Promise<void>;
  /**
   * Removes these runs with all their events, those alone that are over, of which no effect is outstanding, and which
   * have no event after the offset `upTo`; answers with those that were removed. No offset is ever given again, and what
   * was removed is skipped by `scan`. Absent where a log only grows.
   */
  prune?(runs: readonly string[], upTo?: number): Promise<readonly string[]>;
  /** Runs that pass a filter, newest first. */
  /** @throws ConflictError when there is no run `before` */
  list(filter: RunFilter): Promise<readonly RunSummary[]>;
  /** Who has a place under a key, or waits for one, in the order of asking. Empty for a key that nobody asked for. */
  line(key: string): Promise<readonly PermitState[]>;
  /** Waits for commits under way, tells of them, and lets go of the log. Every later call throws a ConflictError. */
  close(): Promise<void>;
}
