import { memory } from "@gennaker/core";
import {
  type Committed,
  type Engine,
  type EngineHost,
  type Event,
  type IssuedEffect,
  type LoadedRun,
  type PermitState,
  silentLogger,
  type Write,
} from "@gennaker/core/ports";
import { hearing, type Wrap } from "./engine-on-trial.ts";

/** An engine that breaks one promise. */
export interface Mutant {
  readonly caughtBy: string;
  readonly wrap: Wrap;
}

const nothing = (): void => {};
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** Changes what is written. */
function rewriting(change: (write: Write, engine: Engine, loaded?: LoadedRun) => Write): Wrap {
  return (engine) => ({
    create: (run, write) => engine.create(run, change(write, engine)),
    commit: (run, known, decide) =>
      engine.commit(run, known, (loaded) => change(decide(loaded), engine, loaded)),
  });
}

/** Changes what is called back. */
function calling(change: (host: EngineHost, engine: Engine) => Partial<EngineHost>): Wrap {
  return (engine) => ({ open: (host) => engine.open({ ...host, ...change(host, engine) }) });
}

/** Changes how effects look, everywhere. */
function relabelling(label: (effect: IssuedEffect) => IssuedEffect): Wrap {
  const seen = (committed: Committed): Committed => ({ ...committed, issued: committed.issued.map(label) });
  return (engine) => ({
    open: (host) => engine.open({ ...host, dispatch: (effect) => host.dispatch(label(effect)) }),
    create: async (run, write) => {
      const created = await engine.create(run, write);
      return { ...created, ...seen(created) };
    },
    commit: async (run, known, decide) =>
      seen(
        await engine.commit(run, known, (loaded) =>
          decide(loaded && { ...loaded, effects: loaded.effects.map(label) }),
        ),
      ),
  });
}

/** Changes how events look, everywhere. */
function renumbering(label: (event: Event) => Event): Wrap {
  return (engine) => ({
    open: (host) => engine.open({ ...host, committed: (events) => host.committed(events.map(label)) }),
    create: async (run, write) => {
      const created = await engine.create(run, write);
      return { ...created, events: created.events.map(label) };
    },
    commit: async (run, known, decide) => {
      const committed = await engine.commit(run, known, decide);
      return { ...committed, events: committed.events.map(label) };
    },
    read: async (...page) => (await engine.read(...page)).map(label),
    scan: async (...page) => (await engine.scan(...page)).map(label),
  });
}

/** Holds each commit back for a turn of the event loop. */
function late(then: (engine: Engine, ...commit: Parameters<Engine["commit"]>) => Promise<Committed>): Wrap {
  return (engine) => ({
    commit: async (...commit) => {
      await turn();
      return then(engine, ...commit);
    },
  });
}

const without =
  (...parts: readonly (keyof Write)[]) =>
  (write: Write): Write => {
    const rest: Partial<Record<keyof Write, unknown>> = { ...write };
    for (const part of parts) delete rest[part];
    return { ...(rest as Write), events: write.events };
  };

const LEASES = "leases >";
const ORDER = "order >";
const TIMERS = "timers >";
const PERMITS = "permits >";
const LISTS = "lists >";
const ATOMICITY = "atomicity >";
const CREATING = "creating >";
const DURABILITY = "durability >";
const CURSORS = "cursors >";
const PRUNING = "pruning >";
const CLOSING = "closing >";

/** Each breaks one promise; the name says what it does wrong. */
export const mutants: Readonly<Record<string, Mutant>> = {
  "records events without their effects": {
    caughtBy: `${ATOMICITY} a write is recorded whole`,
    wrap: rewriting(without("issue")),
  },
  "records what a failed decision began": {
    caughtBy: `${ATOMICITY} a decision that throws records nothing, and its error is the caller's`,
    wrap: (engine) => ({
      commit: async (run, known, decide) => {
        const failed: unknown[] = [];
        const committed = await engine.commit(run, known, (loaded) => {
          if (!loaded) return decide(loaded);
          try {
            return decide(loaded);
          } catch (error) {
            failed.push(error);
            return { events: [{ type: "run-unparked", at: 1 }] };
          }
        });
        if (failed.length > 0) throw failed[0];
        return committed;
      },
    }),
  },
  "fails a whole moment when one decision throws": {
    caughtBy: `${ATOMICITY} a decision that throws takes no other of the same moment with it`,
    wrap: (engine) => {
      let spoiled: Error | undefined;
      return {
        commit: async (...commit) => {
          const committed = await engine.commit(...commit).catch((error: Error) => (spoiled = error));
          await turn();
          if (spoiled) throw spoiled;
          return committed as Committed;
        },
      };
    },
  },
  "makes runs up": {
    caughtBy: `${ATOMICITY} a run that is not there can decide, but not be written`,
    wrap: (engine) => ({
      commit: async (run, known, decide) => {
        if ((await engine.read(run, 0, 1)).length > 0 || !/nobody/.test(run))
          return engine.commit(run, known, decide);
        return engine.create({ run, pipeline: "kit", startedAt: 0 }, decide(undefined));
      },
    }),
  },
  "keeps the lease when it hands out again": {
    caughtBy: `${LEASES} handing out again takes the place of what was out, under a new lease`,
    wrap: relabelling((effect) => ({ ...effect, lease: `${effect.run}/${effect.id}` })),
  },
  "gives effects of different runs one lease": {
    caughtBy: `${LEASES} every handing out has a lease of its own`,
    wrap: relabelling((effect) => ({ ...effect, lease: effect.id })),
  },
  "keeps leases when the log is opened again": {
    caughtBy: `${LEASES} what was out when the log is opened again is handed out under new leases`,
    wrap: relabelling((effect) => ({
      ...effect,
      lease: effect.lease.replace(/^\d+:\d+/, `${effect.run}${effect.id}`),
    })),
  },
  "never settles": {
    caughtBy: `${LEASES} what is settled is out no more`,
    wrap: rewriting(without("settle")),
  },
  "settles what it has just handed out": {
    caughtBy: `${LEASES} a write that settles and hands out the same effect hands it out`,
    wrap: rewriting((write) => ({
      ...write,
      issue: (write.issue ?? []).filter(({ id }) => !write.settle?.includes(id)),
    })),
  },
  "renews all leases at every commit": {
    caughtBy: `${LEASES} a commit that says nothing of effects leaves their leases`,
    wrap: rewriting((write, _engine, loaded) => ({
      ...write,
      issue: [
        ...(loaded?.effects ?? []).filter(({ id }) => !write.issue?.some((effect) => effect.id === id)),
        ...(write.issue ?? []),
      ],
    })),
  },
  "hands every effect out twice": {
    caughtBy: `${LEASES} an effect is handed out once, under the lease that decisions see`,
    wrap: calling((host) => ({
      dispatch: (effect) => {
        host.dispatch(effect);
        host.dispatch(effect);
      },
    })),
  },
  "counts offsets in each run": {
    caughtBy: `${ORDER} events count from 0 in each run, and their offsets grow over all runs`,
    wrap: renumbering((event) => ({ ...event, offset: event.seq + 1 })),
  },
  "counts events from 1": {
    caughtBy: `${ORDER} events count from 0 in each run, and their offsets grow over all runs`,
    wrap: renumbering((event) => ({ ...event, seq: event.seq + 1 })),
  },
  "tells every event twice": {
    caughtBy: `${ORDER} every event is told once, in order of offset`,
    wrap: calling((host) => ({ committed: (events) => host.committed([...events, ...events]) })),
  },
  "tells the events of a moment backwards": {
    caughtBy: `${ORDER} every event is told once, in order of offset`,
    wrap: calling((host) => {
      let held: Event[] = [];
      return {
        committed(events) {
          if (held.length === 0)
            setImmediate(() => {
              host.committed(held.toReversed());
              held = [];
            });
          held.push(...events);
        },
      };
    }),
  },
  "returns events that differ from those it records": {
    caughtBy: `${ORDER} what a commit returns is what is read`,
    wrap: (engine) => ({
      read: async (...page) => (await engine.read(...page)).map((event) => ({ ...event, at: 0 })),
    }),
  },
  "tells events before they are recorded": {
    caughtBy: `${ORDER} an event is told when it can be read`,
    wrap: (engine) => {
      let tell: EngineHost["committed"] = nothing;
      return {
        open: (host) => {
          tell = (events) => host.committed(events);
          return engine.open({ ...host, committed() {} });
        },
        commit: async (run, known, decide) => {
          const before = await engine.read(run, 0, 1000);
          const write = decide({
            summary: { run, pipeline: "kit", status: "running", startedAt: 0 },
            seq: before.length - 1,
            events: before.slice(known + 1),
            effects: [],
          });
          const numbered = write.events.map((event, index): Event => {
            const seq = before.length + index;
            return { ...event, run, seq, id: `${run}/${seq}`, offset: seq + 1 };
          });
          tell(numbered);
          await turn();
          return engine.commit(run, known, () => write);
        },
        create: async (...given) => {
          const created = await engine.create(...given);
          tell(created.events);
          return created;
        },
      };
    },
  },
  "lets the caller wait until all are told": {
    caughtBy: `${ORDER} who awaits a commit hears of it before the callbacks tell`,
    wrap: (engine) => ({
      commit: async (...commit) => {
        const committed = await engine.commit(...commit);
        await turn();
        return committed;
      },
    }),
  },
  "calls back within a commit": {
    caughtBy: `${ORDER} nothing is called back within a commit`,
    wrap: (engine) => {
      let call: () => void = nothing;
      return {
        open: (host) => {
          call = () => host.due("r");
          return engine.open(host);
        },
        commit: (run, known, decide) =>
          engine.commit(run, known, (loaded) => {
            const write = decide(loaded);
            call();
            return write;
          }),
      };
    },
  },
  "loses what a callback commits": {
    caughtBy: `${ORDER} a callback may commit`,
    wrap: (engine) => {
      let inside = false;
      const nested =
        <A>(callback: (given: A) => void) =>
        (given: A): void => {
          inside = true;
          callback(given);
          inside = false;
        };
      return {
        open: (host) =>
          engine.open({ ...host, dispatch: nested((effect: IssuedEffect) => host.dispatch(effect)) }),
        commit: async (...commit) =>
          inside ? { events: [], issued: [], permits: [] } : engine.commit(...commit),
      };
    },
  },
  "falls silent when a callback throws": {
    caughtBy: `${ORDER} a callback that throws keeps none of the others from being called`,
    wrap: (engine) => {
      let silent = false;
      return {
        open: (host) =>
          engine.open({
            ...hearing(host, () => !silent),
            logger: { ...silentLogger, error: () => (silent = true) },
          }),
      };
    },
  },
  "shows decisions of one moment the same run": {
    caughtBy: `${ORDER} each decision of a run sees what the one before recorded`,
    wrap: (engine) => {
      const shown = new Map<string, LoadedRun>();
      return {
        commit: (run, known, decide) =>
          engine.commit(run, known, (loaded) => {
            if (!loaded) return decide(loaded);
            if (!shown.has(run)) setImmediate(() => shown.delete(run));
            shown.set(run, shown.get(run) ?? loaded);
            return decide(shown.get(run));
          }),
      };
    },
  },
  "starts its offsets anew when the log is opened again": {
    caughtBy: `${ORDER} offsets and sequence numbers go on where they stood when the log is opened again`,
    wrap: (engine, opening) =>
      opening === 1 ? {} : { ...renumbering((event) => event)(engine, opening), ...restarted(engine) },
  },
  "tells the whole log again when it is opened": {
    caughtBy: `${ORDER} offsets and sequence numbers go on where they stood when the log is opened again`,
    wrap: (engine) => ({
      open: async (host) => {
        await engine.open(host);
        const events = await engine.scan(0, 1000);
        if (events.length > 0) host.committed(events);
      },
    }),
  },
  "ignores what is known": {
    caughtBy: "known > a decision gets only the events after what it knows",
    wrap: (engine) => ({ commit: (run, _known, decide) => engine.commit(run, -1, decide) }),
  },
  "forgets the status": {
    caughtBy: `known > a decision sees the run as lists show it`,
    wrap: rewriting(without("status")),
  },
  "makes a run for every creation, key or not": {
    caughtBy: `${CREATING} a key that is taken names its run, and nothing is written`,
    wrap: (engine) => ({
      create: ({ run, pipeline, startedAt }, write) => engine.create({ run, pipeline, startedAt }, write),
    }),
  },
  "writes to the run that has the key": {
    caughtBy: `${CREATING} a key that is taken names its run, and nothing is written`,
    wrap: (engine) => ({
      create: async (run, write) => {
        const created = await engine.create(run, write);
        return created.created
          ? created
          : { ...created, ...(await engine.commit(created.run, -1, () => write)) };
      },
    }),
  },
  "takes a key for all pipelines at once": {
    caughtBy: `${CREATING} a key counts within its pipeline`,
    wrap: (engine) => {
      const keys = new Map<string, string>();
      return {
        create: async (run, write) => {
          const taken = run.idempotencyKey === undefined ? undefined : keys.get(run.idempotencyKey);
          if (taken !== undefined) return { run: taken, created: false, events: [], issued: [], permits: [] };
          if (run.idempotencyKey !== undefined) keys.set(run.idempotencyKey, run.run);
          return engine.create(run, write);
        },
      };
    },
  },
  "looks for a key first and takes it later": {
    caughtBy: `${CREATING} fifty at once with one key make one run`,
    wrap: (engine) => ({
      create: async (run, write) => {
        const { idempotencyKey, ...rest } = run;
        const found = (await engine.list({})).find(({ run: name }) => name.endsWith(`#${idempotencyKey}`));
        if (idempotencyKey === undefined || found) return engine.create(run, write);
        await turn();
        return engine.create(rest, write);
      },
    }),
  },
  "takes no key for a key": {
    caughtBy: `${CREATING} runs without a key are many`,
    wrap: (engine) => ({ create: (run, write) => engine.create({ idempotencyKey: "", ...run }, write) }),
  },
  "writes to the run that has the id": {
    caughtBy: `${CREATING} an id is used once`,
    wrap: (engine) => ({
      create: (run, write) =>
        engine.create(run, write).catch(async () => ({
          run: run.run,
          created: true,
          ...(await engine.commit(run.run, -1, () => write)),
        })),
    }),
  },
  "wakes a moment early": {
    caughtBy: `${TIMERS} a run is woken at its instant, once, and not before`,
    wrap: rewriting((write) =>
      typeof write.wakeAt === "number" ? { ...write, wakeAt: write.wakeAt - 1 } : write,
    ),
  },
  "adds wake-ups, and never takes one back": {
    caughtBy: `${TIMERS} a later instant takes the place of an earlier one`,
    wrap: (engine) => {
      let host: EngineHost | undefined;
      const plan = (run: string, write: Write): Write => {
        if (typeof write.wakeAt === "number" && host) {
          const told = host;
          told.clock.after(write.wakeAt - told.clock.now(), () => told.due(run));
        }
        return without("wakeAt")(write);
      };
      return {
        open: (given) => engine.open((host = given)),
        create: (run, write) => engine.create(run, plan(run.run, write)),
        commit: (run, known, decide) => engine.commit(run, known, (loaded) => plan(run, decide(loaded))),
      };
    },
  },
  "keeps the first wake-up": {
    caughtBy: `${TIMERS} an earlier instant takes the place of a later one`,
    wrap: (engine) => ({
      commit: (run, known, decide) =>
        engine.commit(run, known, (loaded) => {
          const write = decide(loaded);
          return typeof write.wakeAt === "number" ? without("wakeAt")(write) : write;
        }),
    }),
  },
  "does not take a wake-up back": {
    caughtBy: `${TIMERS} null takes a wake-up back`,
    wrap: rewriting((write) => (write.wakeAt === null ? without("wakeAt")(write) : write)),
  },
  "forgets a wake-up at the next commit": {
    caughtBy: `${TIMERS} a commit that says nothing of the wake-up leaves it`,
    wrap: rewriting((write) => ({ wakeAt: null, ...write })),
  },
  "loses an instant that has passed": {
    caughtBy: `${TIMERS} an instant that has passed wakes at once`,
    wrap: (engine) => forgetting(engine, (at, { clock }) => at < clock.now()),
  },
  "loses an instant that comes while it is being recorded": {
    caughtBy: `${TIMERS} an instant that comes while it is being recorded is not lost`,
    wrap: (engine) => {
      const lossy = forgetting(engine, (at, { clock }) => at <= clock.now());
      return {
        ...engine,
        ...lossy,
        commit: late((_, ...commit) => lossy.commit(...commit))(engine, 1).commit!,
      };
    },
  },
  "wakes once for one instant": {
    caughtBy: `${TIMERS} the same instant, asked for again after it came, wakes again`,
    wrap: (engine) => {
      const woken = new Set<string>();
      return calling((host) => ({
        due: (run) => {
          const instant = `${run} ${host.clock.now()}`;
          if (!woken.has(instant)) host.due(run);
          woken.add(instant);
        },
      }))(engine, 1);
    },
  },
  "wakes runs in the order of their names": {
    caughtBy: `${TIMERS} many runs are woken each at its own instant`,
    wrap: calling((host) => {
      let due: string[] = [];
      return {
        due(run) {
          if (due.length === 0)
            host.clock.after(900, () => {
              due.toSorted().forEach((name) => host.due(name));
              due = [];
            });
          due.push(run);
        },
      };
    }),
  },
  "forgets wake-ups when the log is opened again": {
    caughtBy: `${TIMERS} wake-ups come when the log is opened again, past ones at once, until they are changed`,
    wrap: (engine, opening) => ({
      open: (host) => engine.open(opening === 1 ? host : { ...host, due() {} }),
    }),
  },
  "acknowledges before it records": {
    caughtBy: `${DURABILITY} what is acknowledged can be read`,
    wrap: (engine) => ({
      commit: async (run, known, decide) => {
        setImmediate(() => void engine.commit(run, known, decide).catch(() => {}));
        return { events: [], issued: [], permits: [] };
      },
    }),
  },
  "loses the log when it is opened again": {
    caughtBy: `${DURABILITY} what is acknowledged is there when the log is opened again`,
    wrap: (_engine, opening) => (opening === 1 ? {} : bound(memory())),
  },
  "lets the former owner write": {
    caughtBy: `${DURABILITY} who had the log before can record nothing, and calls nobody back`,
    wrap: (engine) => ({
      commit: (...commit) => engine.commit(...commit).catch(() => ({ events: [], issued: [], permits: [] })),
    }),
  },
  "forgets keys when the log is opened again": {
    caughtBy: `${CREATING} a key stays taken when the log is opened again`,
    wrap: (engine, opening) => ({
      create: ({ idempotencyKey, ...run }, write) =>
        engine.create(opening > 1 || idempotencyKey === undefined ? run : { ...run, idempotencyKey }, write),
    }),
  },
  "admits one too many": {
    caughtBy: `${PERMITS} as many have a place as the limit says`,
    wrap: rewriting((write) => ({
      ...write,
      request: (write.request ?? []).map((request) => ({ ...request, limit: request.limit + 1 })),
    })),
  },
  "admits one too many when many ask": {
    caughtBy: `${PERMITS} a hundred at once never exceed the limit, and each gets its turn`,
    wrap: rewriting((write) => ({
      ...write,
      request: (write.request ?? []).map((request) => ({
        ...request,
        limit: request.limit === 3 ? 4 : request.limit,
      })),
    })),
  },
  "serves who came last first": {
    caughtBy: `${PERMITS} places are given in the order of asking`,
    wrap: lastFirst,
  },
  "gives who asks again a second place": {
    caughtBy: `${PERMITS} asking again takes no second place, and tells where the first one stands`,
    wrap: (engine) => {
      let asked = 0;
      return rewriting((write) => ({
        ...write,
        request: (write.request ?? []).map((request) => ({
          ...request,
          holder: `${request.holder}${(asked += 1)}`,
        })),
      }))(engine, 1);
    },
  },
  "keeps a request that is withdrawn": {
    caughtBy: `${PERMITS} a request can be withdrawn`,
    wrap: (engine) => releasing(engine, (waiting, run) => !waiting.has(run)),
  },
  "gives back the place of another": {
    caughtBy: `${PERMITS} giving back what one does not have changes nothing`,
    wrap: (engine) => ({
      commit: async (run, known, decide) => {
        const committed = await engine.commit(run, known, decide);
        if (run === "t" && committed.permits.length === 0)
          await engine.commit("r", -1, () => ({ events: [], release: [{ key: "cluster", holder: "a" }] }));
        return committed;
      },
    }),
  },
  "has one queue for all keys": {
    caughtBy: `${PERMITS} another key, and another holder of one run, are other places`,
    wrap: rewriting((write) => ({
      ...write,
      request: (write.request ?? []).map((request) => ({ ...request, key: "the one" })),
    })),
  },
  "asks before it gives back": {
    caughtBy: `${PERMITS} who gives back and asks in one write goes to the end`,
    wrap: (engine) => ({
      commit: async (run, known, decide) => {
        let release: Write["release"];
        const committed = await engine.commit(run, known, (loaded) => {
          const write = decide(loaded);
          release = write.request && write.release;
          return release ? without("release")(write) : write;
        });
        if (release) await engine.commit(run, -1, () => ({ events: [], release: release ?? [] }));
        return committed;
      },
    }),
  },
  "lets later ones pass who find a place within their own limit": {
    caughtBy: `${PERMITS} each is held to the limit of its own request, in turn`,
    wrap: rewriting((write) => ({
      ...write,
      request: (write.request ?? []).map((request) => ({ ...request, limit: Math.max(2, request.limit) })),
    })),
  },
  "lets those wait who want a place only if it is free": {
    caughtBy: `${PERMITS} who wants a place only if it is free is refused where none is, and nothing of the write is recorded`,
    wrap: rewriting((write) => ({
      ...write,
      request: (write.request ?? []).map(({ onlyIfFree: _, ...request }) => request),
    })),
  },
  "records the events of what it refuses": {
    caughtBy: `${PERMITS} who wants a place only if it is free is refused where none is, and nothing of the write is recorded`,
    wrap: (engine) => ({
      commit: async (run, known, decide) => {
        let write: Write = { events: [] };
        try {
          return await engine.commit(run, known, (loaded) => (write = decide(loaded)));
        } catch (error) {
          if (write.request?.[0]?.onlyIfFree === true)
            await engine.commit(run, -1, () => ({ events: write.events }));
          throw error;
        }
      },
    }),
  },
  "refuses whoever wants a place only if it is free, free or not": {
    caughtBy: `${PERMITS} who wants a place only if it is free gets one that is, and is not refused for asking again`,
    wrap: rewriting((write) => ({
      ...write,
      request: (write.request ?? []).map((request) =>
        request.onlyIfFree ? { ...request, limit: 0 } : request,
      ),
    })),
  },
  "refuses who has its place already": {
    caughtBy: `${PERMITS} who wants a place only if it is free gets one that is, and is not refused for asking again`,
    wrap: (engine) => {
      let asked = 0;
      return rewriting((write) => ({
        ...write,
        request: (write.request ?? []).map((wanted) =>
          wanted.onlyIfFree ? { ...wanted, holder: `${wanted.holder}${(asked += 1)}` } : wanted,
        ),
      }))(engine, 1);
    },
  },
  "tells only those in the line who wait": {
    caughtBy: `${PERMITS} the line tells who has a place and who waits, in the order of asking`,
    wrap: (engine) => ({ line: async (key) => (await engine.line(key)).filter(({ granted }) => !granted) }),
  },
  "sorts the line by the names of runs": {
    caughtBy: `${PERMITS} the line tells who has a place and who waits, in the order of asking`,
    wrap: (engine) => ({
      line: async (key) => (await engine.line(key)).toSorted((a, b) => (a.run < b.run ? -1 : 1)),
    }),
  },
  "tells nobody of a place when the log is opened again": {
    caughtBy: `${PERMITS} places and queues are as they were when the log is opened again`,
    wrap: (engine, opening) => ({
      open: (host) => engine.open(opening === 1 ? host : { ...host, granted() {} }),
    }),
  },
  "takes the end of a run for its last word": {
    caughtBy: `${LISTS} a run that was over can be running again`,
    wrap: rewriting((write, _, loaded) => {
      const over =
        loaded !== undefined && /^(succeeded|failed|cancelled|rolled-back)$/.test(loaded.summary.status);
      const { status, ...rest } = write;
      return over ? rest : { ...rest, ...(status !== undefined && { status }) };
    }),
  },
  "lists the oldest first": {
    caughtBy: `${LISTS} runs are listed newest first, a page at a time`,
    wrap: (engine) => ({
      list: async ({ limit = 100, ...filter }) =>
        (await engine.list({ ...filter, limit: 1000 })).toReversed().slice(0, limit),
    }),
  },
  "lists the first page again and again": {
    caughtBy: `${LISTS} runs are listed newest first, a page at a time`,
    wrap: (engine) => ({ list: ({ before: _, ...filter }) => engine.list(filter) }),
  },
  "lists without an end": {
    caughtBy: `${LISTS} a list is of a hundred runs, unless asked for more`,
    wrap: (engine) => ({ list: (filter) => engine.list({ limit: 10_000, ...filter }) }),
  },
  "lists runs of any status": {
    caughtBy: `${LISTS} runs are listed by pipeline and by status`,
    wrap: (engine) => ({ list: ({ status: _, ...filter }) => engine.list(filter) }),
  },
  "lists from the start when it does not know the run": {
    caughtBy: `${LISTS} a page after a run that is not there is refused`,
    wrap: (engine) => ({
      list: (filter) => engine.list(filter).catch(() => engine.list({ limit: filter.limit ?? 100 })),
    }),
  },
  "reads all events of a run": {
    caughtBy: `${LISTS} events of a run are read from a number on, at most so many`,
    wrap: (engine) => ({ read: (run, from) => engine.read(run, from, 10_000) }),
  },
  "reads on after the offset, not from it": {
    caughtBy: `${LISTS} events of all runs are read from an offset on, at most so many`,
    wrap: (engine) => ({ scan: (from, limit) => engine.scan(from + 1, limit) }),
  },
  "closes while commits are under way": {
    caughtBy: `${CLOSING} closing waits for commits under way`,
    wrap: late((engine, ...commit) => engine.commit(...commit)),
  },
  "goes on when it is closed": {
    caughtBy: `${CLOSING} a closed engine refuses every call, and says that it is closed`,
    wrap: () => ({ close: async () => {} }),
  },
  "calls back when it is closed": {
    caughtBy: `${CLOSING} a closed engine calls nobody back`,
    wrap: (engine) => {
      let host: EngineHost | undefined;
      return {
        open: (given) => engine.open((host = given)),
        close: async () => {
          await engine.close();
          host?.clock.after(1, () => host?.due("r"));
        },
      };
    },
  },
  "cannot be closed twice": {
    caughtBy: `${CLOSING} closing twice is closing once`,
    wrap: (engine) => {
      let closed = false;
      return {
        close: async () => {
          if (closed) throw new Error("closed already");
          closed = true;
          await engine.close();
        },
      };
    },
  },
  "can be opened twice": {
    caughtBy: `${CLOSING} an open engine cannot be opened`,
    wrap: (engine) => ({ open: (host) => engine.open(host).catch(() => {}) }),
  },
  "lists runs of all actors": {
    caughtBy: `${LISTS} runs are listed by who started them, and by when`,
    wrap: (engine) => ({ list: ({ actor: _, ...filter }) => engine.list(filter) }),
  },
  "lists runs of all times": {
    caughtBy: `${LISTS} runs are listed by who started them, and by when`,
    wrap: (engine) => ({ list: ({ from: _, ...filter }) => engine.list(filter) }),
  },
  "takes the end of a time for a part of it": {
    caughtBy: `${LISTS} runs are listed by who started them, and by when`,
    wrap: (engine) => ({
      list: ({ to, ...filter }) => engine.list({ ...filter, ...(to !== undefined && { to: to + 1 }) }),
    }),
  },
  "lists runs of all clusters": {
    caughtBy: `${LISTS} runs are listed by the clusters and applications that they have to do with`,
    wrap: (engine) => ({ list: ({ cluster: _, ...filter }) => engine.list(filter) }),
  },
  "forgets what a run has to do with": {
    caughtBy: `${LISTS} runs are listed by the clusters and applications that they have to do with`,
    wrap: rewriting(without("concerns")),
  },
  "takes any instant": {
    caughtBy: `${LISTS} a filter by an instant that is none is refused`,
    wrap: (engine) => ({ list: ({ from: _, ...filter }) => engine.list(filter) }),
  },
  "lets a new reader begin with history": {
    caughtBy: `${CURSORS} a new reader begins after the newest event, and is known from then on`,
    wrap: () => ({ cursor: async () => 0 }),
  },
  "forgets a reader that has moved nothing": {
    caughtBy: `${CURSORS} a new reader begins after the newest event, and is known from then on`,
    wrap: (engine) => ({ cursor: async () => (await engine.scan(0, 1000)).at(-1)?.offset ?? 0 }),
  },
  "lets the first reader of an empty log miss an event": {
    caughtBy: `${CURSORS} a reader of an empty log begins with its first event`,
    wrap: (engine) => ({ cursor: async (reader) => Math.max(1, await engine.cursor!(reader)) }),
  },
  "moves a cursor back": {
    caughtBy: `${CURSORS} a cursor moves on, and never goes back`,
    wrap: () => {
      const kept = new Map<string, number>();
      return {
        cursor: async (reader) => kept.get(reader) ?? 0,
        moveCursor: async (reader, offset) => void kept.set(reader, offset),
      };
    },
  },
  "has one cursor for all readers": {
    caughtBy: `${CURSORS} each reader has a cursor of its own`,
    wrap: (engine) => ({
      cursor: () => engine.cursor!("all"),
      moveCursor: (_, offset) => engine.moveCursor!("all", offset),
    }),
  },
  "keeps cursors in its process": {
    caughtBy: `${CURSORS} a cursor is where it was when the log is opened again`,
    wrap: (engine, opening) => ({
      cursor: (reader) => engine.cursor!(`${reader} ${opening}`),
      moveCursor: (reader, offset) => engine.moveCursor!(`${reader} ${opening}`, offset),
    }),
  },
  "removes runs and keeps their events": {
    caughtBy: `${PRUNING} a run that is over is removed with all its events, and no other`,
    wrap: (engine) => ({
      prune: async (runs) => runs,
      list: async (filter) => (await engine.list(filter)).slice(0, 1),
    }),
  },
  "removes what is not over": {
    caughtBy: `${PRUNING} a run that is not over is not removed, nor one that is still worked for`,
    wrap: (engine) => ({
      prune: async (runs, upTo) => {
        for (const run of runs)
          await engine
            .commit(run, -1, (loaded) => ({
              events: [],
              status: "failed",
              settle: loaded?.effects.map(({ id }) => id) ?? [],
            }))
            .catch(() => {});
        return engine.prune!(runs, upTo);
      },
    }),
  },
  "removes what nobody has read": {
    caughtBy: `${PRUNING} a run that was not read to its end is not removed`,
    wrap: (engine) => ({ prune: (runs) => engine.prune!(runs) }),
  },
  "gives offsets again": {
    caughtBy: `${PRUNING} no offset is given again`,
    wrap: (engine) => {
      let taken = 0;
      const label = (event: Event): Event => ({ ...event, offset: event.offset - taken });
      return {
        prune: async (runs, upTo) => {
          const removed = await engine.prune!(runs, upTo);
          taken += 2 * removed.length;
          return removed;
        },
        scan: async (from, limit) => (await engine.scan(from + taken, limit)).map(label),
      };
    },
  },
  "keeps the key of a removed run": {
    caughtBy: `${PRUNING} an idempotency key is free again when its run is removed`,
    wrap: (engine) => {
      const keys = new Map<string, string>();
      return {
        create: async (run, write) => {
          const taken = keys.get(run.idempotencyKey ?? "");
          if (taken !== undefined) return { run: taken, created: false, events: [], issued: [], permits: [] };
          if (run.idempotencyKey !== undefined) keys.set(run.idempotencyKey, run.run);
          return engine.create(run, write);
        },
      };
    },
  },
  "removes for its own process alone": {
    caughtBy: `${PRUNING} what was removed is not there, and its offsets are not given, when the log is opened again`,
    wrap: (engine) => {
      const hidden = new Set<string>();
      return {
        prune: async (runs) => {
          for (const run of runs) hidden.add(run);
          return runs;
        },
        list: async (filter) => (await engine.list(filter)).filter(({ run }) => !hidden.has(run)),
        scan: async (...page) => (await engine.scan(...page)).filter(({ run }) => !hidden.has(run)),
      };
    },
  },
};

/** Offsets of new events begin at 1 again. */
function restarted(engine: Engine): Partial<Engine> {
  let before = 0;
  return {
    open: async (host) => {
      await engine.open(host);
      before = (await engine.scan(0, 1000)).length;
    },
    commit: async (...commit) => {
      const committed = await engine.commit(...commit);
      return {
        ...committed,
        events: committed.events.map((event) => ({ ...event, offset: event.offset - before })),
      };
    },
  };
}

/** Wake-ups that fit are dropped. */
function forgetting(
  engine: Engine,
  drops: (at: number, host: EngineHost) => boolean,
): Pick<Engine, "open" | "create" | "commit"> {
  let host: EngineHost | undefined;
  const keep = (write: Write): Write =>
    typeof write.wakeAt === "number" && host && drops(write.wakeAt, host) ? without("wakeAt")(write) : write;
  return {
    open: (given) => engine.open((host = given)),
    create: (run, write) => engine.create(run, keep(write)),
    commit: (run, known, decide) => engine.commit(run, known, (loaded) => keep(decide(loaded))),
  };
}

/** Releases that do not fit are dropped; `waiting`: runs that asked and wait. */
function releasing(
  engine: Engine,
  fits: (waiting: ReadonlySet<string>, run: string) => boolean,
): Partial<Engine> {
  const waiting = new Set<string>();
  return {
    open: (host) =>
      engine.open({
        ...host,
        granted: (permit) => {
          waiting.delete(permit.run);
          host.granted(permit);
        },
      }),
    commit: async (run, known, decide) => {
      const committed = await engine.commit(run, known, (loaded) => {
        const write = decide(loaded);
        return fits(waiting, run) ? write : without("release")(write);
      });
      for (const permit of committed.permits) if (!permit.granted) waiting.add(permit.run);
      return committed;
    },
  };
}

/** When a place comes free, tells whoever came last that it is theirs. */
function lastFirst(engine: Engine): Partial<Engine> {
  const waiting: PermitState[] = [];
  return {
    open: (host) =>
      engine.open({
        ...host,
        granted: (permit) => host.granted({ ...permit, run: waiting.pop()?.run ?? permit.run }),
      }),
    commit: async (...commit) => {
      const committed = await engine.commit(...commit);
      waiting.push(...committed.permits.filter(({ granted }) => !granted));
      return committed;
    },
  };
}

/** All of an engine as a plain object. */
function bound(engine: Engine): Partial<Engine> {
  return {
    open: (host) => engine.open(host),
    create: (run, write) => engine.create(run, write),
    commit: (run, known, decide) => engine.commit(run, known, decide),
    read: (...page) => engine.read(...page),
    scan: (...page) => engine.scan(...page),
    list: (filter) => engine.list(filter),
    close: () => engine.close(),
  };
}
