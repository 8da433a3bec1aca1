import {
  type Grant,
  memoryNotifier,
  type MemoryTrigger,
  memorySecrets,
  memoryTrigger,
  roles,
  type SecretResolver,
} from "@gennaker/core";
import type { Authorizer, Notifier, Trigger, TriggeredStart } from "@gennaker/core/ports";
import type {
  GrantedRights,
  NotifierUnderTest,
  RegisterTest,
  SecretResolverUnderTest,
  TriggerUnderTest,
} from "../src/index.ts";

/** Runs a kit, and tells what failed: name, and why. */
export async function failures(register: (test: RegisterTest) => void): Promise<ReadonlyMap<string, string>> {
  const tests = new Map<string, () => Promise<void>>();
  register((name, run) => tests.set(name, run));
  const failed = new Map<string, string>();
  for (const [name, run] of tests) await run().catch((error: unknown) => failed.set(name, String(error)));
  return failed;
}

/** The names of the tests of a kit. */
export function names(register: (test: RegisterTest) => void): readonly string[] {
  const found: string[] = [];
  register((name) => found.push(name));
  return found;
}

/** A room in a chat, and a notifier that writes into it; several processes may. */
export function chat(
  wrap: (notifier: Notifier, opening: number) => Partial<Notifier> = () => ({}),
): NotifierUnderTest {
  const room = memoryNotifier("chat");
  const runs = new Set<string>();
  let broken = false;
  const open = (): Notifier => {
    const notifier: Notifier = {
      name: room.name,
      async notify(event, context) {
        if (broken) throw new Error("the chat is down");
        await room.notify(event, context);
        runs.add(event.run);
      },
      async refused(refusal, context) {
        await room.refused?.(refusal, context);
      },
    };
    return { ...notifier, ...wrap(notifier, 1) };
  };
  return {
    notifier: open(),
    shown: async (run) => room.message(run),
    messages: async () => runs.size,
    refusals: async () => room.refusals.map((refusal) => JSON.stringify(refusal)),
    breakDown: () => (broken = true),
    repair: () => (broken = false),
    reopen: async () => open(),
    dispose: async () => {},
  };
}

/** A queue that outlives who reads it. */
export function queue(
  wrap: (trigger: Trigger, opening: number) => Partial<Trigger> = () => ({}),
  patienceMs?: number,
): TriggerUnderTest {
  const source = memoryTrigger("queue");
  let asked = 0;
  let opening = 0;
  const open = (): Trigger => ({ ...source, ...wrap(source, ++opening) });
  return {
    trigger: open(),
    offer: async (pipeline, input) => fire(source, pipeline, input, ++asked),
    reopen: async () => open(),
    dispose: async () => {},
    ...(patienceMs !== undefined && { patienceMs }),
  };
}

function fire(source: MemoryTrigger, pipeline: string, input: TriggeredStart["input"], n: number): void {
  source.fire({ pipeline, input, dedupeId: `ask-${n}` }).catch(() => {});
}

/** `roles` with exactly these rights: a role for each actor that has some. */
export function directory(
  { grants, roles: given }: GrantedRights,
  wrap: (authorizer: Authorizer, opening: number) => Partial<Authorizer> = () => ({}),
): Authorizer {
  const members: Record<string, string[]> = {};
  for (const [actor, own] of Object.entries(given))
    for (const role of own) (members[role] ??= []).push(actor);
  for (const { actor } of grants) members[`self ${actor}`] = [actor];
  const authorizer = roles({
    members,
    grants: grants.map(({ actor, may, on }) => ({ to: `self ${actor}`, may, on: granted(on) })),
  });
  return { ...authorizer, ...wrap(authorizer, 1) };
}

function granted(on: GrantedRights["grants"][number]["on"]): NonNullable<Grant["on"]> {
  if (on.kind === "account") return { account: on.account, provider: on.provider };
  return on.kind === "pipeline" ? { pipeline: on.name } : { application: on.name };
}

/** A vault in memory. */
export function vault(
  wrap: (resolver: SecretResolver, opening: number) => Partial<SecretResolver> = () => ({}),
): SecretResolverUnderTest {
  const values: Record<string, string | undefined> = {};
  const resolver = memorySecrets(values);
  return {
    resolver: { ...resolver, ...wrap(resolver, 1) },
    set: async (name, value) => {
      if (value === undefined) delete values[name];
      else values[name] = value;
    },
    dispose: async () => {},
  };
}
