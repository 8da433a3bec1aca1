import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { ConflictError } from "../../errors.ts";
import type { NewRun, RunFilter, RunStatus, RunSummary } from "../../ports/engine.ts";
import { runQuery } from "../run-filter.ts";
import { NO_EFFECTS, summaryOf, type RunRow } from "./rows.ts";

/** The table of runs. */
export class RunTable {
  readonly #database: DatabaseSync;
  readonly #find: StatementSync;
  readonly #withKey: StatementSync;
  readonly #add: StatementSync;
  readonly #setSeq: StatementSync;
  readonly #setEffects: StatementSync;
  readonly #setStatus: StatementSync;
  readonly #setWake: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#find = database.prepare("SELECT * FROM runs WHERE run = ?");
    this.#withKey = database.prepare("SELECT * FROM runs WHERE pipeline = ? AND idempotency_key = ?");
    this.#add = database.prepare(
      "INSERT INTO runs (run, pipeline, status, started_at, idempotency_key, seq, effects) VALUES (?, ?, ?, ?, ?, ?, ?)",
    );
    this.#setSeq = database.prepare("UPDATE runs SET seq = ? WHERE number = ?");
    this.#setEffects = database.prepare("UPDATE runs SET effects = ? WHERE number = ?");
    this.#setStatus = database.prepare("UPDATE runs SET status = ? WHERE number = ?");
    this.#setWake = database.prepare("UPDATE runs SET wake_at = ? WHERE number = ?");
  }

  find(run: string): RunRow | undefined {
    return this.#find.get(run) as RunRow | undefined;
  }

  withKey({ pipeline, idempotencyKey }: NewRun): RunRow | undefined {
    if (idempotencyKey === undefined) return undefined;
    return this.#withKey.get(pipeline, idempotencyKey) as RunRow | undefined;
  }

  add({ run, pipeline, startedAt, idempotencyKey }: NewRun): RunRow {
    const status: RunStatus = "running";
    const key = idempotencyKey ?? null;
    const { lastInsertRowid } = this.#add.run(run, pipeline, status, startedAt, key, -1, NO_EFFECTS);
    return {
      number: Number(lastInsertRowid),
      run,
      pipeline,
      status,
      started_at: startedAt,
      idempotency_key: key,
      seq: -1,
      effects: NO_EFFECTS,
      wake_at: null,
    };
  }

  /** Writes only what differs: every column that is set costs the upkeep of its indexes. */
  change(row: RunRow, { seq, effects, status, wake_at }: Partial<RunRow>): void {
    if (seq !== undefined && seq !== row.seq) this.#setSeq.run(seq, row.number);
    if (effects !== undefined && effects !== row.effects) this.#setEffects.run(effects, row.number);
    if (status !== undefined && status !== row.status) this.#setStatus.run(status, row.number);
    if (wake_at !== undefined && wake_at !== row.wake_at) this.#setWake.run(wake_at, row.number);
  }

  withEffects(): readonly RunRow[] {
    const rows = this.#database.prepare(
      `SELECT * FROM runs WHERE effects <> '${NO_EFFECTS}' ORDER BY number`,
    );
    return rows.all() as unknown as readonly RunRow[];
  }

  /** Earliest first. */
  withWake(): readonly { readonly run: string; readonly wake_at: number }[] {
    const rows = this.#database.prepare(
      "SELECT run, wake_at FROM runs WHERE wake_at IS NOT NULL ORDER BY wake_at",
    );
    return rows.all() as unknown as readonly { run: string; wake_at: number }[];
  }

  /** Newest first. */
  list(filter: RunFilter): readonly RunSummary[] {
    const { pipeline, statuses, limit, before } = runQuery(filter);
    const conditions: string[] = [];
    const values: SQLInputValue[] = [];
    if (pipeline !== undefined) {
      conditions.push("pipeline = ?");
      values.push(pipeline);
    }
    if (statuses) {
      conditions.push(`status IN (${statuses.map(() => "?").join(", ")})`);
      values.push(...statuses);
    }
    if (before !== undefined) {
      const cursor = this.#cursor(before);
      conditions.push("(started_at, number) < (?, ?)");
      values.push(cursor.started_at, cursor.number);
    }
    const where = conditions.length > 0 ? `WHERE ${conditions.join(" AND ")}` : "";
    const rows = this.#database
      .prepare(`SELECT * FROM runs ${where} ORDER BY started_at DESC, number DESC LIMIT ?`)
      .all(...values, limit);
    return (rows as unknown as readonly RunRow[]).map(summaryOf);
  }

  #cursor(run: string): RunRow {
    const row = this.find(run);
    if (!row) throw new ConflictError(`there is no run ${run} to list runs before`, { details: { run } });
    return row;
  }
}
