import { createDelivery, type Delivery, type RunHandle } from "@gennaker/core";
import type { Provider } from "@gennaker/core/ports";
import type { Random } from "../cloud/random.ts";
import { mortalClock } from "./mortal-clock.ts";
import { type MortalEngine, mortalEngine } from "./mortal-engine.ts";
import type { SimulationState, StartedRun } from "./simulation-state.ts";
import { standInChecks, type StandIns, stageWorld, withStandIns } from "./stand-ins.ts";

/** One life of the simulated process, from its start to its end or its death. */
export class ProcessLife {
  readonly #state: SimulationState;
  readonly #engine: MortalEngine;
  readonly #delivery: Delivery;
  readonly #lines: readonly Provider[];
  readonly #handles = new Map<string, RunHandle>();
  #spared = false;
  readonly #started: () => void;
  /** Why a run could not be started. */
  failure: unknown;

  constructor(state: SimulationState, standIns: StandIns, stageChance: Random, started: () => void) {
    this.#state = state;
    this.#started = started;
    this.#engine = mortalEngine(state.log, ({ moment, events }) => {
      const dies = this.#dies();
      if (dies)
        this.#note(
          `killed ${moment === "before-append" ? "before" : "after"} it recorded ${events.join(", ")}`,
        );
      return dies;
    });
    const clock = mortalClock(state.clock, () => this.#engine.dead);
    const world = stageWorld(clock, stageChance);
    const checks = standInChecks(standIns, world);
    const code = new Map(
      state.runs.map(({ pipeline }) => [pipeline, withStandIns(pipeline, standIns, checks, world)]),
    );
    this.#lines = state.providers.connect();
    this.#delivery = createDelivery({
      engine: this.#engine,
      clock,
      pipelines: [...code.values()],
      checks,
      providers: this.#lines.map((line) => state.providers.counted(state.provider(line))),
      newRunId: state.newRunId,
      guarded: state.guarded,
    });
    for (const run of state.runs)
      state.clock.after(Math.max(0, state.begin + run.afterMs - state.clock.now()), () => {
        if (!this.dead) void this.#start(run, code.get(run.pipeline) ?? run.pipeline);
      });
    for (const event of state.events) if (event.type === "run-started" && event.parent) this.adopt(event.run);
  }

  /** A stage started this run: people can reach it from now on. */
  adopt(run: string): void {
    if (!this.dead) void this.#find(run);
  }

  get dead(): boolean {
    return this.#engine.dead;
  }

  /** A timer has just fired: the process may die of it. */
  tick(): void {
    if (this.dead || !this.#dies()) return;
    this.#note("killed");
    this.#engine.kill();
  }

  handle(run: string): RunHandle | undefined {
    return this.dead ? undefined : this.#handles.get(run);
  }

  /** The operating system cleans up after a kill. */
  async bury(): Promise<void> {
    for (const line of this.#lines) this.#state.cloud.crash(line);
    await this.#engine.bury();
  }

  /** It is killed no more. */
  spare(): void {
    this.#spared = true;
  }

  async close(): Promise<void> {
    await this.#delivery.close();
  }

  #dies(): boolean {
    return !this.#spared && this.#state.clock.now() < this.#state.calmAt && this.#state.dies();
  }

  #note(note: string): void {
    this.#state.chronicle.add({ at: this.#state.clock.now(), note: `the process is ${note}` });
  }

  async #find(run: string): Promise<void> {
    try {
      this.#handles.set(run, await this.#delivery.run(run));
      this.#started();
    } catch (error) {
      if (!this.dead) this.failure ??= error;
    }
  }

  async #start({ input, key }: StartedRun, code: StartedRun["pipeline"]): Promise<void> {
    try {
      const handle = await this.#delivery.start(code as never, input, {
        actor: "simulation",
        idempotencyKey: key,
      });
      this.#handles.set(handle.id, handle);
      this.#started();
    } catch (error) {
      this.failure ??= error;
    }
  }
}
