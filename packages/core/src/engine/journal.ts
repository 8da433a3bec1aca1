import { ConflictError, DeliveryError } from "../errors.ts";
import type { Event, NewEvent, Outcome } from "../machine/events.ts";
import { advance, begin, fold, replay, type Change } from "../machine/run/advance.ts";
import { withConcerns } from "../machine/history/concerns.ts";
import type { RunState } from "../machine/run/state.ts";
import type { Cluster, ClusterState } from "../model/cluster.ts";
import type { FinishedRun } from "../model/stage.ts";
import type { Clock } from "../ports/clock.ts";
import type { Committed, Engine, NewRun, PermitState } from "../ports/engine.ts";
import type { Logger } from "../ports/logger.ts";
import { withRecordedReleases } from "./history/recorded-releases.ts";
import { readRun } from "./read-run.ts";
import { sleep } from "./sleep.ts";

interface Known {
  readonly seq: number;
  readonly state: RunState;
}

/** What one change decided, and its engine has perhaps not recorded yet. */
interface Decided {
  known: Known | undefined;
}

// Runs that wait for days need not stay in memory: beyond so many, the ones not touched for longest are folded again when needed.
const KNOWN_MAX = 2000;
const PAUSE_MS = 500;
const PAUSE_MAX_MS = 15_000;

/** What a change led to. */
export interface Advanced extends Committed {
  readonly state: RunState;
}

/** Reads and changes runs through an engine, and remembers how far each was folded. */
export class Journal {
  readonly #engine: Engine;
  readonly #clock: Clock;
  readonly #known = new Map<string, Known>();
  // Known only once the engine says that it is recorded: spares folding the same events twice.
  readonly #decided = new Map<string, Decided[]>();
  readonly #pinned = new Set<string>();
  readonly #closing = new AbortController();
  readonly #logger: Logger;

  constructor(engine: Engine, clock: Clock, logger: Logger) {
    this.#engine = engine;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Nothing is tried again from now on. */
  close(): void {
    this.#closing.abort();
  }

  /** Creates a run; when the idempotency key is taken, names the run that has it. */
  async create(
    run: NewRun,
    started: NewEvent<"run-started">,
  ): Promise<{ readonly run: string; readonly created: boolean } & Committed> {
    const { write, state } = begin(run.run, started, started.at);
    const decided = this.#deciding(run.run);
    decided.known = { seq: write.events.length - 1, state };
    try {
      const result = await this.#engine.create(run, withConcerns(write));
      this.committed(result.events);
      return result;
    } finally {
      this.#decidedNoMore(run.run, decided);
    }
  }

  /** Changes a run by the one transactional routine. */
  async advance(run: string, change: Change): Promise<Advanced> {
    const known = this.#known.get(run);
    const decided = this.#deciding(run);
    let next: RunState | undefined;
    try {
      const committed = await this.#engine.commit(run, known?.seq ?? -1, (loaded) => {
        if (!loaded) throw unknownRun(run);
        const now = this.#clock.now();
        const { state, write } = advance(fold(known?.state, loaded), loaded.effects, change, now);
        next = state;
        decided.known = { seq: loaded.seq + write.events.length, state };
        return withConcerns(write);
      });
      this.committed(committed.events);
      return { ...committed, state: next as RunState };
    } finally {
      this.#decidedNoMore(run, decided);
    }
  }

  /**
   * Changes a run by what has happened already, so that it must not be lost: while the log says that it cannot be
   * written now (its disk is full, somebody has locked it), this tries again, until the journal is closed.
   */
  async insist(run: string, change: Change): Promise<Advanced> {
    for (let pauseMs = PAUSE_MS; ; pauseMs = Math.min(PAUSE_MAX_MS, pauseMs * 2)) {
      try {
        return await this.advance(run, change);
      } catch (error) {
        const { signal } = this.#closing;
        if (!DeliveryError.is(error) || !error.retryable || signal.aborted) throw error;
        this.#logger.error({ run, error }, "the log cannot be written; it is tried again");
        await sleep(this.#clock, pauseMs, signal);
        if (signal.aborted) throw error;
      }
    }
  }

  /** Who has a place under a key, or waits for one, in the order of asking. */
  line(key: string): Promise<readonly PermitState[]> {
    return this.#engine.line(key);
  }

  /** These events are in the log for good: what was decided with them is known from now on. */
  committed(events: readonly Event[]): void {
    for (let index = events.length - 1; index >= 0; index -= 1) {
      const { run, seq } = events[index]!;
      // Earlier events of the same commit lead up to this one.
      while (events[index - 1]?.run === run) index -= 1;
      const known = this.#known.get(run);
      if (known && known.seq >= seq) continue;
      const decided = this.#decided.get(run)?.find((candidate) => candidate.known?.seq === seq)?.known;
      if (decided) this.#keep(run, decided);
    }
  }

  /** A run was removed from the log. */
  forget(run: string): void {
    this.#known.delete(run);
  }

  /** Keeps a run in memory until `release` is called: for as long as somebody drives it. */
  hold(run: string): void {
    this.#pinned.add(run);
  }

  /** Nobody drives it any more. A run that is over is seldom asked for again: the log has it. */
  release(run: string): void {
    this.#pinned.delete(run);
    if (this.#known.get(run)?.state.outcome !== undefined) this.#known.delete(run);
  }

  /** The run as it stands, if it is in memory: always while it is held. */
  peek(run: string): RunState | undefined {
    return this.#known.get(run)?.state;
  }

  /** The run as it stands; undefined when there is none. */
  async state(run: string): Promise<RunState | undefined> {
    const known = this.#known.get(run);
    if (known) return known.state;
    const events = await readRun(this.#engine, run);
    if (events.length === 0) return undefined;
    const loaded = { seq: events.length - 1, state: replay(run, events) };
    const newer = this.#known.get(run);
    // While the log was read, somebody may have gone on.
    if (newer && newer.seq >= loaded.seq) return newer.state;
    this.#keep(run, loaded);
    return loaded.state;
  }

  /** A cluster with releases as the log has them, where they refer to secrets. */
  withRecordedReleases(world: ClusterState, cluster: Cluster<unknown>): Promise<ClusterState> {
    return withRecordedReleases(world, cluster, this.#engine);
  }

  /** The newest run of a pipeline that is over and began before another run. */
  async lastFinished(pipeline: string, before: string): Promise<FinishedRun | undefined> {
    const status = ["succeeded", "rolled-back", "cancelled", "failed"] as const;
    const [last] = await this.#engine.list({ pipeline, status, before, limit: 1 });
    return last && { run: last.run, outcome: last.status as Outcome, startedAt: last.startedAt };
  }

  #deciding(run: string): Decided {
    const decided: Decided = { known: undefined };
    const others = this.#decided.get(run);
    if (others) others.push(decided);
    else this.#decided.set(run, [decided]);
    return decided;
  }

  #decidedNoMore(run: string, decided: Decided): void {
    const all = this.#decided.get(run);
    if (!all) return;
    all.splice(all.indexOf(decided), 1);
    if (all.length === 0) this.#decided.delete(run);
  }

  #keep(run: string, known: Known): void {
    this.#known.delete(run);
    this.#known.set(run, known);
    if (this.#known.size <= KNOWN_MAX + this.#pinned.size) return;
    for (const oldest of this.#known.keys())
      if (!this.#pinned.has(oldest)) {
        this.#known.delete(oldest);
        return;
      }
  }
}

/** The error for a run that is not in the log. */
export function unknownRun(run: string): ConflictError {
  return new ConflictError(`there is no run ${JSON.stringify(run)} in this log`, { details: { run } });
}
