import { setTimeout as sleep } from "node:timers/promises";
import type { DryRun, Event } from "@gennaker/core";
import type { Arguments } from "./arguments.ts";
import { dismiss, type Load, type Orchestrator, startLoad, startOrchestrator } from "./cast.ts";
import type { Ending } from "./child.ts";
import type { Wish } from "./keys.ts";
import { NO_TALLY, type Tally } from "./load/tally.ts";
import type { FromOrchestrator } from "./messages.ts";
import type { Display } from "./screen/display.ts";
import { follow, NO_PROGRESS, type Progress } from "./screen/progress.ts";
import { planLines } from "./screen/plan.ts";
import type { Crash, Scene } from "./screen/scene.ts";
import { STRATEGIES } from "./strategies.ts";

const WARM_REQUESTS = 200;
const ENOUGH_REQUESTS = 5500;
const REDRAW_EVERY_MS = 100;
// Long enough to see that the service does not miss it.
const DEAD_FOR_MS = 800;

/** One performance: the service, its load and the rollout, from nothing to nothing. */
export class Show {
  progress: Progress = NO_PROGRESS;
  tally: Tally = NO_TALLY;
  crashes: readonly Crash[] = [];
  plan: DryRun | undefined;
  readonly #asked: Arguments;
  readonly #directory: string;
  readonly #display: Display;
  readonly #address = Promise.withResolvers<string>();
  readonly #warm = Promise.withResolvers<void>();
  readonly #over = Promise.withResolvers<void>();
  readonly #enough = Promise.withResolvers<void>();
  readonly #broken = Promise.withResolvers<never>();
  #orchestrator: Orchestrator | undefined;
  #load: Load | undefined;
  #preparing = "";
  #preparedSince = Date.now();
  #remark: string | undefined;
  #ending = false;

  constructor(asked: Arguments, directory: string, display: Display) {
    this.#asked = asked;
    this.#directory = directory;
    this.#display = display;
    // Heard of where it is awaited; until then it must not end the process.
    this.#broken.promise.catch(() => {});
  }

  /** Resolves when the rollout is over and every request has its answer; or when it is planned, if that is all. @throws when a process of it broke */
  async perform(stop: AbortSignal): Promise<void> {
    stop.addEventListener("abort", () => this.#broken.reject(stop.reason), { once: true });
    const redrawing = setInterval(() => this.#display.show(this.scene()), REDRAW_EVERY_MS);
    try {
      await this.#perform();
    } finally {
      clearInterval(redrawing);
    }
  }

  /** Does what a key asks for. */
  wish(wish: Exclude<Wish, "stop">): void {
    if (this.progress.startedAt === undefined || this.progress.outcome !== undefined) return;
    const paused = this.progress.pausedAt !== undefined;
    this.#remark = undefined;
    this.#orchestrator?.say({ do: wish === "pause" && paused ? "resume" : wish });
  }

  /** Ends all processes, whatever state they are in. */
  async dismiss(): Promise<void> {
    this.#ending = true;
    await dismiss(this.#directory, this.#load, this.#orchestrator);
  }

  /** Kills the processes that need not be asked first. */
  kill(): void {
    this.#ending = true;
    this.#load?.kill();
    this.#orchestrator?.kill();
  }

  scene(): Scene {
    return {
      title: `shop-api on local · ${STRATEGIES[this.#asked.strategy].title} · v1 → v2`,
      preparing: this.#preparing,
      preparedSince: this.#preparedSince,
      progress: this.progress,
      load: this.tally,
      crashes: this.crashes,
      ...(this.#remark !== undefined && { remark: this.#remark }),
      now: Date.now(),
    };
  }

  // ---

  async #perform(): Promise<void> {
    this.#display.note(this.scene(), this.scene().title);
    this.#prepare("starting 3 instances of version 1 and their load balancer");
    this.#orchestrator = this.#startOrchestrator();
    const url = await this.#unlessBroken(this.#address.promise);
    if (!this.#asked.plan) await this.#deploy(url, this.#orchestrator);
  }

  async #deploy(url: string, orchestrator: Orchestrator): Promise<void> {
    this.#prepare(`sending requests to ${url} over 32 connections`);
    this.#load = startLoad((tally) => this.#counted(tally));
    void this.#load.ended.then((ending) => this.#lost("load", ending));
    this.#load.say({ do: "ask", url });
    await this.#unlessBroken(this.#warm.promise);
    orchestrator.say({ do: "go" });
    await this.#unlessBroken(this.#over.promise);
    this.#remark = "the load goes on a little longer …";
    await this.#unlessBroken(this.#enough.promise);
    this.#ending = true;
    this.#load.say({ do: "end" });
    await this.#load.ended;
    this.#remark = undefined;
  }

  #unlessBroken<T>(promise: Promise<T>): Promise<T> {
    return Promise.race([promise, this.#broken.promise]);
  }

  #prepare(text: string): void {
    this.#preparing = text;
    this.#preparedSince = Date.now();
    this.#display.note(this.scene(), text);
  }

  #startOrchestrator(): Orchestrator {
    const { strategy, nature } = this.#asked;
    const order = { directory: this.#directory, strategy, nature, from: this.progress.seen };
    const orchestrator = startOrchestrator(order, (message) => this.#heard(message));
    void orchestrator.ended.then((ending) => this.#orchestratorEnded(ending));
    return orchestrator;
  }

  #heard(message: FromOrchestrator): void {
    if (message.tells === "event") return this.#happened(message.event);
    if (message.tells === "plan") return this.#planned(message.plan);
    if (message.tells === "refusal") return this.#say(message.message);
    if (message.tells === "failure") return this.#broken.reject(new Error(message.message));
    this.#address.resolve(message.url);
    this.#resumed();
  }

  #planned(plan: DryRun): void {
    this.plan = plan;
    this.#display.tell(this.scene(), planLines(plan));
  }

  #happened(event: Event): void {
    const { run = event.run } = this.progress;
    if (event.run !== run)
      return this.#broken.reject(new Error(`run ${run} was not resumed: another one, ${event.run}, began`));
    this.progress = follow(this.progress, event);
    this.#display.show(this.scene(), event);
    if (event.type === "run-finished") this.#over.resolve();
    if (this.#isMoment(event)) this.#orchestrator?.kill();
  }

  /** The worst moment to die: traffic is about to move, and nobody has heard yet whether it did. */
  #isMoment(event: Event): boolean {
    const moving = event.type === "rollout-command-sent" && event.body.do === "set-traffic";
    return this.#asked.kill && this.crashes.length === 0 && moving;
  }

  async #orchestratorEnded(ending: Ending): Promise<void> {
    if (this.#ending) return;
    if (!this.#asked.kill || this.crashes.length > 0) return this.#lost("orchestrator", ending);
    this.crashes = [{ at: Date.now() }];
    this.#display.note(this.scene(), "orchestrator killed (SIGKILL); the service does not need it");
    await sleep(DEAD_FOR_MS);
    this.#orchestrator = this.#startOrchestrator();
    this.#orchestrator.say({ do: "go" });
  }

  #resumed(): void {
    const [crash] = this.crashes;
    if (!crash || crash.resumed || !this.#orchestrator) return;
    const { pid } = this.#orchestrator;
    this.crashes = [{ ...crash, resumed: { pid, at: Date.now() } }];
    this.#display.note(this.scene(), `resumed by pid ${pid} from event ${this.progress.seen} of the log`);
  }

  #counted(tally: Tally): void {
    this.tally = tally;
    if (tally.sent >= WARM_REQUESTS) this.#warm.resolve();
    if (tally.sent >= ENOUGH_REQUESTS) this.#enough.resolve();
  }

  #lost(who: string, { how, said }: Ending): void {
    if (!this.#ending) this.#broken.reject(new Error(`the ${who} ${how}${said && `\n${said}`}`));
  }

  #say(remark: string): void {
    this.#remark = remark;
    this.#display.note(this.scene(), remark);
  }
}
