import type { Engine, NewEvent } from "@gennaker/core/ports";

/** An engine whose commits are heard before anything follows from them. */
export function overheard(inner: Engine, heard: (event: NewEvent) => void): Engine {
  return {
    name: inner.name,
    open: (host) => inner.open(host),
    create: (run, write) => inner.create(run, write),
    commit: (run, known, decide) =>
      inner.commit(run, known, (loaded) => {
        const write = decide(loaded);
        for (const event of write.events) heard(event);
        return write;
      }),
    read: (run, from, limit) => inner.read(run, from, limit),
    scan: (from, limit) => inner.scan(from, limit),
    list: (filter) => inner.list(filter),
    line: (permit) => inner.line(permit),
    close: () => inner.close(),
  };
}
