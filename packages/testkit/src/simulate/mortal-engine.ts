import { type Engine, type EngineHost, UnsupportedError } from "@gennaker/core/ports";

/** A point at which a simulated process may be killed. */
export interface KillPoint {
  /** Counts over all lives of a simulation, from 0. */
  readonly index: number;
  /**
   * `before-append`: nothing of the append is in the log. `after-append`: it is, but nobody was told. `tick`: some
   * timer of the virtual clock has just fired; calls may be under way.
   */
  readonly moment: "before-append" | "after-append" | "tick";
  /** Types of the events that are appended; empty at a tick. */
  readonly events: readonly string[];
}

/** An engine as a process sees it that can be killed. */
export interface MortalEngine extends Engine {
  readonly dead: boolean;
  /** From now on nothing answers and nobody is called back, as after `kill -9`. */
  kill(): void;
  /** Lets go of the log of a killed process, as the operating system would. */
  bury(): Promise<void>;
}

const never = <T>(): Promise<T> => new Promise<T>(() => {});

class Killed extends Error {}

/** Wraps an engine so that its process can die around any append. */
export function mortalEngine(inner: Engine, dies: (at: Omit<KillPoint, "index">) => boolean): MortalEngine {
  let dead = false;
  const living = <T>(call: () => Promise<T>): Promise<T> =>
    dead ? never() : call().then((value) => (dead ? never<T>() : value));
  const write = <W extends { readonly events: readonly { readonly type: string }[] }>(made: W): W => {
    const events = made.events.map((event) => event.type);
    if (events.length === 0) return made;
    if (dies({ moment: "before-append", events })) {
      dead = true;
      throw new Killed();
    }
    if (dies({ moment: "after-append", events })) dead = true;
    return made;
  };
  const swallow = (error: unknown): Promise<never> => (dead ? never() : Promise.reject(error));

  return {
    name: inner.name,
    get dead() {
      return dead;
    },
    kill() {
      dead = true;
    },
    bury: () => inner.close(),
    open: (host) => inner.open(hostOf(host, () => dead)),
    create: (run, made) =>
      living(() => Promise.resolve().then(() => inner.create(run, write(made)))).catch(swallow),
    commit: (run, known, decide) =>
      living(() => inner.commit(run, known, (loaded) => write(decide(loaded)))).catch(swallow),
    read: (run, from, limit) => living(() => inner.read(run, from, limit)),
    scan: (from, limit) => living(() => inner.scan(from, limit)),
    line: (key) => living(() => inner.line(key)),
    list: (filter) => living(() => inner.list(filter)),
    cursor: (reader) => living(() => inner.cursor?.(reader) ?? cannot("keep cursors")),
    moveCursor: (reader, offset) =>
      living(() => inner.moveCursor?.(reader, offset) ?? cannot("keep cursors")),
    prune: (runs, upTo) => living(() => inner.prune?.(runs, upTo) ?? cannot("remove runs")),
    close: () => living(() => inner.close()),
  };
}

function cannot(what: string): never {
  throw new UnsupportedError(`the engine of this simulation does not ${what}`);
}

function hostOf(host: EngineHost, dead: () => boolean): EngineHost {
  return {
    clock: host.clock,
    logger: host.logger,
    committed: (events) => dead() || host.committed(events),
    dispatch: (effect) => dead() || host.dispatch(effect),
    due: (run) => dead() || host.due(run),
    granted: (permit) => dead() || host.granted(permit),
  };
}
