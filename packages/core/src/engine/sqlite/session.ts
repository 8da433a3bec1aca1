import type { StatementSync } from "node:sqlite";
import type { Committed, EngineHost, LoadedRun, NewRun, Write } from "../../ports/engine.ts";
import { Alarms } from "../alarms.ts";
import { Announcer } from "../announcer.ts";
import type { Disk } from "./disk.ts";
import { logFailure } from "./failure.ts";
import { GroupCommit } from "./group-commit.ts";
import { transaction } from "./log-file.ts";
import { openLog, type OpenLog } from "./opening.ts";
import type { LogPlace } from "./options.ts";
import { endOwnership, epochIn, ownsLog, takenOver } from "./ownership.ts";
import { Recorder, type Created, type Recorded } from "./recorder.ts";

/**
 * Opens a log, and hands out what is outstanding in it.
 *
 * @throws ConfigurationError as `openLog`
 */
export async function openSession(place: LogPlace, disk: Disk, host: EngineHost): Promise<Session> {
  const log = await openLog(place, disk, host.clock);
  try {
    const session = new Session(place, log, host);
    session.handOut();
    return session;
  } catch (error) {
    closeConnections(log);
    throw logFailure(place.file, error, "it was not opened");
  }
}

/** A log from its opening to its closing. */
export class Session {
  readonly recorder: Recorder;
  readonly #place: LogPlace;
  readonly #log: OpenLog;
  readonly #host: EngineHost;
  readonly #epoch: StatementSync;
  readonly #announcer: Announcer;
  readonly #alarms: Alarms;
  readonly #group: GroupCommit;

  constructor(place: LogPlace, log: OpenLog, host: EngineHost) {
    this.#place = place;
    this.#log = log;
    this.#host = host;
    let leases = 0;
    this.recorder = new Recorder(log.database, () => `${log.ownership.epoch}:${++leases}`);
    this.#epoch = epochIn(log.database);
    this.#announcer = new Announcer(host);
    this.#alarms = new Alarms(host.clock, (run) => this.#announcer.due(run));
    this.#group = new GroupCommit({
      file: place.file,
      transact: (work) => this.#transact(work),
      recorded: (changes) => this.#tell(changes),
      lost: () => this.#stop(),
    });
  }

  /** Hands out everything that is outstanding, under new leases. */
  handOut(): void {
    const announcement = this.#transact(() => this.recorder.handOut());
    this.#announcer.add(announcement);
    for (const { run, wakeAt } of this.recorder.runs.withWake()) this.#alarms.set(run, wakeAt);
  }

  create(created: NewRun, write: Write): Promise<Created> {
    return this.#group.add(() => this.recorder.create(created, write));
  }

  commit(run: string, known: number, decide: (loaded: LoadedRun | undefined) => Write): Promise<Committed> {
    return this.#group.add(() => this.recorder.commit(run, known, decide));
  }

  cursor(reader: string): Promise<number> {
    return this.#group.add(() => this.recorder.cursor(reader));
  }

  moveCursor(reader: string, offset: number): Promise<void> {
    return this.#group.add(() => this.recorder.moveCursor(reader, offset));
  }

  prune(runs: readonly string[], upTo: number): Promise<readonly string[]> {
    return this.#group.add(() => this.recorder.prune(runs, upTo));
  }

  /** What is under way is recorded and told first. */
  async close(): Promise<void> {
    this.#group.flush();
    await this.#announcer.settled();
    this.#stop();
    try {
      this.#letGo();
    } catch (error) {
      // The next opening takes it for a crash, and looks at every page: slower, nothing else.
      this.#host.logger.warn({ error, file: this.#place.file }, "the log could not be marked as closed");
    } finally {
      closeConnections(this.#log);
    }
  }

  #stop(): void {
    this.#alarms.clear();
    this.#announcer.silence();
  }

  // Whose log was taken over leaves it as it is.
  #letGo(): void {
    const { database, ownership } = this.#log;
    transaction(database, () => {
      if (ownsLog(this.#epoch, ownership))
        endOwnership(database, this.#place, ownership, this.#host.clock.now());
    });
    database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  }

  #transact<T>(work: () => T): T {
    const { database, ownership } = this.#log;
    try {
      return transaction(database, () => {
        if (!ownsLog(this.#epoch, ownership)) throw takenOver(database, this.#place.file);
        this.recorder.begin();
        return work();
      });
    } catch (error) {
      this.recorder.runs.forget();
      throw error;
    }
  }

  #tell(changes: readonly Recorded<unknown>[]): void {
    for (const { announcement, wake } of changes) {
      if (wake) this.#alarms.set(wake.run, wake.at);
      this.#announcer.add(announcement);
    }
  }
}

function closeConnections({ database, ownership }: OpenLog): void {
  if (ownership.lock.isOpen) ownership.lock.close();
  database.close();
}
