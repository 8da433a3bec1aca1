// The kits of notifiers, triggers, authorizers and secret resolvers: the ones in memory pass them, and each test of each
// kit has a broken one that it catches.
import type { Authorizer, Notifier, SecretResolver, Trigger, TriggeredStart } from "@gennaker/core/ports";
import { describe, expect, test } from "vitest";
import { testAuthorizer, testNotifier, testSecretResolver, testTrigger } from "../src/index.ts";
import { chat, directory, failures, names, queue, vault } from "./ports-on-trial.ts";

type Wrap<Port> = (port: Port, opening: number) => Partial<Port>;
type Mutants<Port> = Readonly<Record<string, { readonly caughtBy: string; readonly wrap: Wrap<Port> }>>;

const none = { dispose: async () => {} };
const notifying = (wrap?: Wrap<Notifier>) => (register: Parameters<typeof testNotifier>[0]) =>
  testNotifier(register, { create: async () => chat(wrap) });
const triggering =
  (wrap?: Wrap<Trigger>, patienceMs = 5000) =>
  (register: Parameters<typeof testTrigger>[0]) =>
    testTrigger(register, { create: async () => queue(wrap, patienceMs) });
const authorizing = (wrap?: Wrap<Authorizer>) => (register: Parameters<typeof testAuthorizer>[0]) =>
  testAuthorizer(register, { create: async (rights) => ({ authorizer: directory(rights, wrap), ...none }) });
const resolving = (wrap?: Wrap<SecretResolver>) => (register: Parameters<typeof testSecretResolver>[0]) =>
  testSecretResolver(register, { create: async () => vault(wrap) });

describe("notifiers in memory", () => {
  notifying()(test);
});
describe("triggers in memory", () => {
  triggering()(test);
});
describe("roles", () => {
  authorizing()(test);
});
describe("secrets in memory", () => {
  resolving()(test);
});

const notifiers: Mutants<Notifier> = {
  "shows the beginning for ever": {
    caughtBy: "a run has one message, which is edited as the run goes on",
    wrap: (inner) => ({
      notify: (event, context) => (event.seq === 0 ? inner.notify(event, context) : undefined),
    }),
  },
  "makes a message of each notice": {
    caughtBy: "a run has one message, which is edited as the run goes on",
    wrap: (inner) => ({ notify: (event, context) => inner.notify({ ...event, run: event.id }, context) }),
  },
  "keeps the reason to itself": {
    caughtBy: "a message says who started what, who answered, and how it ended and why",
    wrap: (inner) => ({
      notify: (event, { thread, ...context }) =>
        inner.notify(event, { ...context, thread: { ...thread, questions: [], end: undefined as never } }),
    }),
  },
  "writes a repetition below": {
    caughtBy: "a repetition changes nothing",
    wrap: (inner) => ({
      notify: (event, context) =>
        inner.notify(context.attempt > 1 ? { ...event, run: `${event.run} again` } : event, context),
    }),
  },
  "shows whatever came last": {
    caughtBy: "an older notice that comes again does not take the message back",
    wrap: (inner) => {
      let count = 0;
      return {
        notify: (event, context) => inner.notify({ ...event, seq: ++count, id: String(count) }, context),
      };
    },
  },
  "has one message for all": {
    caughtBy: "each run has a message of its own",
    wrap: (inner) => ({ notify: (event, context) => inner.notify({ ...event, run: "all" }, context) }),
  },
  "swallows what fails": {
    caughtBy: "what does not reach people rejects, and reaches them when it is told again",
    wrap: (inner) => ({
      notify: async (event, context) => Promise.resolve(inner.notify(event, context)).catch(() => {}),
    }),
  },
  "takes for told what was tried": {
    caughtBy: "what does not reach people rejects, and reaches them when it is told again",
    wrap: (inner) => {
      const seen = new Set<string>();
      return {
        notify(event, context) {
          if (seen.has(event.id)) return undefined;
          seen.add(event.id);
          return inner.notify(event, context);
        },
      };
    },
  },
  "heeds no signal": {
    caughtBy: "a call that nobody waits for any more rejects",
    wrap: (inner) => ({
      notify: (event, context) => inner.notify(event, { ...context, signal: new AbortController().signal }),
    }),
  },
  "forgets its messages with its process": {
    caughtBy: "another process goes on with the same message",
    wrap: (inner) => {
      const life = String(process.hrtime.bigint());
      let ours = false;
      return {
        notify(event, context) {
          ours ||= event.seq === 0 && context.attempt === 1;
          return inner.notify({ ...event, run: `${event.run} ${life}` }, context);
        },
      };
    },
  },
  "tells nobody of refused starts": {
    caughtBy: "a start that was refused is shown once, with its reason",
    wrap: () => ({ refused: () => {} }),
  },
  "shows a refused start each time": {
    caughtBy: "a start that was refused is shown once, with its reason",
    wrap: (inner) => ({
      refused: (refusal, context) =>
        inner.refused?.(refusal, { ...context, dedupeId: `${context.dedupeId} ${context.attempt}` }),
    }),
  },
};

/** Changes what a trigger yields. */
const yielding =
  (change: (start: TriggeredStart, index: number) => TriggeredStart | undefined): Wrap<Trigger> =>
  (inner) => {
    let index = 0;
    return {
      async *starts(options) {
        for await (const start of inner.starts(options)) {
          const changed = change(start, index++);
          if (changed) yield changed;
        }
      },
    };
  };

const triggers: Mutants<Trigger> = {
  "yields the newest first": {
    caughtBy: "starts come in the order in which they were asked for, each with its pipeline and input",
    wrap: (inner) => ({
      async *starts(options) {
        const held: TriggeredStart[] = [];
        for await (const start of inner.starts(options)) {
          held.push(start);
          if (held.length === 3) yield* held.toReversed();
        }
      },
    }),
  },
  "loses the input": {
    caughtBy: "starts come in the order in which they were asked for, each with its pipeline and input",
    wrap: yielding((start) => ({ ...start, input: null })),
  },
  "loses what comes while nobody follows": {
    caughtBy: "what is asked for while nobody follows waits at its source",
    wrap: yielding((start, index) => (index === 0 ? undefined : start)),
  },
  "makes its dedupe id of the input": {
    caughtBy: "each start has a dedupe id of its own",
    wrap: yielding((start) => ({ ...start, dedupeId: JSON.stringify(start.input) })),
  },
  "takes for done what was yielded": {
    caughtBy: "what was not acknowledged is asked for again, with the same dedupe id",
    wrap: (inner, opening) => {
      const seen = new Set<string>();
      return yielding((start) => {
        if (seen.has(start.dedupeId)) return undefined;
        seen.add(start.dedupeId);
        return start;
      })(inner, opening);
    },
  },
  "gives a repetition another dedupe id": {
    caughtBy: "what was not acknowledged is asked for again, with the same dedupe id",
    wrap: yielding((start, index) => ({ ...start, dedupeId: `${start.dedupeId} ${index}` })),
  },
  "asks for ever": {
    caughtBy: "what was acknowledged is not asked for again",
    wrap: yielding((start) => ({ ...start, acknowledge: () => {} })),
  },
  "insists on what was refused": {
    caughtBy: "what was refused is not asked for again",
    wrap: yielding((start) => ({ ...start, refuse: () => {} })),
  },
  "heeds no signal": {
    caughtBy: "it ends when its signal aborts, also while it waits for something to come",
    wrap: (inner) => ({ starts: () => inner.starts({ signal: new AbortController().signal }) }),
  },
  "leaves nothing to its successor": {
    caughtBy: "another process goes on with what was not acknowledged",
    wrap: (_, opening) => (opening > 1 ? { async *starts() {} } : {}),
  },
};

const authorizers: Mutants<Authorizer> = {
  "allows what nobody granted": {
    caughtBy: "what nobody granted is denied",
    wrap: () => ({ can: () => true }),
  },
  "looks at the kind of a resource alone": {
    caughtBy: "what is granted on a resource is allowed there, and on no other",
    wrap: (inner) => ({
      can: (actor, action, { kind }) =>
        inner.can(actor, action, {
          kind,
          name: kind === "pipeline" ? "promote" : "shop",
          provider: "kubernetes",
          account: "prod",
        }),
    }),
  },
  "takes EXECUTE for READ": {
    caughtBy: "a permission includes no other one, but ADMIN includes all",
    wrap: (inner) => ({
      can: async (actor, action, on) =>
        (await inner.can(actor, action, on)) ||
        (action === "READ" && (await inner.can(actor, "EXECUTE", on))),
    }),
  },
  "does not know what ADMIN is": {
    caughtBy: "a permission includes no other one, but ADMIN includes all",
    wrap: (inner) => ({
      can: async (actor, action, on) =>
        (await inner.can(actor, action, on)) &&
        (action === "ADMIN" || !(await inner.can(actor, "ADMIN", on))),
    }),
  },
  "does not look at a pipeline's application": {
    caughtBy: "a grant on an application is one on its pipelines",
    wrap: (inner) => ({
      can: (actor, action, on) =>
        inner.can(actor, action, on.kind === "pipeline" ? { kind: on.kind, name: on.name } : on),
    }),
  },
  "mixes accounts of providers up": {
    caughtBy: "an account is one of its provider",
    wrap: (inner) => ({
      can: (actor, action, on) =>
        inner.can(actor, action, on.kind === "account" ? { ...on, provider: "kubernetes" } : on),
    }),
  },
  "does not mind how a name is written": {
    caughtBy: "a grant is its actor's alone, whatever others are called",
    wrap: (inner) => ({ can: (actor, action, on) => inner.can(actor?.trim().toLowerCase(), action, on) }),
  },
  "gives everybody's roles": {
    caughtBy: "an actor has the roles that were given, and nobody else has any",
    wrap: (inner) => ({ roles: () => inner.roles("rui") }),
  },
  "answers the question before": {
    caughtBy: "many questions at once are each answered as if alone",
    wrap: (inner) => {
      let actor: string | undefined;
      return {
        async can(asked, action, on) {
          actor = asked;
          await Promise.resolve();
          return inner.can(actor, action, on);
        },
      };
    },
  },
};

const resolvers: Mutants<SecretResolver> = {
  "trims secrets": {
    caughtBy: "a secret is found by its name, as it was put there",
    wrap: (inner) => ({
      resolve: async (name, use) => (await inner.resolve(name, use))?.replaceAll("\n", ""),
    }),
  },
  "does not mind how a name is written": {
    caughtBy: "what is not there is undefined, whatever it is called",
    wrap: (inner) => ({ resolve: (name, use) => inner.resolve(name.toLowerCase(), use) }),
  },
  "remembers secrets": {
    caughtBy: "a secret that was changed is the new one from then on",
    wrap: (inner) => {
      const kept = new Map<string, string | undefined>();
      return {
        async resolve(name, use) {
          if (!kept.has(name)) kept.set(name, await inner.resolve(name, use));
          return kept.get(name);
        },
      };
    },
  },
  "remembers secrets that are gone": {
    caughtBy: "a secret that was taken away is there no more",
    wrap: (inner) => {
      const kept = new Map<string, string>();
      return {
        async resolve(name, use) {
          const found = await inner.resolve(name, use);
          if (found !== undefined) kept.set(name, found);
          return kept.get(name);
        },
      };
    },
  },
  "answers the question before": {
    caughtBy: "many are resolved at once, each as if alone",
    wrap: (inner) => {
      let asked = "";
      return {
        async resolve(name, use) {
          asked = name;
          await Promise.resolve();
          return inner.resolve(asked, use);
        },
      };
    },
  },
};

const kits = [
  ["notifier", notifiers, notifying, notifying()],
  ["trigger", triggers, (wrap: Wrap<Trigger>) => triggering(wrap, 30), triggering()],
  ["authorizer", authorizers, authorizing, authorizing()],
  ["secret resolver", resolvers, resolving, resolving()],
] as const;

for (const [port, mutants, mutated, intact] of kits) {
  test.each(Object.entries(mutants))(`a ${port} that %s is caught`, async (_, { caughtBy, wrap }) => {
    const failed = await failures(mutated(wrap));
    expect([...failed.keys()]).toContain(caughtBy);
  });

  test(`every test of the kit for a ${port} has something to catch`, () => {
    const caught = new Set(Object.values(mutants).map(({ caughtBy }) => caughtBy));
    expect(names(intact as never).filter((name) => !caught.has(name))).toEqual([]);
  });
}

test("a kit refuses to skip a test without a reason, or one that is not there", () => {
  const skip = [{ reason: " ", tests: ["a repetition changes nothing", "no such test"] }];
  expect(() => testNotifier(test, { create: async () => chat(), skip })).toThrow(
    /a reason is needed\n {2}skip: there is no test called "no such test"/,
  );
});
