import { existsSync } from "node:fs";
import { pause } from "../pause.ts";
import { backoffMs } from "./backoff.ts";
import { ask, FIRST_STREAK, type Health, judge, type Streak } from "./health.ts";
import { type InstanceOptions, launch, logFileOf } from "./launch.ts";
import { lastLine } from "./log-file.ts";
import type { ProcessIdentity } from "./process-table.ts";
import { adoptProcess, type Exit, type RunningProcess, signalGroup, stopProcess } from "./running-process.ts";
import { killInstanceStrays } from "./strays.ts";
import { Target } from "./target.ts";
import { exitTrouble, startTrouble, type Trouble } from "./trouble.ts";

/** A process that runs well for so long has its earlier crashes forgiven. */
const FORGIVEN_MS = 60_000;
/** How often a booting instance is asked whether it listens yet. */
const BOOT_POLL_MS = 50;

/** One process of a group, kept alive and asked for its health until it leaves. */
export class Instance {
  readonly id: string;
  readonly target: Target;
  readonly #options: InstanceOptions;
  readonly #leave = new AbortController();
  #streak: Streak = FIRST_STREAK;
  #trouble: Trouble | undefined;
  #crashes = 0;
  #life: Promise<void> = Promise.resolve();
  #running: RunningProcess | undefined;
  #asked = Promise.withResolvers<void>();

  constructor(options: InstanceOptions) {
    this.#options = options;
    this.id = options.id;
    this.target = new Target(options.id, () => this.#refused());
  }

  get health(): Health {
    return this.#streak.health;
  }

  get trouble(): Trouble | undefined {
    return this.#trouble;
  }

  get logFile(): string {
    return logFileOf(this.#options);
  }

  /** Starts it, or goes on with a process that is there already. */
  begin(adopted?: { readonly port: number; readonly process: ProcessIdentity }): void {
    if (adopted) {
      this.#streak = { ...FIRST_STREAK, health: "unknown" };
      this.target.moveTo(adopted.port);
    }
    this.#life = this.#live(adopted ? adoptProcess(adopted.process) : undefined);
  }

  /** Resolves when it was asked for its health for the first time, or has no process to ask. */
  get asked(): Promise<void> {
    return this.#asked.promise;
  }

  /** Looks after it no more, and leaves its process as it is. */
  abandon(): void {
    this.#leave.abort();
    this.target.open = false;
    this.target.pooled.destroy();
  }

  /** Out of rotation, let requests end, SIGTERM, SIGKILL. Resolves when nothing is left of it. */
  async leave(): Promise<void> {
    const { drainMs } = this.#options.run;
    this.#leave.abort();
    this.target.open = false;
    const over = new AbortController();
    void this.target.quiet().then(() => over.abort());
    await pause(drainMs, over.signal);
    if (this.#running) await stopProcess(this.#running, drainMs);
    await this.#life;
    this.target.pooled.destroy();
    await killInstanceStrays(this.#options.directory, this.id);
  }

  // ---

  async #live(adopted: RunningProcess | undefined): Promise<void> {
    let running = adopted;
    while (!this.#leave.signal.aborted) {
      running ??= await this.#launch();
      if (running && this.#leave.signal.aborted) await stopProcess(running, this.#options.run.drainMs);
      if (running) await this.#follow(running);
      running = undefined;
      this.#asked.resolve();
      await pause(backoffMs(this.#crashes), this.#leave.signal);
    }
  }

  async #launch(): Promise<RunningProcess | undefined> {
    try {
      const { port, running } = await launch(this.#options);
      this.target.moveTo(port);
      this.#options.log(`${this.id} started: pid ${running.identity.pid}, port ${port}`);
      return running;
    } catch (error) {
      this.#failedToStart(error as NodeJS.ErrnoException);
      return undefined;
    }
  }

  #failedToStart(error: NodeJS.ErrnoException): void {
    const { run, log } = this.#options;
    this.#crashes += 1;
    this.#trouble = startTrouble(error, run.command[0] ?? "", existsSync(run.cwd) ? undefined : run.cwd);
    log(`${this.id} could not be started: ${this.#trouble.text}`);
    this.#setStreak({ ...FIRST_STREAK, health: "unhealthy" });
  }

  async #follow(running: RunningProcess): Promise<void> {
    const since = performance.now();
    this.#running = running;
    const ended = new AbortController();
    const asking = this.#keepAsking(since, AbortSignal.any([ended.signal, this.#leave.signal]));
    // A process may end between its last answer and a request: it leaves the rotation right here.
    const exit = await running.exited;
    this.#running = undefined;
    this.target.open = false;
    ended.abort();
    await asking;
    signalGroup(running.identity.pid, "SIGKILL");
    if (!this.#leave.signal.aborted) await this.#crashed(exit, performance.now() - since);
  }

  async #crashed(exit: Exit, livedMs: number): Promise<void> {
    const { run, log, directory } = this.#options;
    // The next process must not meet what this one left behind.
    await killInstanceStrays(directory, this.id).catch((error: unknown) => log(String(error)));
    if (livedMs > FORGIVEN_MS) this.#crashes = 0;
    const secrets = run.secret.map((name) => run.env[name] ?? "");
    this.#trouble = exitTrouble(exit, livedMs, this.#crashes, await lastLine(this.logFile, secrets));
    this.#crashes += 1;
    log(`${this.id} ${this.#trouble.text}`);
    this.#setStreak({ ...FIRST_STREAK, health: "unhealthy" });
  }

  async #keepAsking(since: number, ended: AbortSignal): Promise<void> {
    const { health: rules } = this.#options.run;
    while (!ended.aborted) {
      const answer = await ask(this.target.port, rules);
      if (ended.aborted) return;
      const streak = judge(this.#streak, answer, rules, performance.now() - since);
      // While it crashes again and again, the reason of the crash says more than a refused connection.
      const booting = !answer.well && answer.refused && this.#crashes > 0;
      if (streak.health === "healthy") this.#trouble = undefined;
      else if (!answer.well && streak.ill > 0 && !booting)
        this.#trouble = { kind: answer.text, text: answer.text, fatal: false };
      this.#setStreak(streak);
      this.#asked.resolve();
      const soon = !answer.well && answer.refused && performance.now() - since < rules.bootMs;
      await pause(soon ? Math.min(BOOT_POLL_MS, rules.intervalMs) : rules.intervalMs, ended);
    }
  }

  #setStreak(streak: Streak): void {
    this.#streak = streak;
    this.target.open =
      streak.health === "healthy" && this.#running !== undefined && !this.#leave.signal.aborted;
    this.#options.changed();
  }

  #refused(): void {
    this.#trouble = { kind: "refused", text: "nothing listens on its PORT", fatal: false };
    this.#setStreak({ ...FIRST_STREAK, health: "unhealthy" });
  }
}
