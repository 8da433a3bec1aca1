import { chanceOf } from "./chance.ts";
import { Crowd } from "./crowd.ts";
import type { Inspector } from "./inspector.ts";
import type { PipelineSimulation } from "./pipeline-simulation.ts";
import { ProcessLife } from "./process-life.ts";
import type { SimulationState } from "./simulation-state.ts";
import type { StandIns } from "./stand-ins.ts";

const AFTERMATH_MS = 300_000;
// A run that still waits so long after the last fault waits for something that never comes.
const PATIENCE_MS = 30 * 86_400_000;
const TIMERS_MAX = 200_000;

/** Lives the lives of one simulated process, timer by timer, until all of its runs are over. */
export class Simulator {
  readonly crowd: Crowd;
  readonly #state: SimulationState;
  readonly #inspector: Inspector;
  readonly #standIns: StandIns;
  readonly #stageChance;
  readonly #downChance;
  readonly #over = new Set<string>();
  #life: ProcessLife;
  #offset = 0;
  #timers = 0;
  #calm = false;
  /** Runs that stages started. */
  #below = 0;
  crashes = 0;

  constructor(
    state: SimulationState,
    inspector: Inspector,
    standIns: StandIns,
    { answers = {}, people = {} }: Pick<PipelineSimulation<unknown>, "answers" | "people">,
  ) {
    const { seed, clock, chronicle } = state;
    this.#state = state;
    this.#inspector = inspector;
    this.#standIns = standIns;
    this.#stageChance = chanceOf(seed, "stages");
    this.#downChance = chanceOf(seed, "down");
    this.crowd = new Crowd(answers, people, chanceOf(seed, "people"), {
      clock,
      handle: (run) => this.#life.handle(run),
      note: (note) => chronicle.add({ at: clock.now(), note }),
    });
    this.#life = this.#begin();
  }

  /** Resolves when all runs are over, or nothing more can come. */
  async run(): Promise<void> {
    while (!(await this.#live())) {
      await this.#bury();
      this.#life = this.#begin();
    }
    if (this.#life.failure !== undefined) throw this.#life.failure;
  }

  /** Lets late commands land, which must do no harm, and ends the process in order. */
  async close(): Promise<void> {
    this.#life.spare();
    await this.#passTime(AFTERMATH_MS);
    await this.#read();
    await this.#drive(this.#life.close());
  }

  // One timer after the other, never two at once: each must find the process quiet.
  async #drive(work: Promise<void>): Promise<void> {
    let going = true;
    const ended = work.finally(() => {
      going = false;
    });
    await this.#state.settle();
    while (going && (await this.#fire()));
    if (!going) await ended;
  }

  #begin(): ProcessLife {
    return new ProcessLife(this.#state, this.#standIns, this.#stageChance, () => this.crowd.retry());
  }

  /** One life; false when it was killed. */
  async #live(): Promise<boolean> {
    await this.#state.settle();
    while (!this.#life.dead) {
      if (this.#life.failure !== undefined || this.#isOver() || !(await this.#tick())) return true;
      this.#life.tick();
    }
    return false;
  }

  async #bury(): Promise<void> {
    await this.#read();
    await this.#life.bury();
    this.crashes += 1;
    await this.#passTime(this.#downChance.within([1, this.#state.downMs]));
  }

  /** Fires the next timer; false when there is none, or patience ends. */
  async #tick(): Promise<boolean> {
    const { clock, calmAt, cloud } = this.#state;
    if (!this.#calm && clock.now() >= calmAt) {
      this.#calm = true;
      cloud.calm();
    }
    this.#timers += 1;
    const patient = this.#timers <= TIMERS_MAX && clock.now() <= calmAt + PATIENCE_MS;
    if (!patient || this.#inspector.isFull) return false;
    const fired = await this.#fire();
    await this.#read();
    return fired;
  }

  async #fire(): Promise<boolean> {
    const fired = this.#state.clock.fireNext();
    if (fired) await this.#state.settle();
    this.#inspector.look();
    return fired;
  }

  /** Reads what is new in the log itself: also what was recorded in the instant of a kill. */
  async #read(): Promise<void> {
    const { log, events } = this.#state;
    for (const event of await log.scan(this.#offset + 1, 1000)) {
      this.#offset = event.offset;
      events.push(event);
      if (event.type === "run-started" && event.parent) {
        this.#below += 1;
        this.#life.adopt(event.run);
      }
      if (event.type === "run-finished") this.#over.add(event.run);
      if (event.type === "run-retried") this.#over.delete(event.run);
      this.#inspector.notice(event);
      this.crowd.notice(event);
    }
  }

  async #passTime(ms: number): Promise<void> {
    let passed = false;
    this.#state.clock.after(ms, () => {
      passed = true;
    });
    while (!passed && !this.#inspector.isFull) await this.#fire();
  }

  #isOver(): boolean {
    return this.#over.size === this.#state.runs.length + this.#below && !this.crowd.isBusy;
  }
}
