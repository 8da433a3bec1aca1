import type { Event } from "@gennaker/core";
import type { Engine } from "@gennaker/core/ports";

/** An engine that counts what is asked of it. */
export interface TappedEngine extends Engine {
  /** Calls so far. */
  readonly calls: number;
}

/** Listens to an engine: to what is asked of it, and to what it commits together. */
export function tapped(engine: Engine, committed?: (events: readonly Event[]) => void): TappedEngine {
  let calls = 0;
  const counted = <A extends unknown[], R>(call: (...args: A) => R): ((...args: A) => R) => {
    return (...args) => {
      calls += 1;
      return call(...args);
    };
  };
  return {
    name: engine.name,
    get calls() {
      return calls;
    },
    open: counted((host) =>
      engine.open({
        ...host,
        committed(events) {
          committed?.(events);
          host.committed(events);
        },
      }),
    ),
    create: counted((run, write) => engine.create(run, write)),
    commit: counted((run, known, decide) => engine.commit(run, known, decide)),
    read: counted((run, from, limit) => engine.read(run, from, limit)),
    scan: counted((from, limit) => engine.scan(from, limit)),
    list: counted((filter) => engine.list(filter)),
    line: counted((key) => engine.line(key)),
    close: counted(() => engine.close()),
  };
}
