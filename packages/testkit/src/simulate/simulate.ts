import type { Delivery, RunHandle } from "@gennaker/core";
import type { Engine, Event, Outcome, Provider } from "@gennaker/core/ports";
import type { VirtualClock } from "../clock/virtual-clock.ts";
import type { CloudProviderOptions, SimulatedCloud } from "../cloud/simulated-cloud.ts";
import { type KillPoint, mortalEngine, type MortalEngine } from "./mortal-engine.ts";

/** What one life of the simulated process is made of. */
export interface Life {
  /** 0 for the first, then one more after each kill. */
  readonly number: number;
  readonly engine: Engine;
  readonly clock: VirtualClock;
  /** A fresh connection to the cloud. */
  readonly provider: Provider<never>;
}

/** A whole engine in virtual time, killed where you say and started again. */
export interface Simulation {
  readonly clock: VirtualClock;
  readonly cloud: SimulatedCloud;
  /** The log of a life. All lives must share one: open the same file again, or return the same in-memory engine. */
  readonly engine: (life: number) => Engine;
  /** Makes the delivery of a life, as your program would at its start. */
  readonly delivery: (life: Life) => Delivery;
  /** Starts the run; called in each life, so give it an idempotency key. */
  readonly start: (delivery: Delivery, provider: Provider<never>) => Promise<RunHandle>;
  /** How the cloud is connected. */
  readonly provider?: CloudProviderOptions;
  /** Whether the process is killed at a point. Default: never. */
  readonly kill?: (at: KillPoint) => boolean;
  /**
   * A killed life keeps its log open, like a process that hangs for ever: the engine of the next one must take the
   * log over. Default: false, the log is let go.
   */
  readonly zombies?: boolean;
  /** Milliseconds that it stays down after a kill. Default 1000. */
  readonly downMs?: number;
  /** What happens in the world while it is down. */
  readonly whileDown?: (life: number) => void;
  /** What somebody does while it runs: called after each timer. */
  readonly meanwhile?: (run: RunHandle, delivery: Delivery) => void;
  /** Virtual milliseconds after which a run that is not over is given up. Default one day. */
  readonly withinMs?: number;
}

/** How a simulation went. */
export interface Simulated {
  /** Undefined: the run did not end in time. */
  readonly outcome: Outcome | undefined;
  readonly reason: string | undefined;
  readonly events: readonly Event[];
  readonly kills: number;
  /** Appends made, over all lives. */
  readonly appends: number;
  readonly virtualMs: number;
}

const DAY = 86_400_000;

/**
 * Runs a real delivery against a simulated cloud in virtual time, killing and restarting it as told.
 *
 * @example
 * const result = await simulate({ clock, cloud, engine: () => log, start, delivery, kill: ({ index }) => index === 7 })
 * expect(result.outcome).toBe("succeeded")
 */
export async function simulate(simulation: Simulation): Promise<Simulated> {
  const { clock } = simulation;
  const start = clock.now();
  const count = { points: 0, appends: 0, kills: 0 };
  for (let life = 0; ; life += 1) {
    const ended = await live(simulation, life, count, start);
    if (ended)
      return { ...ended, kills: count.kills, appends: count.appends, virtualMs: clock.now() - start };
    count.kills += 1;
    simulation.whileDown?.(life);
    await clock.advance(simulation.downMs ?? 1000);
  }
}

interface Count {
  points: number;
  appends: number;
  kills: number;
}

type Ended = Pick<Simulated, "outcome" | "reason" | "events">;

/** One life: undefined when it was killed. */
async function live(
  simulation: Simulation,
  life: number,
  count: Count,
  start: number,
): Promise<Ended | undefined> {
  const { clock, cloud, withinMs = DAY, kill = () => false } = simulation;
  const dies = (at: Omit<KillPoint, "index">): boolean => kill({ ...at, index: count.points++ });
  const provider = cloud.provider(simulation.provider) as Provider<never>;
  const engine = mortalEngine(simulation.engine(life), (at) => {
    if (at.moment === "after-append") count.appends += 1;
    return dies(at);
  });
  const delivery = simulation.delivery({ number: life, engine, clock, provider });
  const run = simulation.start(delivery, provider);
  // A run that cannot start says so by its promise; a killed one never answers.
  const watch = { run: undefined as RunHandle | undefined, failure: undefined as unknown, over: false };
  const follow = async (): Promise<void> => {
    watch.run = await run;
    await watch.run.outcome();
    watch.over = true;
  };
  follow().catch((error: unknown) => {
    watch.failure = error;
  });
  await clock.settle();
  while (!watch.over && watch.failure === undefined && !engine.dead && clock.now() - start < withinMs) {
    if (watch.run) simulation.meanwhile?.(watch.run, delivery);
    if (!(await clock.runNext())) break;
    if (!engine.dead && dies({ moment: "tick", events: [] })) engine.kill();
  }
  if (engine.dead) {
    cloud.crash(provider);
    if (!simulation.zombies) await engine.bury();
    return undefined;
  }
  return settle(watch, delivery, engine, clock);
}

async function settle(
  watch: { readonly run: RunHandle | undefined; readonly failure: unknown },
  delivery: Delivery,
  engine: MortalEngine,
  clock: VirtualClock,
): Promise<Ended> {
  if (watch.failure !== undefined) throw watch.failure;
  const events = watch.run ? await engine.read(watch.run.id, 0, 100_000) : [];
  const finished = events.find((event) => event.type === "run-finished");
  await clock.drive(delivery.close());
  return { outcome: finished?.outcome, reason: finished?.reason, events };
}
