import { ConflictError } from "../../errors.ts";
import type { NewRun, RunFilter, RunSummary } from "../../ports/engine.ts";
import { runQuery, type RunQuery } from "../run-filter.ts";
import { keepRun, type KeptRun } from "./kept-run.ts";

/** All runs, found by id, by idempotency key, and in order of their start. */
export class KeptRuns {
  readonly #byId = new Map<string, KeptRun>();
  readonly #byKey = new Map<string, Map<string, KeptRun>>();
  #byStart: KeptRun[] = [];

  get(run: string): KeptRun | undefined {
    return this.#byId.get(run);
  }

  withKey({ pipeline, idempotencyKey }: NewRun): KeptRun | undefined {
    return idempotencyKey === undefined ? undefined : this.#byKey.get(pipeline)?.get(idempotencyKey);
  }

  add(created: NewRun): KeptRun {
    const run = keepRun(created);
    const { pipeline, idempotencyKey } = created;
    this.#byId.set(created.run, run);
    if (idempotencyKey !== undefined) {
      const keys = this.#byKey.get(pipeline) ?? new Map<string, KeptRun>();
      this.#byKey.set(pipeline, keys.set(idempotencyKey, run));
    }
    this.#insert(run);
    return run;
  }

  values(): Iterable<KeptRun> {
    return this.#byId.values();
  }

  /** Newest first. */
  list(filter: RunFilter): RunSummary[] {
    const query = runQuery(filter);
    const found: RunSummary[] = [];
    for (let index = this.#indexBefore(query.before); index >= 0 && found.length < query.limit; index -= 1) {
      const run = this.#byStart[index];
      if (run && passes(run, query)) found.push(run.summary);
    }
    return found;
  }

  remove(runs: ReadonlySet<KeptRun>): void {
    for (const { summary } of runs) {
      this.#byId.delete(summary.run);
      if (summary.idempotencyKey !== undefined)
        this.#byKey.get(summary.pipeline)?.delete(summary.idempotencyKey);
    }
    this.#byStart = this.#byStart.filter((run) => !runs.has(run));
  }

  #indexBefore(run: string | undefined): number {
    if (run === undefined) return this.#byStart.length - 1;
    const cursor = this.#byId.get(run);
    if (!cursor) throw new ConflictError(`there is no run ${run} to list runs before`, { details: { run } });
    return this.#byStart.lastIndexOf(cursor) - 1;
  }

  // Nearly always at the end: only a clock that was set back makes it walk.
  #insert(run: KeptRun): void {
    const runs = this.#byStart;
    let index = runs.length;
    while (index > 0 && runs[index - 1]!.summary.startedAt > run.summary.startedAt) index -= 1;
    if (index === runs.length) runs.push(run);
    else runs.splice(index, 0, run);
  }
}

function passes({ summary, clusters, applications }: KeptRun, query: RunQuery): boolean {
  const { pipeline, statuses, application, cluster, actor, from = -Infinity, to = Infinity } = query;
  return (
    (pipeline === undefined || summary.pipeline === pipeline) &&
    (!statuses || statuses.includes(summary.status)) &&
    (actor === undefined || summary.actor === actor) &&
    (cluster === undefined || clusters.has(cluster)) &&
    (application === undefined || summary.application === application || applications.has(application)) &&
    summary.startedAt >= from &&
    summary.startedAt < to
  );
}
