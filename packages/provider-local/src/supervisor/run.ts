import { chmodSync, existsSync, rmSync, statSync } from "node:fs";
import type { Server } from "node:http";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { makeOwned, makePrivate } from "../owned-directory.ts";
import { PROTOCOL, type SupervisorAddress } from "../protocol.ts";
import { socketPath } from "../socket-path.ts";
import { LocalCluster } from "./cluster.ts";
import { controlServer } from "./control.ts";
import { takeLock } from "./lock.ts";
import { Ports } from "./ports.ts";
import { Refusal } from "./refusal.ts";
import { rotate } from "./log-file.ts";
import { type ClusterRecord, newCluster } from "./record.ts";
import { readRecords } from "./record-files.ts";
import { writeWhole } from "./state-file.ts";
import { killStrays } from "./strays.ts";

/** How to run a supervisor. */
export interface SupervisorOptions {
  /** Absolute, without links. */
  readonly directory: string;
  readonly log: (message: string) => void;
  /** Milliseconds without groups and callers after which it ends. Default 2000. */
  readonly idleMs?: number;
}

/** A supervisor at work. */
export interface Supervisor {
  /** Resolves when it ended: shut down, idle or closed. */
  readonly ended: Promise<void>;
  /** Ends it at once. Groups stay as they are, for the next supervisor. */
  close(): void;
}

/** How often logs are measured, and the directory is looked for. */
const LOOK_MS = 1000;
const OWN_LOG = { maxBytes: 5 * 1024 * 1024, keep: 1 };

/**
 * Takes a directory and runs what it holds; undefined when another supervisor has it.
 *
 * @throws Error when a state file cannot be read
 */
export async function openSupervisor(options: SupervisorOptions): Promise<Supervisor | undefined> {
  const { directory, log } = options;
  // One that comes late must not bring back a directory that was removed meanwhile.
  if (!existsSync(directory)) throw new Error(`${directory} does not exist any more`);
  const unlock = takeLock(join(directory, "lock"));
  if (!unlock) return undefined;
  try {
    for (const folder of ["clusters", "logs"]) makeOwned(join(directory, folder));
    const records = await readRecords(directory);
    await killStrays(directory, records, log);
    const running = new Running(options, unlock);
    await running.begin(records);
    return running;
  } catch (error) {
    unlock();
    throw error;
  }
}

class Running implements Supervisor {
  readonly ended: Promise<void>;
  readonly #options: SupervisorOptions;
  readonly #unlock: () => void;
  readonly #clusters = new Map<string, Promise<LocalCluster>>();
  readonly #opened: LocalCluster[] = [];
  readonly #end = Promise.withResolvers<void>();
  readonly #ports = new Ports();
  readonly #lock: number;
  readonly #server: Server;
  readonly #socket: string;
  #calls = 0;
  #idle: NodeJS.Timeout | undefined;
  #looking: NodeJS.Timeout | undefined;
  #rotating = false;
  #ending = false;
  #closed = false;

  constructor(options: SupervisorOptions, unlock: () => void) {
    this.#options = options;
    this.#unlock = unlock;
    this.#socket = socketPath(options.directory);
    this.ended = this.#end.promise;
    this.#lock = lockOf(options.directory) ?? 0;
    this.#server = controlServer({
      cluster: (name) => this.#find(name),
      destroyAll: () => this.#destroyAll(),
      close: () => this.close(),
      log: options.log,
      idle: () => {
        this.#calls -= 1;
        this.#watchIdle();
      },
    });
    this.#server.prependListener("request", () => (this.#calls += 1));
  }

  async begin(records: readonly ClusterRecord[]): Promise<void> {
    await Promise.all(records.map((record) => this.#cluster(record)));
    await this.#listen();
    this.#looking = setInterval(() => this.#look(), LOOK_MS);
    this.#watchIdle();
    this.#options.log(`supervisor ${process.pid} is ready at ${this.#socket}`);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#idle);
    clearInterval(this.#looking);
    for (const cluster of this.#opened) cluster.close();
    this.#server.close();
    rmSync(join(this.#options.directory, "supervisor.json"), { force: true });
    this.#unlock();
    // Whoever asked for the end sees it here, when nothing is held any more.
    this.#server.closeAllConnections();
    this.#options.log(`supervisor ${process.pid} ended`);
    this.#end.resolve();
  }

  // ---

  async #find(name: string): Promise<LocalCluster> {
    if (this.#ending) throw new Refusal("unavailable", "the supervisor is being shut down");
    return this.#clusters.get(name) ?? this.#cluster(newCluster(name));
  }

  #cluster(record: ClusterRecord): Promise<LocalCluster> {
    const { directory, log } = this.#options;
    const cluster = new LocalCluster(record, {
      directory,
      log,
      ports: this.#ports,
      changed: () => this.#watchIdle(),
    });
    this.#opened.push(cluster);
    const opening = cluster.resume().then(() => cluster);
    this.#clusters.set(record.name, opening);
    return opening;
  }

  /** Until nothing is left: a command may have been on its way. */
  async #destroyAll(): Promise<void> {
    this.#ending = true;
    do await Promise.all(this.#opened.map((cluster) => cluster.destroyAll()));
    while (this.#opened.some((cluster) => cluster.inhabited));
  }

  async #listen(): Promise<void> {
    const { directory } = this.#options;
    if (dirname(this.#socket) !== directory) makePrivate(dirname(this.#socket));
    rmSync(this.#socket, { force: true });
    const address: SupervisorAddress = { pid: process.pid, protocol: PROTOCOL, socket: this.#socket };
    await writeWhole(join(directory, "supervisor.json"), `${JSON.stringify(address)}\n`);
    // Nobody else may connect between the two steps either: the directory is its owner's alone.
    this.#server.listen(this.#socket);
    await once(this.#server, "listening");
    chmodSync(this.#socket, 0o600);
  }

  #watchIdle(): void {
    const busy = this.#calls > 0 || this.#opened.some((cluster) => cluster.busy);
    if (busy || this.#closed) {
      clearTimeout(this.#idle);
      this.#idle = undefined;
      return;
    }
    this.#idle ??= setTimeout(() => this.close(), this.#options.idleMs ?? 2000);
  }

  #look(): void {
    const { log, directory } = this.#options;
    if (lockOf(directory) !== this.#lock) void this.#giveUp();
    else if (!this.#rotating)
      this.#rotate().catch((error: unknown) => log(`a log could not be rotated: ${String(error)}`));
  }

  async #rotate(): Promise<void> {
    this.#rotating = true;
    try {
      await rotate(join(this.#options.directory, "supervisor.log"), OWN_LOG);
      for (const cluster of this.#opened) await cluster.rotateLogs();
    } finally {
      this.#rotating = false;
    }
  }

  /**
   * The directory was removed: nobody can reach what runs here any more, so it ends. What is at that path now, if
   * anything, is another supervisor's and stays untouched.
   */
  async #giveUp(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#ending = true;
    clearTimeout(this.#idle);
    clearInterval(this.#looking);
    this.#options.log(`${this.#options.directory} was removed: everything in it ends`);
    await Promise.all(this.#opened.map((cluster) => cluster.abolish()));
    this.#unlock();
    this.#end.resolve();
  }
}

/** Which file is the lock: a directory that was made anew has another. */
function lockOf(directory: string): number | undefined {
  return statSync(join(directory, "lock"), { throwIfNoEntry: false })?.ino;
}
