import type { DatabaseSync, StatementSync } from "node:sqlite";
import { ConflictError } from "../../errors.ts";
import type { NewRun, RunFilter, RunSummary, Write } from "../../ports/engine.ts";
import { runQuery, type RunQuery } from "../run-filter.ts";
import { RecentRuns } from "./recent-runs.ts";
import { NO_EFFECTS, storedRun, type RunRow, type StoredRun } from "./stored-run.ts";

// The newest event's number is read from the index of events, so that a commit of events alone changes no run.
const RUNS =
  "SELECT runs.*, coalesce((SELECT max(seq) FROM events WHERE events.run = runs.number), -1) AS seq FROM runs";

/** What a write changes of a run, besides its events. */
export type RunChange = Partial<Pick<StoredRun, "seq" | "effects" | "wakeAt"> & Pick<RunSummary, "status">>;

/** The table of runs. */
export class RunTable {
  readonly #database: DatabaseSync;
  readonly #recent = new RecentRuns();
  readonly #find: StatementSync;
  readonly #withKey: StatementSync;
  readonly #add: StatementSync;
  readonly #setEffects: StatementSync;
  readonly #setStatus: StatementSync;
  readonly #setWake: StatementSync;
  readonly #addConcern: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#find = database.prepare(`${RUNS} WHERE run = ?`);
    this.#withKey = database.prepare("SELECT run FROM runs WHERE pipeline = ? AND idempotency_key = ?");
    this.#add = database.prepare(
      "INSERT INTO runs (run, pipeline, status, started_at, idempotency_key, effects, actor, application) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    );
    this.#setEffects = database.prepare("UPDATE runs SET effects = ? WHERE number = ?");
    this.#setStatus = database.prepare("UPDATE runs SET status = ? WHERE number = ?");
    this.#setWake = database.prepare("UPDATE runs SET wake_at = ? WHERE number = ?");
    this.#addConcern = database.prepare("INSERT OR IGNORE INTO concerns (kind, name, run) VALUES (?, ?, ?)");
  }

  find(run: string): StoredRun | undefined {
    const recent = this.#recent.get(run);
    if (recent) return recent;
    const row = this.#find.get(run) as RunRow | undefined;
    return row && this.#recent.keep(storedRun(row));
  }

  /** The id of the run that has an idempotency key. */
  withKey({ pipeline, idempotencyKey }: NewRun): string | undefined {
    if (idempotencyKey === undefined) return undefined;
    return this.#withKey.get(pipeline, idempotencyKey)?.["run"] as string | undefined;
  }

  add(created: NewRun): StoredRun {
    const { run, pipeline, startedAt, idempotencyKey = null, actor = null, application = null } = created;
    const { lastInsertRowid } = this.#add.run(
      run,
      pipeline,
      "running",
      startedAt,
      idempotencyKey,
      NO_EFFECTS,
      actor,
      application,
    );
    const stored: StoredRun = {
      number: Number(lastInsertRowid),
      summary: { ...created, status: "running" },
      seq: -1,
      effects: [],
      wakeAt: null,
    };
    if (application !== null) this.concern(stored, { clusters: [], applications: [application] });
    return this.#recent.keep(stored);
  }

  /** Writes only what differs: every column that is set costs the upkeep of its indexes. */
  change(stored: StoredRun, change: RunChange): void {
    const { number, summary } = stored;
    const {
      seq = stored.seq,
      effects = stored.effects,
      wakeAt = stored.wakeAt,
      status = summary.status,
    } = change;
    if (effects !== stored.effects) this.#setEffects.run(JSON.stringify(effects), number);
    if (wakeAt !== stored.wakeAt) this.#setWake.run(wakeAt, number);
    if (status !== summary.status) this.#setStatus.run(status, number);
    const changed = status === summary.status ? summary : { ...summary, status };
    this.#recent.keep({ number, summary: changed, seq, effects, wakeAt });
  }

  /** What a run has to do with from now on. */
  concern({ number }: StoredRun, concerns: Write["concerns"]): void {
    for (const name of concerns?.clusters ?? []) this.#addConcern.run("cluster", name, number);
    for (const name of concerns?.applications ?? []) this.#addConcern.run("application", name, number);
  }

  remove({ number, summary }: StoredRun): void {
    this.#recent.drop(summary.run);
    for (const table of ["concerns WHERE run", "runs WHERE number"])
      this.#database.prepare(`DELETE FROM ${table} = ?`).run(number);
  }

  /** A transaction was undone. */
  forget(): void {
    this.#recent.forget();
  }

  withEffects(): readonly StoredRun[] {
    return this.#all(`${RUNS} WHERE effects <> '${NO_EFFECTS}' ORDER BY number`);
  }

  /** Earliest first. */
  withWake(): readonly { readonly run: string; readonly wakeAt: number }[] {
    const rows = this.#database.prepare(
      "SELECT run, wake_at AS wakeAt FROM runs WHERE wake_at IS NOT NULL ORDER BY wake_at",
    );
    return rows.all() as unknown as readonly { run: string; wakeAt: number }[];
  }

  /** Newest first. */
  list(filter: RunFilter): readonly RunSummary[] {
    const query = runQuery(filter);
    const conditions = conditionsOf(query);
    if (query.before !== undefined) {
      const { number, summary } = this.#cursor(query.before);
      conditions.push(["(started_at, number) < (?, ?)", summary.startedAt, number]);
    }
    const where = conditions.length > 0 ? `WHERE ${conditions.map(([sql]) => sql).join(" AND ")}` : "";
    const values = conditions.flatMap(([, ...given]) => given);
    const order = "ORDER BY started_at DESC, number DESC LIMIT ?";
    return this.#all(`${RUNS} ${where} ${order}`, ...values, query.limit).map(({ summary }) => summary);
  }

  #all(query: string, ...values: readonly (string | number)[]): readonly StoredRun[] {
    const rows = this.#database.prepare(query).all(...values) as unknown as readonly RunRow[];
    return rows.map(storedRun);
  }

  #cursor(run: string): StoredRun {
    const stored = this.find(run);
    if (!stored) throw new ConflictError(`there is no run ${run} to list runs before`, { details: { run } });
    return stored;
  }
}

type Condition = readonly [sql: string, ...values: (string | number)[]];

function conditionsOf({ pipeline, statuses, application, cluster, actor, from, to }: RunQuery): Condition[] {
  const concerned = "number IN (SELECT run FROM concerns WHERE kind = ? AND name = ?)";
  const conditions: Condition[] = [];
  if (pipeline !== undefined) conditions.push(["pipeline = ?", pipeline]);
  if (statuses) conditions.push([`status IN (${statuses.map(() => "?").join(", ")})`, ...statuses]);
  if (actor !== undefined) conditions.push(["actor = ?", actor]);
  if (cluster !== undefined) conditions.push([concerned, "cluster", cluster]);
  if (application !== undefined) conditions.push([concerned, "application", application]);
  if (from !== undefined) conditions.push(["started_at >= ?", from]);
  if (to !== undefined) conditions.push(["started_at < ?", to]);
  return conditions;
}
