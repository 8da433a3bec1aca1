import assert from "node:assert/strict";
import {
  type Committed,
  type Engine,
  type EngineHost,
  type Event,
  type IssuedEffect,
  type LoadedRun,
  type NewRun,
  type PermitState,
  silentLogger,
  type Write,
} from "@gennaker/core/ports";
import type { VirtualClock } from "../clock/virtual-clock.ts";
import type { EngineKitOptions, EngineUnderTest } from "./options.ts";
import { said } from "./writes.ts";

const PATIENCE_MS = 5000;

/** One engine on trial, open; and everything that it called back. */
export class Trial {
  readonly engine: Engine;
  readonly committed: Event[] = [];
  readonly dispatched: IssuedEffect[] = [];
  readonly granted: PermitState[] = [];
  readonly due: string[] = [];
  /** Called at each callback, for cases that act from within one. */
  onCallback: (what: string) => void = () => {};
  readonly #options: EngineKitOptions;
  readonly #place: EngineUnderTest;
  readonly #successors: Trial[] = [];
  #calling = 0;
  #intrusion: string | undefined;

  private constructor(options: EngineKitOptions, place: EngineUnderTest, engine: Engine) {
    this.#options = options;
    this.#place = place;
    this.engine = engine;
  }

  static async begin(options: EngineKitOptions): Promise<Trial> {
    const place = await options.create();
    const trial = new Trial(options, place, place.engine);
    try {
      await trial.open();
      return trial;
    } catch (error) {
      await place.dispose();
      throw error;
    }
  }

  get clock(): VirtualClock {
    return this.#options.clock;
  }

  open(): Promise<void> {
    return this.engine.open(this.host());
  }

  /** Creates a run, of pipeline "kit" unless told otherwise. Default: its first event. */
  create(run: string, write: Write = said(run), more: Partial<NewRun> = {}): ReturnType<Engine["create"]> {
    const created = { run, pipeline: "kit", startedAt: this.clock.now(), ...more };
    return this.#undisturbed(() => this.engine.create(created, write));
  }

  /** Creates several runs, one after the other. */
  async createAll(runs: readonly string[]): Promise<void> {
    for (const run of runs) await this.create(run);
  }

  commit(
    run: string,
    decide: Write | ((loaded: LoadedRun | undefined) => Write),
    known: number = -1,
  ): Promise<Committed> {
    const asked = typeof decide === "function" ? decide : () => decide;
    return this.#undisturbed(() =>
      this.engine.commit(run, known, (loaded) => this.#undisturbed(() => asked(loaded))),
    );
  }

  /** A run as a decision sees it. */
  async load(run: string, known: number = -1): Promise<LoadedRun> {
    let found: LoadedRun | undefined;
    await this.commit(
      run,
      (loaded) => {
        found = loaded;
        return { events: [] };
      },
      known,
    );
    assert.ok(found, `run ${run} is not there`);
    return found;
  }

  /** Lets come what is under way. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 3; turn += 1) await this.clock.settle();
  }

  /** Waits for what must come. */
  async until(holds: () => boolean, what: string): Promise<void> {
    const end = Date.now() + (this.#options.patienceMs ?? PATIENCE_MS);
    do await this.settle();
    while (!holds() && Date.now() < end);
    assert.ok(holds(), `never: ${what}`);
  }

  /** Opens the log again in another engine, this one still being open; undefined where the log ends with its process. */
  async succeed(): Promise<Trial | undefined> {
    const engine = await this.#place.reopen?.();
    if (!engine) return undefined;
    const successor = new Trial(this.#options, this.#place, engine);
    this.#successors.push(successor);
    await successor.open();
    await successor.settle();
    return successor;
  }

  /** What holds instead of surviving. */
  async isGoneWithItsProcess(): Promise<void> {
    const other = await Trial.begin(this.#options);
    try {
      assert.deepEqual(await other.engine.list({}), [], "another engine knows runs of this one");
      assert.deepEqual(await other.engine.scan(0, 10), [], "another engine knows events of this one");
      await other.settle();
      assert.deepEqual([other.dispatched, other.due, other.granted], [[], [], []]);
    } finally {
      await other.dispose();
    }
  }

  /** No callback may come from within a call of the engine, nor while a decision is made. */
  checkCallbacks(): void {
    assert.equal(this.#intrusion, undefined, `${this.#intrusion} was called within a commit`);
  }

  async dispose(): Promise<void> {
    try {
      for (const trial of [this, ...this.#successors]) await trial.engine.close();
    } finally {
      await this.#place.dispose();
    }
  }

  #undisturbed<T>(call: () => T): T {
    this.#calling += 1;
    try {
      return call();
    } finally {
      this.#calling -= 1;
    }
  }

  /** What the engine calls back. */
  host(): EngineHost {
    const note = (what: string): void => {
      if (this.#calling > 0) this.#intrusion ??= what;
      this.onCallback(what);
    };
    return {
      clock: this.clock,
      logger: silentLogger,
      committed: (events) => {
        this.committed.push(...events);
        note("committed");
      },
      dispatch: (effect) => {
        this.dispatched.push(effect);
        note("dispatch");
      },
      due: (run) => {
        this.due.push(run);
        note("due");
      },
      granted: (permit) => {
        this.granted.push(permit);
        note("granted");
      },
    };
  }
}
