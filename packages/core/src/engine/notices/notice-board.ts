import type { Event } from "../../machine/events.ts";
import type { Thread } from "../../machine/thread/thread.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Engine } from "../../ports/engine.ts";
import type { Logger } from "../../ports/logger.ts";
import type { Notifier, StartRefusal } from "../../ports/notifier.ts";
import { Bell } from "../bell.ts";
import type { StreamHub } from "../event-stream.ts";
import { sleep } from "../sleep.ts";
import { LowWater } from "./low-water.ts";
import { tell, type Telling } from "./telling.ts";
import { Threads } from "./threads.ts";

/** What a board works with. */
export interface BoardSources {
  readonly engine: Engine;
  readonly hub: StreamHub;
  readonly clock: Clock;
  readonly logger: Logger;
}

const PAGE = 200;
// So many notices are under way at once, each of another run; the log keeps the rest.
const OPEN_MAX = 256;
const PAUSE_MS = 1000;
const CLOSE_MS = 5000;

/**
 * Tells one notifier of what the log says, from where it stood: runs side by side, the events of one run in order. How far
 * everything was told is kept in the log; what was told beyond it is told again after a crash.
 */
export class NoticeBoard {
  readonly #notifier: Notifier;
  readonly #sources: BoardSources;
  readonly #threads: Threads;
  readonly #lanes = new Map<string, Promise<boolean>>();
  readonly #moved = new Bell();
  readonly #closing = new AbortController();
  readonly #stop = new AbortController();
  readonly #refusals = new Set<Promise<unknown>>();
  #water = new LowWater(0);
  #saved = 0;
  #saving: Promise<void> | undefined;
  #reading: Promise<void> | undefined;

  constructor(notifier: Notifier, sources: BoardSources) {
    this.#notifier = notifier;
    this.#sources = sources;
    this.#threads = new Threads(sources.engine);
  }

  /** Under which the log keeps how far the notifier was told. */
  get reader(): string {
    return `notifier ${this.#notifier.name}`;
  }

  /** Once the log is open, and before anything is started: a notifier that is new is told of what comes from now on. */
  async open(): Promise<void> {
    this.#saved = (await this.#sources.engine.cursor?.(this.reader)) ?? 0;
    this.#water = new LowWater(this.#saved);
    this.#reading = this.#read();
  }

  /** A run could not be started. Nothing of it is in the log: it is told as long as the delivery lives. */
  refused(refusal: StartRefusal, dedupeId: string): void {
    if (!("refused" in this.#notifier) || this.#closing.signal.aborted) return;
    const told = tell(dedupeId, (context) => this.#notifier.refused?.(refusal, context), this.#telling());
    this.#refusals.add(told);
    void told.finally(() => this.#refusals.delete(told));
  }

  /** Tells what is in the log by now, each notice once more at most, and ends. What could not be told stands in the log. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#moved.ring();
    const patience = new AbortController();
    const all = Promise.all([this.#reading, ...this.#refusals]);
    await Promise.race([all, sleep(this.#sources.clock, CLOSE_MS, patience.signal)]);
    patience.abort();
    this.#stop.abort(new Error("the delivery was closed"));
    await this.#reading;
  }

  async #read(): Promise<void> {
    const { engine, hub, logger, clock } = this.#sources;
    const bell = hub.listen("anything");
    const ring = (): void => bell.ring();
    this.#closing.signal.addEventListener("abort", ring, { once: true });
    try {
      while (!this.#stop.signal.aborted) {
        try {
          await this.#readOn(engine, bell);
          break;
        } catch (error) {
          if (this.#closing.signal.aborted) break;
          logger.error({ notifier: this.#notifier.name, error }, "the log could not be read for a notifier");
          await sleep(clock, PAUSE_MS, this.#closing.signal);
        }
      }
      await Promise.all(this.#lanes.values());
      await this.#save();
    } catch (error) {
      logger.error({ notifier: this.#notifier.name, error }, "how far a notifier was told could not be kept");
    } finally {
      hub.leave("anything", bell);
    }
  }

  async #readOn(engine: Engine, bell: Bell): Promise<void> {
    // Lanes that are under way stay so; what they have begun is not begun again.
    let from = this.#water.highest + 1;
    while (!this.#stop.signal.aborted) {
      const page = await engine.scan(from, PAGE);
      for (const event of page) {
        await this.#take(event);
        if (this.#stop.signal.aborted) return;
        from = event.offset + 1;
      }
      if (page.length > 0) continue;
      if (this.#closing.signal.aborted) return;
      await this.#save();
      await bell.wait(this.#closing.signal);
    }
  }

  async #take(event: Event): Promise<void> {
    const thread = await this.#threads.after(event);
    if (!thread) return this.#water.skip(event.offset);
    while (this.#water.open >= OPEN_MAX && !this.#closing.signal.aborted)
      await this.#moved.wait(this.#closing.signal);
    this.#water.begin(event.offset);
    const before = this.#lanes.get(event.run) ?? Promise.resolve(true);
    const lane = before.then((told) => told && this.#tell(event, thread));
    this.#lanes.set(event.run, lane);
    void this.#clear(event.run, lane);
  }

  async #clear(run: string, lane: Promise<boolean>): Promise<void> {
    if ((await lane) && this.#lanes.get(run) === lane) this.#lanes.delete(run);
  }

  // What was not told holds the cursor back, and with it all that came after in its run.
  async #tell(event: Event, thread: Thread): Promise<boolean> {
    const told = await tell(
      event.id,
      (context) => this.#notifier.notify(event, { ...context, thread }),
      this.#telling(),
    );
    if (!told) return false;
    this.#water.end(event.offset);
    this.#moved.ring();
    this.#save().catch((error: unknown) =>
      this.#sources.logger.warn(
        { notifier: this.#notifier.name, error },
        "how far a notifier was told could not be kept",
      ),
    );
    return true;
  }

  // One write at a time; what was told meanwhile goes with the next one.
  #save(): Promise<void> {
    this.#saving ??= this.#saveOn().finally(() => {
      this.#saving = undefined;
    });
    return this.#saving;
  }

  async #saveOn(): Promise<void> {
    while (this.#water.mark > this.#saved) {
      const { mark } = this.#water;
      await this.#sources.engine.moveCursor?.(this.reader, mark);
      this.#saved = mark;
    }
  }

  #telling(): Telling {
    const { clock, logger } = this.#sources;
    return {
      notifier: this.#notifier.name,
      clock,
      logger,
      closing: this.#closing.signal,
      stop: this.#stop.signal,
    };
  }
}
