// What happens on each failure in each phase: found out by letting it happen, on the real engine in the simulated cloud.
import { createDelivery, memory, type Outcome, type RunHandle, type Strategy } from "@gennaker/core";
import type { NewEvent } from "@gennaker/core/ports";
import { type Behaviour, simulate } from "@gennaker/testkit";
import { type Bed, BOOT_MS, checksOn, makeBed } from "./bed.ts";
import { overheard } from "./overheard.ts";

/** What is made to go wrong, in a phase and from then on. */
export const FAILURES = [
  "never healthy",
  "falls ill",
  "refused",
  "cancelled",
  "verdict: fail",
  "nobody answers",
  "check: fail",
  "killed",
] as const;

/** One of them. */
export type Failure = (typeof FAILURES)[number];

/** How it ended. */
export interface Ending {
  readonly outcome: Outcome;
  readonly groups: readonly {
    readonly name: string;
    readonly desired: number;
    readonly healthy: number;
    readonly share: number;
  }[];
}

const WITHIN_MS = 86_400_000;
// Longer than anybody waits.
const NEVER_MS = 1e12;
const COMMANDS = ["createGroup", "scaleGroup", "setTraffic", "destroyGroup"] as const;

/** Lets a failure happen in a phase; undefined: it cannot happen there. */
export async function letHappen(
  strategy: Strategy,
  phase: string,
  failure: Failure,
): Promise<Ending | undefined> {
  const trial = new Trial(strategy, phase, failure);
  return trial.run();
}

class Trial {
  readonly #strategy: Strategy;
  readonly #phase: string;
  readonly #failure: Failure;
  readonly #bed: Bed = makeBed();
  readonly #todo: ((run: RunHandle) => Promise<unknown>)[] = [];
  #inside = false;
  #sterile = false;
  #kill = false;
  #candidate: string | undefined;
  #happened = false;

  constructor(strategy: Strategy, phase: string, failure: Failure) {
    this.#strategy = strategy;
    this.#phase = phase;
    this.#failure = failure;
  }

  async run(): Promise<Ending | undefined> {
    const { clock, cloud, cluster, traffic } = this.#bed;
    cloud.behaviour((release) => (release === "v2" ? this.#behaviour() : { bootMs: BOOT_MS }));
    const engine = overheard(memory(), (event) => this.#hear(event));
    const { outcome } = await simulate({
      clock,
      cloud,
      provider: { traffic },
      engine: () => engine,
      delivery: (life) =>
        createDelivery({
          engine: life.engine,
          clock,
          providers: [life.provider],
          checks: checksOn(() => this.#passes()),
          strategies: [Object.assign(() => this.#strategy, { strategy: this.#strategy.name })],
        }),
      start: (delivery) =>
        delivery.deploy(
          { cluster, release: "v2", strategy: this.#strategy },
          { idempotencyKey: "v2", actor: "ana" },
        ),
      meanwhile: (run) => {
        for (const act of this.#todo.splice(0)) void act(run);
      },
      kill: ({ moment }) => moment === "after-append" && this.#dies(),
      withinMs: WITHIN_MS,
    });
    if (!this.#happened) return undefined;
    if (outcome === undefined)
      throw new Error(`${this.#strategy.name}: ${this.#failure} in ${this.#phase} never ends`);
    const groups = cloud.world(cluster).groups.map(({ name, desired, healthy, share }) => ({
      name,
      desired,
      healthy,
      share,
    }));
    return { outcome, groups };
  }

  // ---

  // Looked at anew for each instance that boots.
  #behaviour(): Behaviour {
    const boot = (): number => {
      if (!this.#sterile) return BOOT_MS;
      this.#happened ||= this.#inside;
      return NEVER_MS;
    };
    return {
      get bootMs() {
        return boot();
      },
    };
  }

  #passes(): boolean {
    const here = this.#inside && this.#failure === "check: fail";
    this.#happened ||= here;
    return !here;
  }

  #dies(): boolean {
    if (!this.#kill) return false;
    this.#kill = false;
    this.#happened = true;
    return true;
  }

  #hear(event: NewEvent): void {
    if (event.type === "rollout-candidate-found") this.#candidate = event.group;
    if (event.type === "rollout-turned-back") this.#leave();
    if (event.type === "rollout-phase-started") {
      if (event.direction === "forward" && event.phase === this.#phase) this.#enter();
      else this.#leave();
    }
    if (event.type === "rollout-command-sent" && this.#inside && this.#failure === "refused")
      this.#happened = true;
    if (event.type === "judgement-requested") this.#answer();
  }

  #enter(): void {
    const { cloud, cluster, clock } = this.#bed;
    this.#inside = true;
    if (this.#failure === "never healthy") this.#sterile = true;
    if (this.#failure === "killed") this.#kill = true;
    if (this.#failure === "refused") for (const command of COMMANDS) cloud.failNext(command, "denied", 1e6);
    if (this.#failure === "cancelled")
      clock.after(1, () => this.#soon((run) => run.cancel({ actor: "ana" })));
    if (this.#failure === "falls ill" && this.#candidate !== undefined) {
      cloud.sicken(cluster, this.#candidate);
      this.#happened = true;
    }
  }

  // What is refused in a phase is refused in that phase alone; what is ill or sterile stays so.
  #leave(): void {
    if (this.#inside && this.#failure === "refused") this.#bed.cloud.calm();
    this.#inside = false;
  }

  #answer(): void {
    const here = this.#inside && (this.#failure === "verdict: fail" || this.#failure === "nobody answers");
    this.#happened ||= here;
    if (here && this.#failure === "nobody answers") return;
    const verdict = here ? "fail" : "pass";
    this.#bed.clock.after(1, () =>
      this.#soon((run) => run.judge("deploy", { verdict, actor: "ben", roles: ["qa"] })),
    );
  }

  #soon(act: (run: RunHandle) => Promise<unknown>): void {
    this.#todo.push(async (run) => {
      if (this.#failure === "cancelled") this.#happened = true;
      await act(run);
    });
  }
}
