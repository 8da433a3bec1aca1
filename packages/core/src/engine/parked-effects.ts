import type { IssuedEffect } from "../ports/engine.ts";

/** Effects whose code is not here, by run and stage. */
export class ParkedEffects {
  readonly #byRun = new Map<string, Map<string, IssuedEffect>>();

  add(effect: IssuedEffect): void {
    const effects = this.#byRun.get(effect.run);
    if (effects) effects.set(effect.id, effect);
    else this.#byRun.set(effect.run, new Map([[effect.id, effect]]));
  }

  /** Those of one run; they are parked no more. */
  takeRun(run: string): readonly IssuedEffect[] {
    const effects = this.#byRun.get(run);
    this.#byRun.delete(run);
    return effects ? [...effects.values()] : [];
  }

  takeAll(): readonly IssuedEffect[] {
    return [...this.#byRun.keys()].flatMap((run) => this.takeRun(run));
  }
}
