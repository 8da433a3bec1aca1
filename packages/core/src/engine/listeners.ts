import { EventEmitter } from "eventemitter3";
import type { Event, EventType } from "../machine/events.ts";
import type { Logger } from "../ports/logger.ts";

/** Who is called back on events, by type. What a listener does wrong is its own: the others are called all the same. */
export class Listeners {
  readonly #emitter = new EventEmitter<Record<string, [Event]>>();
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Adds a listener; returns how to remove it. */
  add<T extends EventType>(type: T, listener: (event: Event<T>) => unknown): () => void {
    const call = (event: Event): void => this.#call(listener as (event: Event) => unknown, event);
    this.#emitter.on(type, call);
    return () => void this.#emitter.off(type, call);
  }

  tell(event: Event): void {
    this.#emitter.emit(event.type, event);
  }

  #call(listener: (event: Event) => unknown, event: Event): void {
    const failed = (error: unknown): void =>
      this.#logger.error({ error, event: event.id }, "a listener failed");
    try {
      const result = listener(event);
      if (result instanceof Promise) result.catch(failed);
    } catch (error) {
      failed(error);
    }
  }
}
