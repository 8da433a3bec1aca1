import type { Event } from "../../machine/events.ts";
import { ConfigurationError } from "../../errors.ts";
import type {
  Committed,
  Engine,
  EngineHost,
  LoadedRun,
  NewRun,
  PermitState,
  RunFilter,
  RunSummary,
  Write,
} from "../../ports/engine.ts";
import { notOpen } from "../refusals.ts";
import { localDisk, type Disk } from "./disk.ts";
import { logPlace, type LogPlace, type SqliteOptions } from "./options.ts";
import type { Created } from "./recorder.ts";
import { openSession, type Session } from "./session.ts";

/**
 * Keeps runs in one SQLite file, for one process: what is acknowledged is on disk, and a run goes on where it stood
 * after the process was killed. A second process that opens the file is refused for as long as the first one lives.
 * Give the path, or {@link SqliteOptions}. The file is opened by the delivery; nothing is touched before.
 *
 * @throws ConfigurationError here, when there is no path; by the delivery, when the path cannot be trusted with a log
 * @example
 * const delivery = createDelivery({ engine: sqlite("deploys.db"), providers: [prod] })
 */
export function sqlite(options: string | SqliteOptions): Engine {
  return sqliteOn(localDisk, options);
}

/** The same on another disk, for tests. */
export function sqliteOn(disk: Disk, options: string | SqliteOptions): Engine {
  return new SqliteEngine(logPlace(options), disk);
}

class SqliteEngine implements Engine {
  readonly name = "sqlite";
  readonly #place: LogPlace;
  readonly #disk: Disk;
  #session: Session | undefined;
  #opening = false;
  #closing: Promise<void> | undefined;

  constructor(place: LogPlace, disk: Disk) {
    this.#place = place;
    this.#disk = disk;
  }

  async open(host: EngineHost): Promise<void> {
    if (this.#session || this.#opening)
      throw new ConfigurationError(`the log ${this.#place.file}`, [
        "this engine is open already: make one engine for each delivery, or close the other one first",
      ]);
    this.#opening = true;
    try {
      this.#session = await openSession(this.#place, this.#disk, host);
    } finally {
      this.#opening = false;
    }
  }

  async create(created: NewRun, write: Write): Promise<Created> {
    return this.#open().create(created, write);
  }

  async commit(
    run: string,
    known: number,
    decide: (loaded: LoadedRun | undefined) => Write,
  ): Promise<Committed> {
    return this.#open().commit(run, known, decide);
  }

  async read(run: string, from: number, limit: number): Promise<readonly Event[]> {
    return this.#open().recorder.read(run, from, limit);
  }

  async scan(from: number, limit: number): Promise<readonly Event[]> {
    return this.#open().recorder.scan(from, limit);
  }

  async cursor(reader: string): Promise<number> {
    return this.#open().cursor(reader);
  }

  async moveCursor(reader: string, offset: number): Promise<void> {
    await this.#open().moveCursor(reader, offset);
  }

  async prune(runs: readonly string[], upTo: number = Number.MAX_SAFE_INTEGER): Promise<readonly string[]> {
    return this.#open().prune(runs, upTo);
  }

  async list(filter: RunFilter): Promise<readonly RunSummary[]> {
    return this.#open().recorder.runs.list(filter);
  }

  async line(key: string): Promise<readonly PermitState[]> {
    return this.#open().recorder.line(key);
  }

  async close(): Promise<void> {
    const session = this.#session;
    if (!session) return;
    this.#closing ??= session.close().finally(() => {
      this.#session = undefined;
      this.#closing = undefined;
    });
    await this.#closing;
  }

  #open(): Session {
    if (!this.#session || this.#closing) throw notOpen(this.name);
    return this.#session;
  }
}
