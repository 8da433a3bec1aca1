import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";

/** How a child process ended. */
export interface Ending {
  readonly how: string;
  /** The last of what it wrote to stderr. */
  readonly said: string;
}

const SAID_CHARACTERS = 2000;

/** A process of the demo, and how one talks with it. */
export class Child<To extends object, From> {
  readonly pid: number;
  readonly ended: Promise<Ending>;
  readonly #process: ChildProcess;

  constructor(file: string, argument: object, heard: (message: From) => void) {
    this.#process = fork(fileURLToPath(new URL(file, import.meta.url)), [JSON.stringify(argument)], {
      execArgv: ["--conditions=@gennaker/source"],
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    this.pid = this.#process.pid ?? 0;
    this.#process.on("message", (message) => heard(message as From));
    this.ended = this.#follow();
  }

  /** Says something; a child that has ended does not hear it. */
  say(message: To): void {
    if (this.#process.connected) this.#process.send(message, () => {});
  }

  kill(): void {
    this.#process.kill("SIGKILL");
  }

  /** Waits for its end; kills it when that takes longer. */
  async endWithin(ms: number): Promise<void> {
    const timer = setTimeout(() => this.kill(), ms);
    await this.ended;
    clearTimeout(timer);
  }

  #follow(): Promise<Ending> {
    const { promise, resolve } = Promise.withResolvers<Ending>();
    let said = "";
    this.#process.stderr?.setEncoding("utf8");
    this.#process.stderr?.on("data", (text: string) => (said = (said + text).slice(-SAID_CHARACTERS)));
    this.#process.on("error", (error) => resolve({ how: `could not be started: ${error.message}`, said }));
    this.#process.on("close", (code, signal) =>
      resolve({ how: signal ? `was killed by ${signal}` : `ended with code ${code}`, said }),
    );
    return promise;
  }
}
