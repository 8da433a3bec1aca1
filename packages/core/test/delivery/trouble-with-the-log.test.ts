// What happens when the log cannot be written for a while: nothing is lost, nothing is done twice, nobody is blamed.
import { expect, it } from "vitest";
import { TimeoutError } from "../../src/errors.ts";
import {
  createDelivery,
  defineStage,
  type Delivery,
  type Engine,
  type Event,
  memory,
  pipeline,
  type RunHandle,
  wait,
} from "../../src/index.ts";
import type { NewEvent } from "../../src/ports.ts";

/** A log in memory whose disk is full for the events that are named. */
function failing(refuses: (types: readonly string[]) => boolean): Engine {
  const log = memory();
  const guard = (events: readonly NewEvent[]): void => {
    if (refuses(events.map(({ type }) => type))) throw new TimeoutError("the disk is full");
  };
  return new Proxy(log, {
    get(target, field) {
      if (field === "commit")
        return (run: string, known: number, decide: Parameters<Engine["commit"]>[2]) =>
          log.commit(run, known, (loaded) => {
            const write = decide(loaded);
            guard(write.events);
            return write;
          });
      const value = Reflect.get(target, field) as unknown;
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

/** Refuses the first `times` appends of a type. */
function refusing(type: string, times: number): (types: readonly string[]) => boolean {
  let left = times;
  return (types) => types.includes(type) && left-- > 0;
}

const collect = async (run: RunHandle): Promise<Event[]> => {
  const all: Event[] = [];
  for await (const event of run.events()) all.push(event);
  return all;
};
const impatient = { now: () => Date.now(), after: immediately };
function immediately(_: number, callback: () => void): () => void {
  const timer = setTimeout(callback, 0);
  return () => clearTimeout(timer);
}
const deliver = (engine: Engine): Delivery => createDelivery({ engine, clock: impatient });

it("records what a stage returned as soon as the log can be written again, and does not run it twice", async () => {
  let calls = 0;
  const once = defineStage({ type: "once", run: () => ({ call: (calls += 1) }) });
  const delivery = deliver(failing(refusing("stage-succeeded", 3)));
  const run = await delivery.start(
    pipeline("p").stage("ship", once, () => null),
    null,
  );
  expect(await run.outcome()).toBe("succeeded");
  expect(calls).toBe(1);
  expect((await run.state()).stages[0]?.output).toEqual({ call: 1 });
  await delivery.close();
});

it("does not fail a stage because its start could not be recorded at once", async () => {
  const once = defineStage({ type: "once", run: () => null });
  const delivery = deliver(failing(refusing("stage-started", 2)));
  const run = await delivery.start(
    pipeline("p").stage("ship", once, () => null),
    null,
  );
  expect(await run.outcome()).toBe("succeeded");
  await delivery.close();
});

it("wakes a run again when its timer rang while the log could not be written", async () => {
  const delivery = deliver(failing(refusing("stage-succeeded", 2)));
  const run = await delivery.start(
    pipeline("p").stage("pause", wait, () => ({ for: "1ms" })),
    null,
  );
  expect(await run.outcome()).toBe("succeeded");
  await delivery.close();
});

it("refuses an act that cannot be recorded, and leaves what runs alone", async () => {
  const go = Promise.withResolvers<void>();
  const working = defineStage({
    type: "working",
    run: async ({ progress }) => {
      await go.promise;
      await progress("nearly there");
      return null;
    },
  });
  const delivery = deliver(failing(refusing("run-paused", 1)));
  const run = await delivery.start(
    pipeline("p").stage("ship", working, () => null),
    null,
  );
  for await (const event of run.events()) if (event.type === "stage-started") break;
  await expect(run.pause({ actor: "ana" })).rejects.toThrow("the disk is full");
  go.resolve();
  expect(await run.outcome()).toBe("succeeded");
  expect((await collect(run)).map(({ type }) => type)).toEqual([
    "run-started",
    "stage-started",
    "stage-progressed",
    "stage-succeeded",
    "run-finished",
  ]);
  await delivery.close();
});
