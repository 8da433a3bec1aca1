import type { Check } from "../model/check.ts";
import type { Rollout, Strategy } from "../model/phase.ts";
import { Parked } from "./parked.ts";
import type { RecordedStrategy, Registry } from "./registry.ts";

/** The code of the checks that one rollout's gates name. */
export class CheckCode {
  readonly #registry: Registry;
  readonly #recorded: RecordedStrategy;
  readonly #again: () => Promise<Strategy | undefined>;
  readonly #found = new Map<string, Check<never>>();

  /** `again`: the strategy that the stage's input function gives now. */
  constructor(registry: Registry, recorded: RecordedStrategy, again: () => Promise<Strategy | undefined>) {
    this.#registry = registry;
    this.#recorded = recorded;
    this.#again = again;
  }

  /** The code of a check: the strategy's own, else the delivery's; undefined: it is not here. */
  async find(name: string, strategy?: Strategy): Promise<Check<never> | undefined> {
    const known = this.#found.get(name) ?? (await this.#look(name, strategy));
    // What a rollout was planned with stays with it, whatever the registry forgets meanwhile.
    if (known) this.#found.set(name, known);
    return known;
  }

  async #look(name: string, strategy: Strategy | undefined): Promise<Check<never> | undefined> {
    const own = (made: Strategy | undefined): Check<never> | undefined =>
      made?.checks?.find((check) => check.name === name);
    return (
      own(strategy) ??
      own(this.#registry.remake(this.#recorded)) ??
      this.#registry.check(name) ??
      own(await this.#again().catch(() => undefined))
    );
  }

  /** @throws Parked when the code of a check that a rollout will need is not here, before anything is changed */
  async insist(rollout: Rollout, strategy: Strategy): Promise<void> {
    for (const name of checksOf(rollout))
      if (!(await this.find(name, strategy))) throw new Parked(missing(name));
  }
}

/** The names of all checks of a rollout. */
export function checksOf({ phases, background = [] }: Rollout): readonly string[] {
  const gates = phases.flatMap(({ gate }) => (gate?.kind === "check" ? [gate.check] : []));
  return [...new Set([...gates, ...background.map(({ check }) => check)])];
}

/** What to do about a check whose code is not here. */
export function missing(name: string): string {
  return `check ${JSON.stringify(name)} is not registered here: pass it to createDelivery({ checks: […] })`;
}
