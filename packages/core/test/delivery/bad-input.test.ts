import { expect, it } from "vitest";
import {
  type Cluster,
  ConfigurationError,
  createDelivery,
  defineStage,
  type DeliveryOptions,
  deploy,
  type DeployInput,
  type Json,
  judgement,
  memory,
  type Notifier,
  pipeline,
  type Schema,
  type Strategy,
  type Trigger,
  wait,
} from "../../src/index.ts";

const code = defineStage({ type: "code", run: () => null });
const problemsOf = async (work: () => unknown): Promise<readonly string[]> => {
  try {
    await work();
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
  return [];
};
const image: Schema<unknown, { image: string; tag: string }> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value) => {
      const fields = (value ?? {}) as Record<string, unknown>;
      const issues = ["image", "tag"].flatMap((path) =>
        typeof fields[path] === "string" ? [] : [{ message: "must be a text", path: [path] }],
      );
      return issues.length > 0 ? { issues } : { value: fields as { image: string; tag: string } };
    },
  },
};

it("lists all problems of all that a delivery is given", async () => {
  const bad = pipeline("a")
    .stage("x", code, () => null)
    .stage("x", code, () => null);
  expect(await problemsOf(() => createDelivery({ pipelines: [bad, pipeline("b"), pipeline("b")] }))).toEqual([
    'pipelines: two are called "b"; rename one',
    'pipeline "a"  stage "x"  there are two stages of this name; rename one',
  ]);
});

const trigger: Trigger = { name: "ci", async *starts() {} };
const notifier: Notifier = { name: "chat", notify() {} };

it.each<[string, DeliveryOptions]>([
  ["retention", { retention: { keep: -1 } }],
  ["two pipelines of one name", { pipelines: [pipeline("b"), pipeline("b")] }],
  ["two triggers of one name", { triggers: [trigger, trigger] }],
  ["two notifiers of one name", { notifiers: [notifier, notifier] }],
])("leaves the log closed when what it is given is wrong: %s", async (_, options) => {
  const engine = memory();
  expect(() => createDelivery({ ...options, engine })).toThrow(ConfigurationError);
  const next = createDelivery({ engine });
  await next.ready();
  await next.close();
});

it("lists all issues that a schema finds in an input, and starts nothing", async () => {
  const delivery = createDelivery();
  const p = pipeline("p", { input: image }).stage("x", code, () => null);
  expect(await problemsOf(() => delivery.start(p, {} as never))).toEqual([
    "image: must be a text",
    "tag: must be a text",
  ]);
  expect(await delivery.runs()).toEqual([]);
  await delivery.close();
});

it("refuses an input that cannot be recorded", async () => {
  const delivery = createDelivery();
  const p = pipeline<{ when: Date; fn: () => void }>("p").stage("x", code, () => null);
  expect(await problemsOf(() => delivery.start(p, { when: new Date(0), fn: () => {} }))).toEqual([
    "input.when: a Date is not JSON (pass its plain data)",
    "input.fn: a function is not JSON",
  ]);
  await delivery.close();
});

it("refuses a deploy to an unknown provider with no strategy, before a run exists", async () => {
  const delivery = createDelivery();
  const cluster = { provider: "locl", account: "a", location: "l", name: "shop" } as Cluster;
  const input = { cluster, release: {}, strategy: undefined as unknown as Strategy } as DeployInput<Json>;
  expect(await problemsOf(() => delivery.deploy(input))).toEqual([
    'cluster: there is no provider "locl"; none is given to createDelivery',
    "strategy: is missing or not a strategy (for example redBlack())",
  ]);
  expect(await delivery.runs()).toEqual([]);
  await delivery.close();
});

it("fails a stage whose input is wrong, with every problem, before it changes anything", async () => {
  const delivery = createDelivery();
  const run = async (shape: ReturnType<typeof pipeline<Json>>): Promise<string> => {
    const handle = await delivery.start(shape, null);
    await handle.outcome();
    return (await handle.state()).stages[0]?.error?.message ?? "";
  };
  expect(await run(pipeline("w").stage("pause", wait, () => ({ for: "2 hours" as never })))).toContain(
    'for: "2 hours" is not a duration',
  );
  expect(
    await run(pipeline("j").stage("ok?", judgement, () => ({ roles: [], timeout: "soon" as never }))),
  ).toMatch(/has 2 problems\n {2}roles: at least one role is needed\n {2}timeout: "soon" is not a duration/);
  expect(await run(pipeline("d").stage("go", deploy, () => ({}) as never))).toMatch(
    /cluster: is missing.*\n.*release: is missing\n.*strategy: is missing/,
  );
  await delivery.close();
});

it("refuses two pipelines of one name", async () => {
  const delivery = createDelivery({ pipelines: [pipeline("p").stage("x", code, () => null)] });
  await expect(
    delivery.start(
      pipeline("p").stage("y", code, () => null),
      null,
    ),
  ).rejects.toThrow('pipeline "p" has 1 problem');
  await delivery.close();
});

it("lists all that is wrong with a stage's definition", async () => {
  expect(
    await problemsOf(() =>
      defineStage({ type: "", retry: { attempts: Number.NaN, delay: "soon" } } as never),
    ),
  ).toEqual([
    "type: is missing; logs name the stage by it",
    "run: is missing; give the function that does the work",
    "retry.attempts: NaN is not a whole number from 1 on",
    'retry.delay: "soon" is not a duration (write "90s", "10m" or "2h")',
  ]);
});

it("refuses to wait for ever, or for no number at all", async () => {
  const delivery = createDelivery();
  for (const length of [Number.NaN, Number.POSITIVE_INFINITY, -1, `${"9".repeat(400)}d`]) {
    const shape = pipeline(`w ${String(length)}`).stage("pause", wait, () => ({ for: length as number }));
    const run = await delivery.start(shape, null);
    expect(await run.outcome()).toBe("failed");
    expect((await run.state()).reason).toMatch(/is not a duration|is longer than 100,000 years/);
  }
  await delivery.close();
});

it("refuses limits of calls that are none", async () => {
  const calls = { timeoutMs: Number.NaN, retries: -1 };
  expect(await problemsOf(() => createDelivery({ calls }))).toEqual([
    "calls.timeoutMs: NaN is not a number of milliseconds above 0",
    "calls.retries: -1 is not a whole number from 0 on",
  ]);
});
