import type { GroupProblem, Json, ServerGroup } from "@gennaker/core/ports";
import { type Behaviour, BOOT, RESTART } from "./behaviour.ts";
import { type Health, type Instance, Instances } from "./instances.ts";
import type { Nature } from "./nature.ts";

/** What a group is made of; it never changes. */
export interface GroupIdentity {
  readonly name: string;
  readonly sequence: number;
  readonly key: string | undefined;
  readonly release: Json;
  readonly behaviour: Behaviour;
}

const TEN_MINUTES = 600_000;

/** A server group and the lives of its instances. `changed` is called when something changes by itself. */
export class Group {
  readonly identity: GroupIdentity;
  desired = 0;
  /** As the last command set it; what instances make of it is reckoned by `sharesOf`. */
  share = 0;
  readonly #instances = new Instances();
  readonly #nature: Nature;
  readonly #changed: () => void;
  #bad: boolean;
  #sickness: (() => void) | undefined;

  constructor(identity: GroupIdentity, nature: Nature, changed: () => void) {
    this.identity = identity;
    this.#nature = nature;
    this.#changed = changed;
    this.#bad = identity.behaviour.neverHealthy === true || identity.behaviour.fatal !== undefined;
  }

  /** Lets chance decide whether any of its instances ever becomes healthy. */
  tempt(): void {
    this.#bad ||= this.#nature.random.chance(this.#nature.faults.neverHealthy ?? 0);
  }

  get counts(): Readonly<Record<Health, number>> {
    return this.#instances.counts;
  }

  /** Starts or ends instances until there are `size`. */
  resize(size: number): void {
    this.desired = size;
    while (this.#instances.size < size) this.#boot(this.#instances.join("starting"));
    this.#instances.shrink(size);
  }

  /** Instances that were there before the story begins. */
  settled(size: number, healthy: number): void {
    this.desired = size;
    for (let index = 0; index < size; index++) {
      this.#instances.join(index < healthy ? "healthy" : "unhealthy");
    }
  }

  /** So many healthy instances die, and are started again. */
  kill(count: number): void {
    this.#instances.each("healthy", count, (instance) => this.#die(instance));
  }

  /** So many healthy instances become unhealthy or unknown, until they are healed. */
  afflict(count: number, health: "unhealthy" | "unknown"): void {
    this.#instances.each("healthy", count, (instance) => this.#instances.become(instance, health));
  }

  /** Whatever is unhealthy or unknown is healthy at once, and the group is no longer sick. */
  heal(): void {
    this.#bad = false;
    for (const health of ["unhealthy", "unknown"] as const) {
      this.#instances.each(health, Infinity, (instance) => this.#instances.become(instance, "healthy"));
    }
  }

  /** Sets its share; the first traffic may make it sick after a while. */
  give(share: number): void {
    const { sickAfterTrafficMs } = this.identity.behaviour;
    const starts = this.share === 0 && share > 0;
    this.share = share;
    if (share === 0) this.#sickness?.();
    if (!starts || sickAfterTrafficMs === undefined) return;
    const { clock, random } = this.#nature;
    this.#sickness = clock.after(random.within(sickAfterTrafficMs), () => this.#sicken());
  }

  end(): void {
    this.resize(0);
    this.#sickness?.();
  }

  /** As a provider reports it. */
  view(share: number): ServerGroup {
    const { name, sequence, key, release } = this.identity;
    const problem = this.#problem();
    return {
      name,
      sequence,
      desired: this.desired,
      ...this.counts,
      share,
      release,
      ...(key !== undefined && { key }),
      ...(problem && { problem }),
    };
  }

  #problem(): GroupProblem | undefined {
    const { fatal, problem } = this.identity.behaviour;
    const { unhealthy } = this.counts;
    if (unhealthy === 0) return undefined;
    const message =
      fatal ?? problem ?? `GET /healthz answered 500, ${unhealthy} of ${this.desired} instances`;
    return { message, fatal: fatal !== undefined };
  }

  #sicken(): void {
    this.#bad = true;
    this.afflict(Infinity, "unhealthy");
    this.#changed();
  }

  #boot(instance: Instance): void {
    const { clock, random, faults } = this.#nature;
    const slow = random.chance(faults.slowBoot ?? 0) ? 10 : 1;
    this.#instances.become(instance, "starting");
    instance.cancel = clock.after(slow * random.within(this.identity.behaviour.bootMs ?? BOOT), () => {
      this.#instances.become(instance, this.#bad ? "unhealthy" : "healthy");
      if (!this.#bad) this.#awaitDeath(instance);
      this.#changed();
    });
  }

  #awaitDeath(instance: Instance): void {
    const { clock, random } = this.#nature;
    const { diesAfterMs } = this.identity.behaviour;
    const byChance = diesAfterMs === undefined && random.chance(this.#nature.faults.dyingInstance ?? 0);
    if (diesAfterMs === undefined && !byChance) return;
    instance.cancel = clock.after(random.within(diesAfterMs ?? [1, TEN_MINUTES]), () => {
      // Faults may have been stopped in the meantime.
      if (byChance && !this.#nature.faults.dyingInstance) return;
      this.#die(instance);
      this.#changed();
    });
  }

  #die(instance: Instance): void {
    const { clock, random } = this.#nature;
    this.#instances.become(instance, "unhealthy");
    instance.cancel = clock.after(random.within(this.identity.behaviour.restartMs ?? RESTART), () => {
      this.#boot(instance);
      this.#changed();
    });
  }
}
