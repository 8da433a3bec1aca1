import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ConfigurationError } from "@gennaker/core/ports";
import { directoryProblems, makeOwned, privacyProblem } from "../owned-directory.ts";
import { pause } from "../pause.ts";
import type { SupervisorAddress } from "../protocol.ts";
import { socketPath } from "../socket-path.ts";
import { SUPERVISOR_ENTRY } from "../supervisor-entry.ts";
import { supervisorEnvironment } from "./environment.ts";
import { NoAnswer } from "./exchange.ts";
import { monitored } from "./monitor.ts";

const START_WITHIN_MS = 15_000;
const LOOK_AGAIN_MS = 15;
/** One that lost the directory to another ends by itself; when that other one ends too, start again. */
const START_AGAIN_MS = 1000;

/** How a provider reaches its supervisor, and starts it when there is none. */
export class SupervisorLink {
  /** As the user wrote it. */
  readonly directory: string;
  /** The supervisor that we started and that nobody has reached yet. */
  #starting: ChildProcess | undefined;
  #startedAt = -Infinity;
  #failed: string | undefined;

  constructor(directory: string) {
    this.directory = resolve(directory);
  }

  get logFile(): string {
    return join(this.directory, "supervisor.log");
  }

  get socket(): string {
    return this.#address()?.socket ?? socketPath(this.directory);
  }

  /** Whether a supervisor says that it is here. */
  get isRunning(): boolean {
    return this.#address() !== undefined;
  }

  /** Whether a supervisor was ever here. */
  get known(): boolean {
    return directoryProblems(this.directory).length === 0 && existsSync(join(this.directory, "lock"));
  }

  /**
   * Tries `attempt` with the socket of the supervisor until it gets an answer; starts the supervisor when nobody
   * listens. Everything that is said over the socket may be said twice.
   *
   * @throws ConfigurationError when the directory cannot be used; NoAnswer when no supervisor came up
   */
  async reach<T>(attempt: (socket: string) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const until = performance.now() + START_WITHIN_MS;
    this.#failed = undefined;
    for (;;) {
      signal?.throwIfAborted();
      try {
        const answer = await attempt(this.#trusted());
        this.#starting = undefined;
        this.#startedAt = -Infinity;
        return answer;
      } catch (error) {
        if (!(error instanceof NoAnswer) || error.silent || isDenied(error)) throw error;
        if (performance.now() > until) throw error;
        if (!error.sent) this.#start();
      }
      await pause(LOOK_AGAIN_MS, signal);
      if (this.#failed !== undefined) throw new NoAnswer(this.#failed, false, undefined);
    }
  }

  // ---

  /** The socket of the supervisor, if nobody but us can have put it there. */
  #trusted(): string {
    const address = this.#address();
    if (!address) throw new NoAnswer("no supervisor is there", false, undefined);
    const folder = dirname(address.socket);
    const outside = folder !== realpathSync(this.directory) && privacyProblem(folder);
    const problems = [...directoryProblems(this.directory), ...(outside ? [outside] : [])];
    if (problems.length > 0) throw new ConfigurationError("the directory of local()", problems);
    return address.socket;
  }

  #start(): void {
    if (performance.now() - this.#startedAt < START_AGAIN_MS) return;
    const problems = directoryProblems(this.directory);
    if (problems.length > 0) throw new ConfigurationError(`the directory of local()`, problems);
    makeOwned(this.directory);
    this.#startedAt = performance.now();
    const directory = realpathSync(this.directory);
    const log = openSync(this.logFile, "a", 0o600);
    const [program, ...args] = monitored([
      process.execPath,
      ...sourceFlags(),
      fileURLToPath(SUPERVISOR_ENTRY),
      directory,
    ]);
    const child = spawn(program, args, {
      cwd: directory,
      detached: true,
      env: supervisorEnvironment(process.env),
      stdio: ["ignore", log, log],
    });
    closeSync(log);
    this.#starting = child;
    child.once("error", ({ message }) => this.#gaveUp(child, message));
    child.once("exit", (code) => this.#gaveUp(child, code ? this.#lastLogLine() : undefined));
    child.unref();
  }

  #gaveUp(child: ChildProcess, why: string | undefined): void {
    if (this.#starting !== child) return;
    this.#starting = undefined;
    // Without a reason another supervisor was quicker; should that one end too, ours is wanted at once.
    this.#startedAt = -Infinity;
    if (why !== undefined) this.#failed = `it could not be started: ${why}`;
  }

  #address(): SupervisorAddress | undefined {
    try {
      return (JSON.parse(this.#read("supervisor.json") ?? "null") as SupervisorAddress | null) ?? undefined;
    } catch {
      return undefined;
    }
  }

  #read(name: string): string | undefined {
    try {
      return readFileSync(join(this.directory, name), "utf8");
    } catch {
      return undefined;
    }
  }

  #lastLogLine(): string {
    const lines = (this.#read("supervisor.log") ?? "").split("\n").map((line) => line.trim());
    const said =
      lines.findLast((line) => /^\w*Error\b|broke:/.test(line)) ?? lines.findLast((line) => line !== "");
    return said ?? "it said nothing";
  }
}

/** Node must find our other packages as source when we are source. */
function sourceFlags(): string[] {
  return SUPERVISOR_ENTRY.pathname.endsWith(".ts") ? ["--conditions=@gennaker/source"] : [];
}

function isDenied({ cause }: NoAnswer): boolean {
  return (cause as NodeJS.ErrnoException | undefined)?.code === "EACCES";
}
