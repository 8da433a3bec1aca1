import { ConfigurationError, UnsupportedError } from "../../errors.ts";
import { concernsOf } from "../../machine/history/concerns.ts";
import type { Event } from "../../machine/events.ts";
import { type Duration, parseDuration } from "../../model/duration.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Engine, RunFilter, RunSummary } from "../../ports/engine.ts";
import { checkDuration } from "../../stages/wait.ts";
import { isFinished } from "../prunable.ts";
import { readRun } from "../read-run.ts";

/** What is kept of history. A run is removed only when nothing of this keeps it. */
export interface Retention {
  /** The newest finished runs of each pipeline, so many. Default 20. */
  readonly keep?: number;
  /** Runs that ended less long ago than this. Default: 30 days. */
  readonly olderThan?: Duration;
}

/** Which runs to remove. */
export interface PruneOptions extends Retention, Pick<RunFilter, "application" | "pipeline"> {}

/** What pruning works with. */
export interface PruneSources {
  readonly engine: Engine;
  readonly clock: Clock;
  /** Of the notifiers: what they were not told of stays. */
  readonly readers: readonly string[];
  /** These runs are not in the log any more. */
  readonly removed: (runs: readonly string[]) => void;
}

const KEEP = 20;
const OLDER_THAN = "30d";
// The one that serves, and the one before it: what an undo goes back to.
const KEPT_OF_CLUSTER = 2;
const PAGE = 100;

/** Removes finished runs that nothing keeps, a batch at a time; answers how many. Stops between batches when the signal aborts. */
export async function prune(
  options: PruneOptions,
  sources: PruneSources,
  signal?: AbortSignal,
): Promise<number> {
  const { keep, olderThanMs, filter } = policyOf(options);
  if (!("prune" in sources.engine))
    throw new UnsupportedError(`the ${sources.engine.name} engine removes nothing: its log only grows`);
  const before = sources.clock.now() - olderThanMs;
  const kept = new Kept(keep, sources.engine);
  const upTo = await readByAll(sources);
  let removed = 0;
  let page = await finishedRuns(sources.engine, filter);
  while (page.length > 0 && !signal?.aborted) {
    const old: string[] = [];
    for (const summary of page) if (await isOld(summary, before, kept, sources.engine)) old.push(summary.run);
    // The next page begins after the last run of this one: it is listed before that one is removed.
    const next =
      page.length < PAGE ? [] : await finishedRuns(sources.engine, { ...filter, before: page.at(-1)!.run });
    const gone = old.length === 0 ? [] : ((await sources.engine.prune?.(old, upTo)) ?? []);
    sources.removed(gone);
    removed += gone.length;
    page = next;
  }
  return removed;
}

/** @throws ConfigurationError with all problems of a retention policy */
export function policyOf({ keep = KEEP, olderThan = OLDER_THAN, ...filter }: PruneOptions): {
  readonly keep: number;
  readonly olderThanMs: number;
  readonly filter: RunFilter;
} {
  const problems = [
    ...(Number.isSafeInteger(keep) && keep >= 0 ? [] : [`keep: ${keep} is not a whole number from 0 on`]),
    ...checkDuration("olderThan", olderThan),
  ];
  if (problems.length > 0) throw new ConfigurationError("retention", problems);
  return { keep, olderThanMs: parseDuration(olderThan), filter };
}

function finishedRuns(engine: Engine, filter: RunFilter): Promise<readonly RunSummary[]> {
  return engine.list({ ...filter, status: ["succeeded", "rolled-back", "cancelled", "failed"], limit: PAGE });
}

async function readByAll({ engine, readers }: PruneSources): Promise<number> {
  let upTo = Number.MAX_SAFE_INTEGER;
  for (const reader of readers) upTo = Math.min(upTo, (await engine.cursor?.(reader)) ?? 0);
  return upTo;
}

async function isOld(summary: RunSummary, before: number, kept: Kept, engine: Engine): Promise<boolean> {
  if (!isFinished(summary.status) || (await kept.isNewest(summary)) || summary.startedAt >= before)
    return false;
  const events = await readRun(engine, summary.run);
  const end = events.findLast(({ type }) => type === "run-finished");
  if (end === undefined || end.at >= before || (await kept.isAwaited(events))) return false;
  return !(await kept.isReferenced(summary.run, events));
}

/** What is kept whatever its age. */
class Kept {
  readonly #keep: number;
  readonly #engine: Engine;
  readonly #ofPipeline = new Map<string, number>();
  readonly #ofCluster = new Map<string, ReadonlySet<string>>();

  constructor(keep: number, engine: Engine) {
    this.#keep = keep;
    this.#engine = engine;
  }

  /** Asked for each run, newest first. */
  async isNewest({ pipeline }: RunSummary): Promise<boolean> {
    const newer = this.#ofPipeline.get(pipeline) ?? 0;
    this.#ofPipeline.set(pipeline, newer + 1);
    return newer < this.#keep;
  }

  /** Whether the run above may still ask how it ended: one that is not over and does not find it would start it again. */
  async isAwaited([started]: readonly Event[]): Promise<boolean> {
    const parent = started?.type === "run-started" ? started.parent : undefined;
    if (!parent) return false;
    const above = await readRun(this.#engine, parent.run);
    const last = above.findLast(({ type }) => type === "run-finished" || type === "run-retried");
    return above.length > 0 && last?.type !== "run-finished";
  }

  /** Whether a cluster that a run has to do with would lose what tells where it can go back to. */
  async isReferenced(run: string, events: readonly Event[]): Promise<boolean> {
    for (const cluster of concernsOf(events).clusters)
      if ((await this.#lastOf(cluster)).has(run)) return true;
    return false;
  }

  async #lastOf(cluster: string): Promise<ReadonlySet<string>> {
    const known = this.#ofCluster.get(cluster);
    if (known) return known;
    const last = await this.#engine.list({ cluster, status: "succeeded", limit: KEPT_OF_CLUSTER });
    const runs = new Set(last.map(({ run }) => run));
    this.#ofCluster.set(cluster, runs);
    return runs;
  }
}
