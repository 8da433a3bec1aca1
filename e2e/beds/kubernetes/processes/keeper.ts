import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { FromKeeper, ToKeeper } from "./keeper-protocol.ts";

/** How to start a process. */
export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment; `PATH` is the only variable that is handed on when it is not named here. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** The file that output is appended to. */
  readonly log: string;
}

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** One process that the keeper holds. */
export interface KeptProcess {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  signal(signal: NodeJS.Signals): void;
}

interface Waiting {
  readonly started: PromiseWithResolvers<number>;
  readonly exited: PromiseWithResolvers<Exit>;
}

/** A process of its own that is the parent of a bed's processes and ends with the test, taking them along. */
export class Keeper {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<string, Waiting>();
  #started = 0;

  /** @param folder removed when everything has ended */
  constructor(folder: string | undefined) {
    this.#child = fork(join(import.meta.dirname, "keeper-entry.ts"), folder ? [folder] : [], {
      detached: true,
      execArgv: ["--disable-warning=ExperimentalWarning"],
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    this.#child.on("message", (message) => this.#hear(message as FromKeeper));
    this.#child.on("exit", () => this.#lost());
  }

  async start(launch: Launch): Promise<KeptProcess> {
    this.#started += 1;
    const id = String(this.#started);
    const waiting = { started: Promise.withResolvers<number>(), exited: Promise.withResolvers<Exit>() };
    this.#waiting.set(id, waiting);
    const env = { PATH: process.env["PATH"] ?? "", ...launch.env };
    this.#tell({ ...launch, do: "start", id, env });
    const pid = await waiting.started.promise;
    return {
      pid,
      exited: waiting.exited.promise,
      signal: (signal) => this.#tell({ do: "signal", id, signal }),
    };
  }

  /** Kills everything; resolves when nothing is left. */
  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, "exit");
    if (this.#child.connected) this.#child.disconnect();
    await exit;
  }

  #tell(message: ToKeeper): void {
    if (this.#child.connected) this.#child.send(message);
  }

  #hear(message: FromKeeper): void {
    const waiting = this.#waiting.get(message.id);
    if (!waiting) return;
    if (message.is === "started") waiting.started.resolve(message.pid);
    else if (message.is === "failed") waiting.started.reject(new Error(message.reason));
    else {
      this.#waiting.delete(message.id);
      waiting.exited.resolve({ code: message.code, signal: message.signal });
    }
  }

  // Killed without a word: its children are in its process group.
  #lost(): void {
    try {
      if (this.#child.pid !== undefined) process.kill(-this.#child.pid, "SIGKILL");
    } catch {
      // Nothing was left.
    }
    for (const { started, exited } of this.#waiting.values()) {
      started.reject(new Error("the keeper of the bed's processes was killed"));
      exited.resolve({ code: null, signal: "SIGKILL" });
    }
    this.#waiting.clear();
  }
}
