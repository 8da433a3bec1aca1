// A run may be paused, cancelled, parked, closed and opened again at any moment, in any order.
import { expect, it } from "vitest";
import {
  type AnyPipeline,
  createDelivery,
  defineStage,
  type Event,
  memory,
  pipeline,
  type Pipeline,
  type RunHandle,
  type Strategy,
  wait,
} from "../../src/index.ts";
import { StreamHub } from "../../src/engine/event-stream.ts";
import { systemClock } from "../../src/ports/clock.ts";
import { Registry } from "../../src/engine/registry.ts";

const atOnce = (_: number, callback: () => void): (() => void) => {
  const timer = setTimeout(callback, 0);
  return () => clearTimeout(timer);
};
const quick = defineStage({ type: "quick", run: () => null });
const strategy = (size: number): Strategy => ({
  name: "s",
  version: 1,
  options: { size },
  size,
  modes: [],
  rollout: () => ({ phases: [], minHealthy: 100, onRollback: "destroy" }),
});
const until = async (run: RunHandle, type: Event["type"]): Promise<void> => {
  for await (const event of run.events()) if (event.type === type) return;
};
/** Code that stops when it is told to, and counts how often it began. */
function patient(): {
  readonly stage: ReturnType<typeof defineStage<null, null>>;
  readonly begun: () => number;
} {
  let begun = 0;
  const stage = defineStage<null, null>({
    type: "patient",
    run: ({ signal }) => {
      begun += 1;
      return new Promise((_, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason as Error)),
      );
    },
  });
  return { stage, begun: () => begun };
}

it("does not begin anew, after a crash, what a cancel had interrupted", async () => {
  const log = memory();
  const { stage, begun } = patient();
  const deaf = defineStage<null, null>({ type: "patient", run: () => new Promise<null>(() => {}) });
  const shape = (type: typeof deaf): AnyPipeline => pipeline("p").stage("ship", type, () => null);
  const clock = { now: () => Date.now(), after: atOnce };
  const first = createDelivery({ engine: log, clock });
  const run = await first.start(shape(deaf) as Pipeline, null);
  await until(run, "stage-started");
  await run.cancel({ actor: "ana", reason: "wrong branch" });
  await first.close();
  const second = createDelivery({ engine: log, pipelines: [shape(stage)] });
  const again = await second.run(run.id);
  expect(await again.outcome()).toBe("cancelled");
  expect(begun()).toBe(0);
  await second.close();
});

it("ends a parked run that is cancelled, although its code is not here", async () => {
  const log = memory();
  const { stage } = patient();
  const first = createDelivery({ engine: log });
  const run = await first.start(
    pipeline("p").stage("ship", stage, () => null),
    null,
  );
  await until(run, "stage-started");
  await first.close();
  const second = createDelivery({ engine: log });
  const again = await second.run(run.id);
  await until(again, "run-parked");
  await again.cancel({ actor: "ana" });
  expect(await again.outcome()).toBe("cancelled");
  await second.close();
});

it("goes on with parked runs when a start brings their code", async () => {
  const log = memory();
  const shape = pipeline("p")
    .stage("pause", wait, () => ({ for: "1ms" }))
    .stage("ship", quick, () => null);
  const first = createDelivery({ engine: log });
  const run = await first.start(shape, null);
  await first.close();
  const second = createDelivery({ engine: log });
  const again = await second.run(run.id);
  await until(again, "run-parked");
  await second.start(shape, null);
  expect(await again.outcome()).toBe("succeeded");
  await second.close();
});

it("begins nothing after a restart as long as it is paused", async () => {
  const log = memory();
  const { stage, begun } = patient();
  const shape = pipeline("p").stage("ship", stage, () => null);
  const first = createDelivery({ engine: log });
  const run = await first.start(shape, null);
  await until(run, "stage-started");
  await run.pause();
  await first.close();
  const second = createDelivery({ engine: log, pipelines: [shape] });
  const again = await second.run(run.id);
  await second
    .start(
      pipeline("q").stage("x", quick, () => null),
      null,
    )
    .then((other) => other.outcome());
  expect(begun()).toBe(1);
  await again.resume();
  await again.cancel();
  expect(await again.outcome()).toBe("cancelled");
  await second.close();
});

it("takes every act any number of times, at any moment", async () => {
  const { stage } = patient();
  const delivery = createDelivery();
  const run = await delivery.start(
    pipeline("p").stage("ship", stage, () => null),
    null,
  );
  await Promise.all([run.pause(), run.pause(), run.resume(), run.resume(), run.pause(), run.resume()]);
  await Promise.all([run.cancel(), run.cancel(), run.cancel({ mode: "forced" }), run.cancel()]);
  expect(await run.outcome()).toBe("cancelled");
  await Promise.all([run.pause(), run.resume(), run.cancel({ mode: "forced" })]);
  const types: string[] = [];
  for await (const event of run.events()) types.push(event.type);
  expect(types.filter((type) => type === "run-finished")).toHaveLength(1);
  expect(types.filter((type) => type === "run-cancel-requested").length).toBeLessThanOrEqual(2);
  await Promise.all([delivery.close(), delivery.close()]);
  await delivery.close();
});

it("refuses a verdict, a mode and a place in the log that do not exist", async () => {
  const { stage } = patient();
  const delivery = createDelivery();
  const run = await delivery.start(
    pipeline("p").stage("ship", stage, () => null),
    null,
  );
  const yes = { verdict: "yes" as never, actor: "rui" };
  await expect(run.judge("ship", yes)).rejects.toThrow('verdict: "yes" is not one of pass, fail');
  await expect(run.judge("ship", { verdict: "pass", actor: " " })).rejects.toThrow("actor: is missing");
  await expect(run.cancel({ mode: "hard" as never })).rejects.toThrow('mode: "hard" is not one of');
  expect(() => run.events({ from: Number.NaN })).toThrow("from: NaN is not a whole number");
  await run.cancel();
  await delivery.close();
});

it("lets go of a stream that is given up while it waits", async () => {
  const { stage } = patient();
  const delivery = createDelivery();
  const run = await delivery.start(
    pipeline("p").stage("ship", stage, () => null),
    null,
  );
  await until(run, "stage-started");
  const stream = run.events({ from: 2 })[Symbol.asyncIterator]();
  const next = stream.next();
  await stream.return?.();
  expect(await next).toEqual({ done: true, value: undefined });
  await run.cancel();
  await delivery.close();
});

it("remembers no listener longer than it listens", async () => {
  const hub = new StreamHub(systemClock);
  const stop = new AbortController();
  const bells = [hub.listen("anything"), hub.listen("run 1"), hub.listen("run 1")];
  expect(hub.size).toBe(3);
  const waiting = Promise.all(bells.map((bell) => hub.wait(bell, stop.signal)));
  stop.abort();
  await waiting;
  hub.leave("anything", bells[0]!);
  for (const bell of bells.slice(1)) hub.leave("run 1", bell);
  expect(hub.size).toBe(0);
});

it("keeps a bounded number of strategies that were passed as values", () => {
  const registry = new Registry([], [], []);
  for (let size = 0; size < 3000; size += 1) registry.learn(strategy(size));
  const kept = Array.from({ length: 3000 }, (_, size) => registry.remake(strategy(size))).filter(Boolean);
  expect(kept).toHaveLength(1000);
  expect(registry.remake(strategy(2999))).toBeDefined();
});
