import { readFileSync } from "node:fs";
import type { Exit, Keeper, KeptProcess, Launch } from "./keeper.ts";
import { until } from "./until.ts";

/** What a server is: how it is started, and how one sees that it answers. */
export interface ServerSpec extends Launch {
  readonly name: string;
  /** Throws or resolves to false while it does not answer. */
  readonly ready: () => Promise<boolean>;
}

/** One server of the control plane, which tests stop, kill and start again with the same ports and data. */
export class Server {
  readonly #keeper: Keeper;
  readonly #spec: ServerSpec;
  #process: KeptProcess | undefined;
  #ended: Exit | undefined;

  constructor(keeper: Keeper, spec: ServerSpec) {
    this.#keeper = keeper;
    this.#spec = spec;
  }

  /** The file with its output. */
  get log(): string {
    return this.#spec.log;
  }

  /** The process id; undefined while it does not run. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Starts it if it does not run; resolves when it answers. */
  async start(): Promise<void> {
    if (!this.#process) {
      const started = await this.#keeper.start(this.#spec);
      this.#process = started;
      this.#ended = undefined;
      void this.#takeNote(started);
    }
    await this.ready();
  }

  /** Resolves when it answers; throws with the end of its log when it exits instead. */
  async ready(): Promise<void> {
    const hopeless = (): string | undefined => (this.#ended ? this.#lastWords(this.#ended) : undefined);
    const answers = async (): Promise<true | undefined> => (await this.#spec.ready()) || undefined;
    await until(answers, { what: `${this.#spec.name} is ready`, hopeless });
  }

  /**
   * Signals it; resolves when it has exited. `SIGKILL` is a crash. `SIGTERM` lets it say goodbye, for which an API server with
   * open watches takes a minute.
   */
  async end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    const running = this.#process;
    if (!running) return;
    running.signal(signal);
    await running.exited;
    this.#process = undefined;
  }

  /** Sends a signal that does not end it: `SIGSTOP` freezes it, `SIGCONT` lets it go on. */
  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    this.#process?.signal(signal);
  }

  async #takeNote(started: KeptProcess): Promise<void> {
    const exit = await started.exited;
    if (this.#process !== started) return;
    this.#process = undefined;
    this.#ended = exit;
  }

  #lastWords({ code, signal }: Exit): string {
    const lines = readFileSync(this.#spec.log, "utf8").trimEnd().split("\n").slice(-15).join("\n");
    return `it exited (${signal ?? `code ${String(code)}`}); the end of ${this.#spec.log}:\n${lines}`;
  }
}
