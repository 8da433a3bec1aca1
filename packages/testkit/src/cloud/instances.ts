/** How an instance is. */
export type Health = "healthy" | "starting" | "unhealthy" | "unknown";

/** One machine, pod or process. */
export interface Instance {
  health: Health;
  /** Calls off what would happen to it next. */
  cancel: (() => void) | undefined;
}

// A shrinking group lets go of those first that serve nobody.
const FIRST_TO_GO: readonly Health[] = ["unhealthy", "unknown", "starting", "healthy"];

/** The instances of a group, counted by how they are. */
export class Instances {
  readonly counts: Record<Health, number> = { healthy: 0, starting: 0, unhealthy: 0, unknown: 0 };
  readonly #list: Instance[] = [];

  get size(): number {
    return this.#list.length;
  }

  join(health: Health): Instance {
    const instance: Instance = { health, cancel: undefined };
    this.#list.push(instance);
    this.counts[health]++;
    return instance;
  }

  /** It is in another way from now on; what would have happened to it next does not. */
  become(instance: Instance, health: Health): void {
    instance.cancel?.();
    instance.cancel = undefined;
    this.counts[instance.health]--;
    this.counts[health]++;
    instance.health = health;
  }

  /** The first `count` that are in some way. */
  each(health: Health, count: number, act: (instance: Instance) => void): void {
    let left = count;
    for (const instance of this.#list) {
      if (left <= 0) return;
      if (instance.health !== health) continue;
      left--;
      act(instance);
    }
  }

  /** Ends instances until no more than `size` are left. */
  shrink(size: number): void {
    for (const health of FIRST_TO_GO) this.#leave(health, this.#list.length - size);
  }

  #leave(health: Health, count: number): void {
    let left = count;
    for (let index = this.#list.length - 1; index >= 0 && left > 0; index--) {
      const instance = this.#list[index]!;
      if (instance.health !== health) continue;
      left--;
      instance.cancel?.();
      this.counts[health]--;
      this.#list.splice(index, 1);
    }
  }
}
