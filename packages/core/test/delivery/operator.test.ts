// What an operator can do to runs and pipelines: each act once, with who and why in the event.
import { sqlite } from "@gennaker/core/sqlite";
import { expect, it } from "vitest";
import {
  createDelivery,
  defineStage,
  type Event,
  judgement,
  memory,
  pipeline,
  type RunHandle,
  type StageContext,
  wait,
} from "../../src/index.ts";
import { closingDeliveries } from "../fixtures/closing-deliveries.ts";
import { LogDirectory } from "../fixtures/log-directory.ts";

const deliver = closingDeliveries();
const collect = async (run: RunHandle): Promise<Event[]> => {
  const all: Event[] = [];
  for await (const event of run.events()) all.push(event);
  return all;
};
const until = async (run: RunHandle, type: Event["type"]): Promise<void> => {
  for await (const event of run.events()) if (event.type === type) return;
};
const ok = defineStage({ type: "ok", run: ({ input }) => input });
const input = () => null;

/** Fails as often as it is told to, then answers with its key. */
function flaky(failures: number): {
  readonly type: ReturnType<typeof defineStage<null, string>>;
  readonly keys: string[];
} {
  const keys: string[] = [];
  const type = defineStage<null, string>({
    type: "flaky",
    run: ({ idempotencyKey }: StageContext<null>) => {
      keys.push(idempotencyKey);
      if (keys.length <= failures) throw new Error("not yet");
      return idempotencyKey;
    },
  });
  return { type, keys };
}

it("retries a failed run from a stage, under a key of its own, and tells the whole story", async () => {
  const { type, keys } = flaky(1);
  const shape = pipeline("p")
    .stage("build", ok, () => "image")
    .stage("ship", type, input)
    .stage("next", ok, input);
  const delivery = deliver();
  const run = await delivery.start(shape, null);
  expect(await run.outcome()).toBe("failed");
  await run.retryFrom("ship", { actor: "ana", reason: "the disk is larger now" });
  expect(await run.outcome()).toBe("succeeded");
  expect(keys).toEqual([`${run.id}/ship`, `${run.id}/ship~2`]);
  const events = await collect(run);
  expect(events.filter(({ type: each }) => each === "run-finished")).toHaveLength(2);
  expect(events.find(({ type: each }) => each === "run-retried")).toMatchObject({
    actor: "ana",
    reason: "the disk is larger now",
    from: "ship",
    stages: ["ship", "next"],
  });
  const { stages, status } = await run.state();
  expect(status).toBe("succeeded");
  expect(stages[1]).toMatchObject({ status: "succeeded", earlier: [{ status: "failed", attempt: 1 }] });
  expect((await delivery.runs({ status: "succeeded" })).map((each) => each.run)).toEqual([run.id]);
  expect(await delivery.runs({ status: "failed" })).toEqual([]);
});

it("lists a retried run as running, and goes on with it after a crash", async () => {
  const log = memory();
  const { type } = flaky(1);
  const shape = pipeline("p")
    .stage("ship", type, input)
    .stage("pause", wait, () => ({ for: "1h" }));
  const first = createDelivery({ engine: log, pipelines: [shape] });
  const run = await first.start(shape, null);
  await run.outcome();
  await run.retryFrom("ship");
  await until(run, "wait-started");
  expect(await first.runs({ status: "running" })).toHaveLength(1);
  await first.close();
  const again = await deliver({ engine: log, pipelines: [shape] }).run(run.id);
  expect((await again.state()).stages.map(({ status }) => status)).toEqual(["succeeded", "running"]);
});

it("retries once however often it is asked at once", async () => {
  const { type, keys } = flaky(1);
  const run = await deliver().start(
    pipeline("p")
      .stage("ship", type, input)
      .stage("ok?", judgement, () => ({ roles: ["qa"] })),
    null,
  );
  await run.outcome();
  await Promise.all([run.retryFrom("ship"), run.retryFrom("ship"), run.retryFrom("ship")]);
  await until(run, "judgement-requested");
  expect(keys).toHaveLength(2);
});

it("does not let code that never ends hold up a retry", async () => {
  let calls = 0;
  const deaf = defineStage<null, number>({
    type: "deaf",
    run: () => ((calls += 1) === 1 ? new Promise<number>(() => {}) : calls),
  });
  // Patience with the code that was stopped passes at once.
  const clock = {
    now: () => Date.now(),
    after: (_: number, callback: () => void) => {
      const timer = setTimeout(callback, 0);
      return () => clearTimeout(timer);
    },
  };
  const run = await deliver({ clock }).start(pipeline("p").stage("deaf", deaf, input), null);
  await until(run, "stage-started");
  await run.cancel({ mode: "forced" });
  await run.retryFrom("deaf");
  expect(await run.outcome()).toBe("succeeded");
  expect((await run.state()).stages[0]?.output).toBe(2);
});

it("says why a run cannot be retried", async () => {
  const delivery = deliver();
  const run = await delivery.start(
    pipeline("p").stage("pause", wait, () => ({ for: "1h" })),
    null,
  );
  await until(run, "wait-started");
  await expect(run.retryFrom("pause")).rejects.toThrow(
    `run ${run.id} cannot be retried from stage "pause": stage "pause" is running, and its run goes on`,
  );
  await expect(run.retryFrom("paus")).rejects.toThrow('no stage is called "paus" (did you mean "pause"?)');
});

it("skips what may be skipped: before it begins, while it waits, while it works; once", async () => {
  const signals: AbortSignal[] = [];
  const endless = defineStage<null, null>({
    type: "endless",
    run: ({ signal }) => {
      signals.push(signal);
      return new Promise(() => {});
    },
  });
  const may = { skippable: true };
  const shape = pipeline("p")
    .stage("work", endless, input, may)
    .stage("pause", wait, () => ({ for: "1h" }), may)
    .stage("later", ok, input, may)
    .stage("end", ok, ({ outputs }) => ({ pause: outputs.pause ? "waited" : "skipped" }));
  const delivery = createDelivery();
  const run = await delivery.start(shape, null);
  await until(run, "stage-started");
  await run.skip("later", { actor: "ana" });
  await run.skip("work", { actor: "ana", reason: "it hangs" });
  await until(run, "wait-started");
  await run.skip("pause", { actor: "rui" });
  await Promise.all([run.skip("pause"), run.skip("work")]);
  expect(await run.outcome()).toBe("succeeded");
  const { stages } = await run.state();
  expect(stages.map(({ name, status, bypassed, reason }) => [name, status, bypassed, reason])).toEqual([
    ["work", "skipped", "operator", "it hangs"],
    ["pause", "skipped", "operator", "skipped by rui"],
    ["later", "skipped", "operator", "skipped by ana"],
    ["end", "succeeded", undefined, undefined],
  ]);
  expect(stages[3]?.output).toEqual({ pause: "skipped" });
  expect(signals[0]?.aborted).toBe(true);
  expect((await collect(run)).filter(({ type }) => type === "stage-bypassed")).toHaveLength(3);
  await expect(run.skip("end")).rejects.toThrow(
    'stage "end" may not be skipped: its pipeline does not say { skippable: true }',
  );
});

it("refuses to skip what is over", async () => {
  const shape = pipeline("p").stage("a", ok, input, { skippable: true });
  const run = await deliver().start(shape, null);
  await run.outcome();
  await expect(run.skip("a")).rejects.toThrow('stage "a" is succeeded: there is nothing to skip');
});

it("starts a run that is over anew with its input, once for each key, and links the two", async () => {
  const shape = pipeline<{ image: string }>("p").stage("ship", ok, ({ input: given }) => given.image);
  const delivery = deliver();
  const run = await delivery.start(shape, { image: "v2" });
  await run.outcome();
  const act = { actor: "ana", reason: "once more" };
  const [again, twice] = await Promise.all([delivery.restart(run.id, act), delivery.restart(run.id, act)]);
  expect([again.id === run.id, twice.id]).toEqual([false, again.id]);
  const third = await delivery.restart(run.id, { idempotencyKey: "ci-7" });
  expect(third.id).not.toBe(again.id);
  expect(await again.outcome()).toBe("succeeded");
  expect(await again.state()).toMatchObject({ restarts: run.id, input: { image: "v2" }, actor: "ana" });
  expect((await collect(again))[0]).toMatchObject({
    type: "run-started",
    restarts: run.id,
    reason: "once more",
  });
});

it("restarts nothing that goes on, is unknown, or has no code here", async () => {
  const log = memory();
  const first = createDelivery({ engine: log });
  const run = await first.start(
    pipeline("p").stage("pause", wait, () => ({ for: "1h" })),
    null,
  );
  await expect(first.restart(run.id)).rejects.toThrow(`run ${run.id} is not over: cancel it first`);
  await expect(first.restart("nope")).rejects.toThrow('there is no run "nope"');
  await run.cancel();
  await run.outcome();
  await first.close();
  await expect(deliver({ engine: log }).restart(run.id)).rejects.toThrow(
    /pipeline "p" has 1 problem[^]*is not registered here/,
  );
});

it("refuses to start, restart and retry a disabled pipeline, with the reason, until it is enabled", async () => {
  const { type } = flaky(1);
  const shape = pipeline("ship").stage("ship", type, input);
  const delivery = deliver({ pipelines: [shape] });
  const run = await delivery.start(shape, null);
  await run.outcome();
  await delivery.disable("ship", { actor: "ana", reason: "the registry is down" });
  const refusal = /pipeline "ship" is disabled since .*Z by ana: the registry is down; nothing was started/;
  await expect(delivery.start(shape, null)).rejects.toThrow(refusal);
  await expect(delivery.restart(run.id)).rejects.toThrow(refusal);
  await expect(run.retryFrom("ship")).rejects.toThrow(refusal);
  expect(await delivery.disabled(shape)).toMatchObject({ reason: "the registry is down", actor: "ana" });
  await delivery.enable(shape, { actor: "ana" });
  await run.retryFrom("ship");
  expect(await run.outcome()).toBe("succeeded");
  expect(await delivery.disabled("ship")).toBeUndefined();
});

it("keeps a pipeline disabled over a crash, and its switch out of the lists of runs", async () => {
  const log = memory();
  const shape = pipeline("ship").stage("ship", ok, input);
  const first = createDelivery({ engine: log, pipelines: [shape] });
  await first.disable(shape, { reason: "freeze" });
  await first.close();
  const second = deliver({ engine: log, pipelines: [shape] });
  await expect(second.start(shape, null)).rejects.toThrow("is disabled since");
  expect(await second.runs()).toEqual([]);
});

it("records each switch once, and a new reason anew", async () => {
  const shape = pipeline("ship").stage("ship", ok, input);
  const delivery = deliver({ pipelines: [shape] });
  const heard: string[] = [];
  delivery.on("pipeline-disabled", ({ reason }) => heard.push(reason));
  delivery.on("pipeline-enabled", ({ pipeline: name }) => heard.push(name));
  await delivery.enable(shape);
  await Promise.all([
    delivery.disable(shape, { reason: "freeze" }),
    delivery.disable(shape, { reason: "freeze" }),
  ]);
  await delivery.disable(shape, { reason: "audit" });
  await delivery.enable(shape);
  await delivery.enable(shape);
  expect(heard).toEqual(["freeze", "audit", "ship"]);
  await expect(delivery.disable("shipp", { reason: "x" })).rejects.toThrow('did you mean "ship"?');
  await expect(delivery.disable("ship", { reason: " " })).rejects.toThrow("reason: is missing");
});

it("acts once, however often it is asked: cancel, pause, resume", async () => {
  const run = await deliver().start(
    pipeline("p").stage("pause", wait, () => ({ for: "1h" })),
    null,
  );
  await until(run, "wait-started");
  await Promise.all([run.pause({ actor: "ana" }), run.pause({ actor: "rui" })]);
  await Promise.all([run.resume(), run.resume()]);
  await Promise.all([run.cancel(), run.cancel(), run.cancel({ mode: "forced" }), run.cancel()]);
  await run.outcome();
  await Promise.all([run.cancel(), run.pause(), run.resume()]);
  const acts = (await collect(run)).filter(({ type }) => /^run-(paused|resumed|cancel)/.test(type));
  expect(acts.map(({ type }) => type)).toEqual(["run-paused", "run-resumed", "run-cancel-requested"]);
});

it("keeps retries and switches in a log on disk", async () => {
  using directory = new LogDirectory();
  const { type } = flaky(1);
  const shape = pipeline("ship")
    .stage("ship", type, input)
    .stage("ok?", judgement, () => ({ roles: ["qa"] }));
  const first = createDelivery({ engine: sqlite(directory.file), pipelines: [shape] });
  const run = await first.start(shape, null);
  expect(await run.outcome()).toBe("failed");
  await run.retryFrom("ship", { actor: "ana" });
  await until(run, "judgement-requested");
  await first.disable(shape, { actor: "ana", reason: "freeze" });
  await first.close();
  const second = deliver({ engine: sqlite(directory.file), pipelines: [shape] });
  expect((await second.runs()).map(({ run: id, status }) => [id, status])).toEqual([[run.id, "running"]]);
  expect(await second.disabled("ship")).toMatchObject({ actor: "ana", reason: "freeze" });
  const again = await second.run(run.id);
  await again.judge("ok?", { verdict: "pass", actor: "rui" });
  expect(await again.outcome()).toBe("succeeded");
  await second.close();
});
