import { memory } from "@gennaker/core";
import { ConflictError, type Engine, type EngineHost } from "@gennaker/core/ports";
import { type EngineUnderTest, type RegisterTest, testEngine, virtualClock } from "../src/index.ts";

/** What stands between the kit and the engine in memory; asked anew at each opening, which counts from 1. */
export type Wrap = (engine: Engine, opening: number) => Partial<Engine>;

/** The engine in memory, with a log that survives: another engine can take it over, as after a crash. */
export function surviving(wrap: Wrap = () => ({})): EngineUnderTest {
  const log = memory();
  let opening = 0;
  let current: { alive: boolean } = { alive: false };
  const next = (): Engine => {
    opening += 1;
    const life = (current = { alive: true });
    const engine = owner(log, () => life.alive);
    return { ...engine, ...wrap(engine, opening) };
  };
  return {
    engine: next(),
    async reopen() {
      current.alive = false;
      await log.close();
      return next();
    },
    dispose: () => log.close(),
  };
}

function owner(log: Engine, alive: () => boolean): Engine {
  const writing = <T>(write: () => Promise<T>): Promise<T> =>
    alive() ? write() : Promise.reject(new ConflictError("the log was taken over by another engine"));
  return {
    name: log.name,
    open: (host) => log.open(hearing(host, alive)),
    create: (run, write) => writing(() => log.create(run, write)),
    commit: (run, known, decide) => writing(() => log.commit(run, known, decide)),
    read: (run, from, limit) => log.read(run, from, limit),
    scan: (from, limit) => log.scan(from, limit),
    line: (key) => log.line(key),
    list: (filter) => log.list(filter),
    cursor: (reader) => writing(() => log.cursor!(reader)),
    moveCursor: (reader, offset) => writing(() => log.moveCursor!(reader, offset)),
    prune: (runs, upTo) => writing(() => log.prune!(runs, upTo)),
    close: async () => (alive() ? log.close() : undefined),
  };
}

/** A host that hears nothing while `listens` is false. */
export function hearing(host: EngineHost, listens: () => boolean): EngineHost {
  return {
    ...host,
    committed: (events) => void (listens() && host.committed(events)),
    dispatch: (effect) => void (listens() && host.dispatch(effect)),
    due: (run) => void (listens() && host.due(run)),
    granted: (permit) => void (listens() && host.granted(permit)),
  };
}

/** Runs the kit, and tells what failed: name, and why. */
export async function failures(create: () => Promise<EngineUnderTest>): Promise<ReadonlyMap<string, string>> {
  const failed = new Map<string, string>();
  for (const [name, run] of tests(create)) {
    await run().catch((error: unknown) => failed.set(name, String(error)));
  }
  return failed;
}

/** The tests that the kit registers, by name. */
export function tests(create: () => Promise<EngineUnderTest>): ReadonlyMap<string, () => Promise<void>> {
  const found = new Map<string, () => Promise<void>>();
  const collect: RegisterTest = (name, run) => found.set(name, run);
  testEngine(collect, { create, clock: virtualClock(), patienceMs: 0 });
  return found;
}
