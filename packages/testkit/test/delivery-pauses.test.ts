import { createDelivery, defineStage, memory, pipeline } from "@gennaker/core";
import { expect, it } from "vitest";
import { virtualClock } from "../src/index.ts";

it("tries nothing again while it is paused", async () => {
  const clock = virtualClock();
  let calls = 0;
  const flaky = defineStage({
    type: "flaky",
    retry: { attempts: 2, delay: "1m" },
    run: () => {
      calls += 1;
      if (calls === 1) throw Object.assign(new Error("busy"), { retryable: true });
      return null;
    },
  });
  const delivery = createDelivery({ engine: memory(), clock });
  const calling = pipeline("p").stage("call", flaky, () => null);
  const run = await clock.drive(delivery.start(calling, null));
  await clock.advance(1000);
  await clock.drive(run.pause({ actor: "ana" }));
  await clock.advance(3_600_000);
  expect([(await clock.drive(run.state())).status, calls]).toEqual(["paused", 1]);
  await clock.drive(run.resume());
  expect(await clock.drive(run.outcome())).toBe("succeeded");
  expect(calls).toBe(2);
});
