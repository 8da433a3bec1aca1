// Code that is not ours may do anything: return the wrong thing, throw the wrong thing, never answer, or listen badly.
import { afterEach, beforeEach, expect, it } from "vitest";
import {
  createDelivery,
  defineStage,
  type Delivery,
  DeliveryError,
  type DeliveryOptions,
  deploy,
  type Event,
  type Logger,
  memory,
  pipeline,
  type Pipeline,
  type Schema,
  wait,
} from "../../src/index.ts";

const open: Delivery[] = [];
const unhandled: unknown[] = [];
const note = (reason: unknown): void => void unhandled.push(reason);
beforeEach(() => {
  unhandled.length = 0;
  process.on("unhandledRejection", note);
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((delivery) => delivery.close()));
  await new Promise((resolve) => setImmediate(resolve));
  process.off("unhandledRejection", note);
  if (unhandled.length > 0) throw new AggregateError(unhandled, "a rejection that nobody handled");
});
const deliver = (options: DeliveryOptions = {}): Delivery => {
  const delivery = createDelivery(options);
  open.push(delivery);
  return delivery;
};
const failureOf = async (shape: unknown): Promise<string> => {
  const run = await deliver().start(shape as Pipeline, null);
  expect(await run.outcome()).toBe("failed");
  return (await run.state()).stages[0]?.error?.message ?? "";
};
const code = defineStage({ type: "code", run: () => null });
const throws = (thrown: unknown): Promise<string> => {
  const run = (): never => {
    throw thrown;
  };
  return failureOf(pipeline("p").stage("x", defineStage({ type: "x", run }), () => null));
};
const schema = (validate: (value: unknown) => never): Schema => ({
  "~standard": { version: 1, vendor: "test", validate },
});

it("asks for the input itself where an input function returns a promise", async () => {
  const late = (async () => {
    throw new Error("no network");
  }) as never;
  expect(await failureOf(pipeline("p").stage("build", code, late))).toContain(
    'stage "build" of pipeline "p" has 1 problem\n  its input function returned a promise',
  );
});

it("names the stage whose input function returned nothing", async () => {
  const nothing = (() => undefined) as never;
  for (const type of [wait, deploy])
    expect(await failureOf(pipeline("p").stage("go", type as never, nothing))).toMatch(
      /stage "go".*\n {2}its input function returned undefined/,
    );
});

it("blames a validator that throws, or answers nothing, for what it is", async () => {
  const throwing = schema(() => {
    throw new TypeError("cannot read x");
  });
  const silent = schema(() => undefined as never);
  const p = pipeline("p", { input: throwing }).stage("x", code, () => null);
  await expect(deliver().start(p, null)).rejects.toThrow(/its schema threw: cannot read x/);
  const q = pipeline("q", { input: silent }).stage("x", code, () => null);
  await expect(deliver().start(q, null)).rejects.toThrow(/its schema answered nothing/);
});

it("records whatever is thrown, Error or not", async () => {
  const circular: Record<string, unknown> = {};
  circular["self"] = circular;
  expect(await throws(undefined)).toBe("undefined was thrown");
  expect(await throws("out of luck")).toBe("out of luck");
  expect(await throws({ status: 503 })).toBe('{"status":503} was thrown');
  expect(await throws(Object.create(null))).toContain("was thrown");
  expect(
    await throws(new DeliveryError("GENNAKER_TIMEOUT", "too late", { details: circular as never })),
  ).toBe("too late");
});

it("says where an output refers back to itself", async () => {
  const circular: Record<string, unknown> = { a: {} };
  circular["a"] = { back: circular };
  const stage = defineStage<null, never>({ type: "x", run: () => circular as never });
  expect(await failureOf(pipeline("p").stage("x", stage as never, (() => null) as never))).toMatch(
    /is nested too deep/,
  );
});

it("records values as they are at the time, whatever becomes of the objects later", async () => {
  const input = { image: "v1" };
  const output = { digest: "abc" };
  const build = defineStage({
    type: "build",
    run: ({ input: given }) => {
      expect(() => Object.assign(given as object, { image: "v3" })).toThrow(TypeError);
      return output;
    },
  });
  const p = pipeline<{ image: string }>("p")
    .stage("build", build, ({ input: { image } }) => ({ image }))
    .stage("again", code, () => null);
  const delivery = deliver();
  const run = await delivery.start(p, input);
  input.image = "v2";
  await run.outcome();
  output.digest = "xyz";
  const state = await run.state();
  expect(state.input).toEqual({ image: "v1" });
  expect(state.stages[0]?.output).toEqual({ digest: "abc" });
});

it("forgives progress that nobody awaits, and a share that is no number", async () => {
  const told = Promise.withResolvers<void>();
  const chatty = defineStage({
    type: "chatty",
    run: async ({ progress, signal }) => {
      void progress("half", Number.NaN);
      signal.addEventListener("abort", () => told.resolve());
      await told.promise;
      void progress("too late");
      return null;
    },
  });
  const run = await deliver().start(
    pipeline("p").stage("x", chatty, () => null),
    null,
  );
  for await (const event of run.events()) if (event.type === "stage-progressed") break;
  expect((await run.state()).stages[0]?.progress).toEqual({ message: "half" });
  await run.cancel({ mode: "forced" });
  expect(await run.outcome()).toBe("cancelled");
});

it("calls every listener, although one throws, rejects or acts on the delivery", async () => {
  const logged: string[] = [];
  const log = (_: object, message: string): void => {
    logged.push(message);
    throw new Error("the logger is broken");
  };
  const delivery = deliver({ logger: { debug: log, info: log, warn: log, error: log } });
  const heard: string[] = [];
  delivery.on("stage-succeeded", () => {
    throw new Error("no");
  });
  delivery.on("stage-succeeded", async () => {
    throw new Error("later no");
  });
  const p = pipeline("p").stage("x", code, () => null);
  delivery.on("stage-succeeded", ({ run }) => {
    heard.push(run);
    if (heard.length < 3) void delivery.start(p, null);
  });
  await (await delivery.start(p, null)).outcome();
  for await (const event of delivery.events())
    if (event.type === "run-finished" && event.run === heard[2]) break;
  expect(new Set(heard).size).toBe(3);
  expect(logged).toContain("a listener failed");
});

it("hands errors to the logger without secrets, causes included", async () => {
  const lines: string[] = [];
  const line = (details: object, message: string): void => {
    const texts: string[] = [];
    const dig = (value: unknown): void => {
      if (typeof value === "string") texts.push(value);
      if (typeof value !== "object" || value === null) return;
      for (const name of Object.getOwnPropertyNames(value)) dig((value as Record<string, unknown>)[name]);
    };
    dig(details);
    lines.push(message, ...texts);
  };
  const logger: Logger = { debug: line, info: line, warn: line, error: line };
  const delivery = deliver({ logger, secrets: ["s3cr3t-value"] });
  delivery.on("run-started", () => {
    throw new Error("401", { cause: { headers: "Bearer abcdefgh12345678", key: "s3cr3t-value" } });
  });
  await (
    await delivery.start(
      pipeline("p").stage("x", code, () => null),
      null,
    )
  ).outcome();
  expect(lines).toContain("a listener failed");
  expect(lines.join("\n")).not.toMatch(/abcdefgh12345678|s3cr3t-value/);
});

it("keeps a stage of any name apart from what every object has", async () => {
  const delivery = deliver({ engine: memory() });
  const p = pipeline("p")
    .stage("constructor", code, () => null)
    .stage("toString", code, ({ outputs }) => ({ seen: Object.keys(outputs) }) as never);
  const run = await delivery.start(p, null);
  expect(await run.outcome()).toBe("succeeded");
  await expect(run.judge("valueOf", { verdict: "pass", actor: "ana" })).rejects.toThrow(/no stage is called/);
  expect(() => createDelivery({ pipelines: [pipeline("q").stage("__proto__", code, () => null)] })).toThrow(
    /"__proto__".*choose another name/,
  );
});

it("succeeds at once when a pipeline has no stages", async () => {
  const run = await deliver().start(pipeline("nothing"), null);
  expect(await run.outcome()).toBe("succeeded");
  const types: Event["type"][] = [];
  for await (const event of run.events()) types.push(event.type);
  expect(types).toEqual(["run-started", "run-finished"]);
});
