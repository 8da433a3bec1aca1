import { readFileSync, readdirSync } from "node:fs";
import { expect, it } from "vitest";
import {
  createDelivery,
  defineStage,
  type DeliveryOptions,
  memory,
  memorySecrets,
  pipeline,
  type RunView,
  secret,
  type SecretResolver,
  type SecretUse,
  type StageContext,
} from "../../src/index.ts";
import { sqlite } from "../../src/sqlite.ts";
import { LogDirectory } from "../fixtures/log-directory.ts";
import { collect } from "../fixtures/collect.ts";

const VALUE = 'hunter2-"quoted"-ünïque';

interface Call {
  readonly url: string;
  readonly headers: { readonly authorization: string };
}

const calling = (run: (context: StageContext<Call>) => unknown): ReturnType<typeof callPipeline> =>
  callPipeline(run);
function callPipeline(run: (context: StageContext<Call>) => unknown) {
  const call = defineStage<Call>({ type: "call", run: run as never });
  return pipeline<{ token: string }>("calling").stage("call", call, ({ input }) => ({
    url: "https://example.org",
    headers: { authorization: `Bearer ${input.token}` },
  }));
}

async function ended(
  options: DeliveryOptions,
  run: (context: StageContext<Call>) => unknown,
): Promise<RunView> {
  const delivery = createDelivery(options);
  const started = await delivery.start(calling(run), { token: secret("chat/token") });
  await started.outcome();
  const view = await started.state();
  await delivery.close();
  return view;
}

it("puts a secret where code uses it, within a longer text, and shows the reference to everybody else", async () => {
  const seen: string[] = [];
  const engine = memory();
  const secretResolver = memorySecrets({ "chat/token": VALUE });
  const delivery = createDelivery({ engine, secretResolver });
  const run = await delivery.start(
    calling(({ input }) => void seen.push(input.headers.authorization)),
    { token: secret("chat/token") },
  );
  expect(await run.outcome()).toBe("succeeded");
  expect(seen).toEqual([`Bearer ${VALUE}`]);
  expect((await run.state()).input).toEqual({ token: "$secret{chat/token}" });
  const events = await collect(run.events());
  expect(events.find(({ type }) => type === "stage-started")).toMatchObject({
    input: { headers: { authorization: "Bearer $secret{chat/token}" } },
  });
  await delivery.close();
});

it("keeps a secret out of the file, however code lets it out", async () => {
  using directory = new LogDirectory();
  const lines: string[] = [];
  const note = (details: object, message: string): void => void lines.push(JSON.stringify(details) + message);
  const leaky = async ({ input, step, progress, attempt }: StageContext<Call>): Promise<unknown> => {
    const { authorization } = input.headers;
    await progress(`calling with ${authorization}`);
    await step("token", () => ({ deep: [authorization, Buffer.from(VALUE).toString("base64")] }));
    if (attempt === 1)
      throw Object.assign(
        new Error(`401 for ${JSON.stringify(authorization)} ${encodeURIComponent(VALUE)}`),
        {
          retryable: true,
        },
      );
    return { echoed: authorization, fine: "output" };
  };
  const call = defineStage<Call, unknown>({ type: "call", retry: { attempts: 2, delay: 0 }, run: leaky });
  const leaking = pipeline("leaking")
    .stage("call", call, () => ({ url: "", headers: { authorization: secret("chat/token") } }))
    .stage("again", call, ({ outputs }) => ({
      url: JSON.stringify(outputs.call),
      headers: { authorization: secret("chat/token") },
    }));
  const logger = { debug: note, info: note, warn: note, error: note };
  const delivery = createDelivery({
    engine: sqlite(directory.file),
    secretResolver: memorySecrets({ "chat/token": VALUE }),
    logger,
  });
  const run = await delivery.start(leaking, null);
  expect(await run.outcome()).toBe("succeeded");
  expect((await run.state()).stages[0]?.output).toEqual({ echoed: "[redacted]", fine: "output" });
  const live = readdirSync(directory.path).map((name) => readFileSync(`${directory.path}/${name}`));
  await delivery.close();
  const files = [
    ...live,
    ...readdirSync(directory.path).map((name) => readFileSync(`${directory.path}/${name}`)),
  ];
  const looks = [
    VALUE,
    JSON.stringify(VALUE).slice(1, -1),
    encodeURIComponent(VALUE),
    "hunter2",
    Buffer.from(VALUE).toString("base64"),
  ];
  expect(files.length).toBeGreaterThan(1);
  expect(files.some((bytes) => bytes.includes("$secret{chat/token}"))).toBe(true);
  for (const look of looks) {
    for (const bytes of files) expect(bytes.includes(look)).toBe(false);
    for (const line of lines) expect(line).not.toContain(look);
  }
});

it.each<[string, SecretResolver | undefined, string]>([
  [
    "nobody resolves it",
    undefined,
    'secret "chat/token": nobody can resolve it; pass a secretResolver to createDelivery',
  ],
  [
    "the resolver has none",
    memorySecrets({ constructor: "x".repeat(9) }),
    'secret "chat/token": the resolver has none of this name for this use',
  ],
  [
    "it is too short to be kept out",
    memorySecrets({ "chat/token": "abc" }),
    'secret "chat/token": has fewer than 4 characters',
  ],
])("fails the stage, and says why, when %s", async (_, secretResolver, message) => {
  const ran: string[] = [];
  const view = await ended({ ...(secretResolver && { secretResolver }) }, () => void ran.push("ran"));
  expect(ran).toEqual([]);
  expect(view.status).toBe("failed");
  expect(view.stages[0]?.error).toMatchObject({ code: "GENNAKER_CONFIGURATION" });
  expect(view.stages[0]?.error?.message).toContain(
    `stage "call" of pipeline "calling" has 1 problem\n  ${message}`,
  );
});

it("asks anew at each use, tells the resolver whose it is, and tries again when the resolver fails", async () => {
  const uses: Omit<SecretUse, "signal">[] = [];
  const secretResolver: SecretResolver = {
    async resolve(_, { signal, ...use }) {
      expect(signal.aborted).toBe(false);
      uses.push(use);
      if (uses.length === 1) throw new Error("the vault is sealed");
      return `${VALUE}-${uses.length}`;
    },
  };
  const seen: string[] = [];
  const call = defineStage({
    type: "call",
    retry: { attempts: 3, delay: 0 },
    run: ({ input, attempt }: StageContext<string>) => {
      seen.push(input);
      if (attempt === 2) throw Object.assign(new Error("try again"), { retryable: true });
      return null;
    },
  });
  const delivery = createDelivery({ secretResolver });
  const run = await delivery.start(
    pipeline("p").stage("call", call, () => secret("chat/token")),
    null,
    { actor: "ana" },
  );
  expect(await run.outcome()).toBe("succeeded");
  expect(seen).toEqual([`${VALUE}-2`, `${VALUE}-3`]);
  const use = { run: run.id, pipeline: "p", stage: "call", actor: "ana" };
  expect(uses).toEqual([use, use, use]);
  const retried = (await collect(run.events())).find(({ type }) => type === "stage-retried");
  expect(retried).toMatchObject({
    error: { message: 'secrets "chat/token": resolve: the vault is sealed' },
  });
  await delivery.close();
});

it.each(["", "a b", "}", "$secret{x}", "ü"])("refuses %j as the name of a secret", (name) => {
  expect(() => secret(name)).toThrow("is not the name of a secret");
});
