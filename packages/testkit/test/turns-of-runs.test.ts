// The places of a pipeline's runs, with all that can happen to a run besides: retries, runs below, timeouts, crashes.
import {
  type Concurrency,
  createDelivery,
  defineStage,
  type Delivery,
  type Event,
  memory,
  pipeline,
  type RunHandle,
  runPipeline,
} from "@gennaker/core";
import { expect, it } from "vitest";
import { virtualClock } from "../src/index.ts";

const HOUR = 3_600_000;

function bed() {
  const clock = virtualClock();
  const engine = memory();
  let sick = true;
  const works = defineStage({
    type: "works",
    run: async ({ sleep, input }) => {
      await sleep(HOUR);
      if (sick && input !== "fine") throw new Error("no room");
      return null;
    },
  });
  const limited = (concurrency: Concurrency<string>, timeout?: "90m") =>
    pipeline<string>("limited", { concurrency, ...(timeout && { timeout }) }).stage(
      "work",
      works,
      ({ input }) => input,
    );
  return {
    clock,
    engine,
    limited,
    delivery: createDelivery({ clock, engine }),
    heal: () => {
      sick = false;
    },
  };
}
const statuses = async (...runs: readonly RunHandle[]): Promise<string[]> =>
  (await Promise.all(runs.map((run) => run.state()))).map(({ status, position }) =>
    position === undefined ? status : `${status} ${position}`,
  );
const eventsOf = async (delivery: Delivery, run: string): Promise<Event[]> => {
  const events: Event[] = [];
  for await (const event of (await delivery.run(run)).events()) events.push(event);
  return events;
};

it("has a run that is retried wait for a place again, and lets it in when there is one", async () => {
  const { clock, delivery, limited, heal } = bed();
  const shape = limited({ limit: 1 });
  const first = await clock.drive(delivery.start(shape, "a"));
  expect(await clock.drive(first.outcome())).toBe("failed");
  heal();
  const second = await clock.drive(delivery.start(shape, "b"));
  await clock.drive(first.retryFrom("work", { actor: "ana" }));
  expect(await statuses(first, second)).toEqual(["queued 1", "running"]);
  const third = await clock.drive(delivery.start(shape, "c"));
  expect(await statuses(first, second, third)).toEqual(["queued 1", "running", "queued 2"]);
  expect(await clock.drive(second.outcome())).toBe("succeeded");
  await clock.advance(1);
  expect(await statuses(first, third)).toEqual(["running", "queued 1"]);
  expect(await clock.drive(third.outcome())).toBe("succeeded");
  expect(await statuses(first)).toEqual(["succeeded"]);
  const story = (await clock.drive(eventsOf(delivery, first.id))).map(({ type }) => type);
  expect(story.slice(story.indexOf("run-retried"))).toEqual([
    "run-retried",
    "run-queued",
    "run-admitted",
    "stage-started",
    "stage-succeeded",
    "run-finished",
  ]);
});

it("does not retry a run whose pipeline refuses while another one is under way", async () => {
  const { clock, delivery, limited, heal } = bed();
  const shape = limited({ limit: 1, policy: "reject" });
  const first = await clock.drive(delivery.start(shape, "a"));
  expect(await clock.drive(first.outcome())).toBe("failed");
  heal();
  const second = await clock.drive(delivery.start(shape, "b", { actor: "rui" }));
  await expect(clock.drive(first.retryFrom("work"))).rejects.toThrow(
    `pipeline "limited": run ${second.id}, started by rui is under way`,
  );
  expect(await statuses(first)).toEqual(["failed"]);
  expect(await clock.drive(second.outcome())).toBe("succeeded");
  await clock.drive(first.retryFrom("work"));
  expect(await clock.drive(first.outcome())).toBe("succeeded");
});

it("does not let the retry of an old run take the place of a newer one", async () => {
  const { clock, delivery, limited, heal } = bed();
  const shape = limited({ limit: 1, policy: "newest-wins" });
  const first = await clock.drive(delivery.start(shape, "a"));
  expect(await clock.drive(first.outcome())).toBe("failed");
  heal();
  await clock.advance(1000);
  const second = await clock.drive(delivery.start(shape, "b"));
  await clock.drive(first.retryFrom("work"));
  expect(await statuses(first, second)).toEqual(["queued 1", "running"]);
  expect(await clock.drive(second.outcome())).toBe("succeeded");
  expect(await clock.drive(first.outcome())).toBe("succeeded");
});

it("counts runs that other pipelines start, and cancels one that waits with the run above it", async () => {
  const { clock, delivery, limited, heal } = bed();
  heal();
  const shape = limited({ limit: 1 });
  const above = pipeline("above").stage("below", runPipeline(shape), () => "b");
  const first = await clock.drive(delivery.start(shape, "a"));
  const parent = await clock.drive(delivery.start(above, null));
  await clock.settle();
  const child = await delivery.run((await parent.state()).stages[0]?.child ?? "");
  expect(await statuses(first, child)).toEqual(["running", "queued 1"]);
  const other = await clock.drive(delivery.start(above, null));
  expect(await clock.drive(first.outcome())).toBe("succeeded");
  expect(await clock.drive(parent.outcome())).toBe("succeeded");
  await clock.drive(other.outcome());
  const waiting = await clock.drive(delivery.start(shape, "d"));
  const last = await clock.drive(delivery.start(above, null));
  await clock.settle();
  await clock.drive(last.cancel());
  expect(await clock.drive(last.outcome())).toBe("cancelled");
  expect(await statuses(waiting)).toEqual(["running"]);
});

it("fails the stage whose run below is refused, and says who is in the way", async () => {
  const { clock, delivery, limited, heal } = bed();
  heal();
  const shape = limited({ limit: 1, policy: "reject" });
  const above = pipeline("above").stage("below", runPipeline(shape), () => "b");
  const first = await clock.drive(delivery.start(shape, "a"));
  const parent = await clock.drive(delivery.start(above, null));
  expect(await clock.drive(parent.outcome())).toBe("failed");
  expect((await parent.state()).stages[0]?.error?.message).toContain(`run ${first.id} is under way`);
  expect(await clock.drive(delivery.runs({ pipeline: "limited" }))).toHaveLength(1);
});

it("does not count the time in its queue as the run's own", async () => {
  const { clock, delivery, limited, heal } = bed();
  heal();
  const shape = limited({ limit: 1 }, "90m");
  const runs: RunHandle[] = [];
  for (const name of ["a", "b", "c"]) runs.push(await clock.drive(delivery.start(shape, name)));
  const ends: string[] = [];
  for (const run of runs) ends.push(await clock.drive(run.outcome()));
  expect(ends).toEqual(["succeeded", "succeeded", "succeeded"]);
});
