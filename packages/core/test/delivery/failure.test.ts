// What a failure, a condition and a cancel mean for the stages around them, on the real engine.
import { expect, it } from "vitest";
import { createDelivery, defineStage, pipeline, type RunHandle, type StageContext } from "../../src/index.ts";
import { closingDeliveries } from "../fixtures/closing-deliveries.ts";

const deliver = closingDeliveries();
const ok = defineStage({ type: "ok", run: ({ input }) => input });
const boom = defineStage({
  type: "boom",
  run: () => {
    throw new Error("disk full");
  },
});
const busy = defineStage({
  type: "busy",
  run: ({ attempt }) => {
    if (attempt < 3) throw Object.assign(new Error("busy"), { retryable: true });
    return { attempt };
  },
});
const shown = async (run: RunHandle): Promise<string> =>
  (await run.state()).stages.map(({ name, status }) => `${name} ${status}`).join(", ");
const input = () => null;

it("goes on after a failure where the pipeline says so, and marks the run as failed", async () => {
  const shape = pipeline("p")
    .stage("lint", boom, input, { onFailure: "continue" })
    .stage("build", ok, ({ outputs, stages }) => [outputs.lint ?? "no report", stages["lint"]?.status ?? ""]);
  const run = await deliver().start(shape, null);
  expect(await run.outcome()).toBe("failed");
  expect(await shown(run)).toBe("lint failed, build succeeded");
  expect((await run.state()).stages[1]?.output).toEqual(["no report", "failed"]);
});

it("clears up after a failure, tells what always runs how it went, and ends rolled back", async () => {
  const shape = pipeline("p")
    .stage("migrate", ok, input)
    .stage("ship", boom, input)
    .onFailure("migrate back", ok, input, { undoes: true })
    .finally("report", ok, ({ stages }) =>
      Object.entries(stages).map(([name, { status, error }]) => `${name} ${status} ${error?.message ?? ""}`),
    );
  const run = await deliver().start(shape, null);
  expect(await run.outcome()).toBe("rolled-back");
  const report = (await run.state()).stages.at(-1);
  expect(report).toMatchObject({ role: "finally", status: "succeeded" });
  expect(report?.output).toEqual([
    "migrate succeeded ",
    "ship failed disk full",
    "migrate back succeeded ",
    "report pending ",
  ]);
});

it("tries again as often as the stage says, whatever its type says", async () => {
  const often = pipeline("often").stage("call", busy, input, { retry: { attempts: 3, delay: 1 } });
  const once = pipeline("once").stage("call", busy, input);
  const delivery = deliver();
  const [three, one] = [await delivery.start(often, null), await delivery.start(once, null)];
  expect([await three.outcome(), await one.outcome()]).toEqual(["succeeded", "failed"]);
  expect((await three.state()).stages[0]).toMatchObject({ attempt: 3, output: { attempt: 3 } });
});

it("passes a stage by whose condition does not hold, says so, and gives what comes after no output of it", async () => {
  const shape = pipeline<{ env: string }>("p")
    .stage("smoke", ok, input, { when: (inputs) => inputs.input.env === "prod" })
    .stage("next", ok, ({ outputs }) => ({ smoke: outputs.smoke ?? "none" }));
  const delivery = deliver();
  const [prod, dev] = [
    await delivery.start(shape, { env: "prod" }),
    await delivery.start(shape, { env: "dev" }),
  ];
  expect([await prod.outcome(), await dev.outcome()]).toEqual(["succeeded", "succeeded"]);
  expect(await shown(prod)).toBe("smoke succeeded, next succeeded");
  expect((await dev.state()).stages[0]).toMatchObject({
    status: "skipped",
    bypassed: "condition",
    reason: "its condition did not hold",
  });
  expect((await dev.state()).stages[1]?.output).toEqual({ smoke: "none" });
});

const CONDITIONS: readonly (readonly [string, () => unknown, string])[] = [
  [
    "throws",
    () => {
      throw new Error("no such field");
    },
    "its condition (when) threw: no such field",
  ],
  ["returns a text", () => "yes", "its condition (when) returned a string: let it return true or false"],
  ["returns a promise", async () => true, "its condition (when) returned a promise"],
  ["returns nothing", () => undefined, "its condition (when) returned nothing"],
];

it.each(CONDITIONS)(
  "fails a stage whose condition %s, rather than passing it by",
  async (_, when, message) => {
    const shape = pipeline("p")
      .stage("smoke", ok, input, { when: when as () => boolean })
      .stage("next", ok, input);
    const run = await deliver().start(shape, null);
    expect(await run.outcome()).toBe("failed");
    expect((await run.state()).reason).toContain(message);
    expect(await shown(run)).toBe("smoke failed, next skipped");
  },
);

it("asks a condition once, although its stage is tried again", async () => {
  let asked = 0;
  const when = (): boolean => (asked += 1) > 0;
  const shape = pipeline("p").stage("call", busy, input, { when, retry: { attempts: 3, delay: 1 } });
  await (await deliver().start(shape, null)).outcome();
  expect(asked).toBe(1);
});

it("runs what always runs after a cancel, with a signal that is not aborted", async () => {
  const endless = defineStage<null, null>({
    type: "endless",
    run: ({ signal }) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error))),
  });
  const tidy = defineStage({
    type: "tidy",
    run: async ({ signal, step }: StageContext<null>) => step("aborted", () => signal.aborted),
  });
  const shape = pipeline("p")
    .stage("work", endless, input)
    .finally("tidy", tidy, input)
    .finally("again", tidy, input);
  const delivery = deliver();
  const run = await delivery.start(shape, null);
  await run.cancel({ actor: "ana" });
  expect(await run.outcome()).toBe("cancelled");
  expect((await run.state()).stages.map(({ name, status, output }) => [name, status, output])).toEqual([
    ["work", "cancelled", undefined],
    ["tidy", "succeeded", false],
    ["again", "succeeded", false],
  ]);
});

it("stops what always runs when the cancel is forced", async () => {
  const deaf = defineStage({ type: "deaf", run: () => new Promise<null>(() => {}) });
  const shape = pipeline("p")
    .stage("work", ok, input)
    .finally("tidy", deaf, input)
    .finally("never", ok, input);
  const delivery = createDelivery();
  const run = await delivery.start(shape, null);
  for await (const event of run.events()) if (event.type === "stage-started" && event.stage === "tidy") break;
  await run.cancel({ actor: "ana" });
  expect(await shown(run)).toBe("work succeeded, tidy running, never pending");
  await run.cancel({ actor: "ana", mode: "forced", reason: "enough" });
  expect(await run.outcome()).toBe("cancelled");
  expect(await shown(run)).toBe("work succeeded, tidy cancelled, never skipped");
});

it("lists every option that is wrong, with the stage that it is of", () => {
  const loose = pipeline("p", { timeout: "soon" as never }).stage("a", ok, input) as unknown as {
    stage(name: string, type: unknown, make: unknown, options: object): typeof loose;
    onFailure(name: string, type: unknown, make: unknown, options: object): typeof loose;
    finally(name: string, type: unknown, make: unknown, options: object): typeof loose;
    readonly problems: readonly string[];
  };
  const wrong = loose
    .stage("b", ok, input, {
      onFailure: "carry-on",
      join: "some",
      timeout: "0s",
      retry: { attempts: 0 },
      whn: 1,
    })
    .stage("c", { type: "wait", kind: "wait" }, input, { when: true, retry: { attempts: 2, delay: "1 s" } })
    .onFailure("undo", ok, input, { after: ["a"], clears: ["bb"], onFailure: "fail-run" })
    .finally("tidy", ok, input, { clears: ["a"], after: ["undo"] });
  expect(wrong.problems).toEqual([
    'timeout: "soon" is not a duration (write "90s", "10m" or "2h")',
    'stage "b"  whn: is not an option of a stage (did you mean "when"?)',
    'stage "b"  join: "some" is not one of all, any, over',
    'stage "b"  onFailure: "carry-on" is not one of fail-run, fail-branch, continue, ignore',
    'stage "b"  timeout: must be longer than nothing',
    'stage "b"  retry.attempts: 0 is not a whole number from 1 on',
    'stage "c"  retry: a wait has no code that could be tried again',
    'stage "c"  retry.delay: "1 s" is not a duration (write "90s", "10m" or "2h")',
    'stage "c"  when: must be a function',
    'stage "undo"  onFailure: "fail-run" is for stages of the ordinary course; the run has failed or is over already',
    'stage "undo"  after: "a" is a stage of the ordinary course, this one is an onFailure stage',
    'stage "undo"  clears: no stage is called "bb" (did you mean "b"?)',
    'stage "tidy"  clears: is not an option of a stage',
    'stage "tidy"  after: "undo" is an onFailure stage, this one is a finally stage',
  ]);
});
