// Engines and providers with one promise broken, for the simulator to notice.
import { memory } from "@gennaker/core";
import type { Engine, EngineHost, IssuedEffect, Provider } from "@gennaker/core/ports";

/** Whoever was handed an effect once may record its result for ever. */
export function withoutLeases(): Engine {
  const inner = memory();
  const issued = new Map<string, IssuedEffect>();
  const host = (given: EngineHost): EngineHost => ({
    ...given,
    dispatch(effect) {
      issued.set(`${effect.run}/${effect.id}`, { ...effect, lease: "any" });
      given.dispatch({ ...effect, lease: "any" });
    },
  });
  return {
    ...methods(inner),
    open: (given) => inner.open(host(given)),
    commit: (run, known, decide) =>
      inner.commit(run, known, (loaded) =>
        decide(loaded && { ...loaded, effects: [...issued.values()].filter((effect) => effect.run === run) }),
      ),
  };
}

/** Everybody gets a permit at once. */
export function withoutPermits(): Engine {
  const inner = memory();
  return {
    ...methods(inner),
    commit: async (run, known, decide) => {
      const committed = await inner.commit(run, known, decide);
      return {
        ...committed,
        permits: committed.permits.map((permit) => ({ ...permit, granted: true, position: 0 })),
      };
    },
  };
}

/** Nobody is woken when time has come. */
export function withoutTimers(): Engine {
  const inner = memory();
  return { ...methods(inner), open: (host) => inner.open({ ...host, due: () => {} }) };
}

/** What people say is acknowledged, and dropped. */
export function withoutAnswers(): Engine {
  const inner = memory();
  return {
    ...methods(inner),
    commit: (run, known, decide) =>
      inner.commit(run, known, (loaded) => {
        const write = decide(loaded);
        return write.events.some(({ type }) => type === "judgement-answered") ? { events: [] } : write;
      }),
  };
}

/** A group's key is forgotten. */
export function withoutKeys(provider: Provider): Provider {
  return {
    ...provider,
    supports: { ...provider.supports, watch: false, createOnce: false },
    async observe(...args) {
      const state = await provider.observe(...args);
      return { ...state, groups: state.groups.map(({ key: _, ...group }) => group) };
    },
  };
}

/** What was said before a claim can still land. */
export function withoutFencing(provider: Provider): Provider {
  const epoch = 1_000_000;
  return {
    ...provider,
    createGroup: (cluster, spec, token, options) =>
      provider.createGroup(cluster, spec, { ...token, epoch }, options),
    scaleGroup: (cluster, change, token, options) =>
      provider.scaleGroup(cluster, change, { ...token, epoch }, options),
    setTraffic: (cluster, change, token, options) =>
      provider.setTraffic(cluster, change, { ...token, epoch }, options),
    destroyGroup: (cluster, change, token, options) =>
      provider.destroyGroup(cluster, change, { ...token, epoch }, options),
  };
}

/** Says that a group is gone, and leaves it. */
export function withoutDestroy(provider: Provider): Provider {
  const hidden = new Set<string>();
  return {
    ...provider,
    supports: { ...provider.supports, watch: false },
    async observe(...args) {
      const state = await provider.observe(...args);
      return { ...state, groups: state.groups.filter(({ name }) => !hidden.has(name)) };
    },
    async destroyGroup(_, { group }) {
      hidden.add(group);
    },
  };
}

/** Makes every group of the newest release, whatever was asked for. */
export function withoutReleases(provider: Provider): Provider {
  return {
    ...provider,
    createGroup: (cluster, spec, token, options) =>
      provider.createGroup(cluster, { ...spec, release: "v2" }, token, options),
  };
}

function methods(engine: Engine): Engine {
  return {
    name: engine.name,
    open: (host) => engine.open(host),
    create: (run, write) => engine.create(run, write),
    commit: (run, known, decide) => engine.commit(run, known, decide),
    read: (run, from, limit) => engine.read(run, from, limit),
    scan: (from, limit) => engine.scan(from, limit),
    list: (filter) => engine.list(filter),
    line: (key) => engine.line(key),
    close: () => engine.close(),
  };
}
