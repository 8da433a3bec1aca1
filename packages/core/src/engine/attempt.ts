import type { IssuedEffect } from "../ports/engine.ts";
import { Bell } from "./bell.ts";

/** One attempt at a stage, under way in this process. */
export class Attempt {
  readonly effect: IssuedEffect;
  /** Rings when something about its run was recorded. */
  readonly bell: Bell = new Bell();
  #controller: AbortController | undefined;
  #reason: Error | undefined;

  constructor(effect: IssuedEffect) {
    this.effect = effect;
  }

  /** Aborts when the attempt is to stop. Made only when somebody looks: most stages never do. */
  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#reason) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  get stopped(): Error | undefined {
    return this.#reason;
  }

  stop(reason: Error): void {
    this.#reason ??= reason;
    this.#controller?.abort(this.#reason);
  }
}

/** The attempts under way, by run and stage. */
export class Attempts {
  readonly #byRun = new Map<string, Map<string, Attempt>>();

  get(run: string, stage: string): Attempt | undefined {
    return this.#byRun.get(run)?.get(stage);
  }

  of(run: string): Iterable<Attempt> {
    return this.#byRun.get(run)?.values() ?? [];
  }

  *all(): Iterable<Attempt> {
    for (const attempts of this.#byRun.values()) yield* attempts.values();
  }

  add(attempt: Attempt): void {
    const { run, id } = attempt.effect;
    const attempts = this.#byRun.get(run);
    if (attempts) attempts.set(id, attempt);
    else this.#byRun.set(run, new Map([[id, attempt]]));
  }

  /** Forgets an attempt, unless a newer one took its place; true when its run has none left. */
  remove(attempt: Attempt): boolean {
    const { run, id } = attempt.effect;
    const attempts = this.#byRun.get(run);
    if (attempts?.get(id) === attempt) attempts.delete(id);
    if (attempts?.size !== 0) return false;
    this.#byRun.delete(run);
    return true;
  }
}
