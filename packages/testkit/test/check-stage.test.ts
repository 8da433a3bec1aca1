// Values and checks as stages, on the real engine, in virtual time.
import {
  type Check,
  type CheckResult,
  checkStage,
  ConfigurationError,
  createDelivery,
  defineCheck,
  defineStage,
  evaluate,
  memory,
  type MeasureContext,
  pipeline,
  type RunView,
  secret,
  type StageCheck,
  type StageContext,
} from "@gennaker/core";
import { expect, it } from "vitest";
import { virtualClock } from "../src/index.ts";

type Answer = CheckResult | Error;

/** How a run with such a check went, and when each measurement was made, in seconds from the start. */
async function judged(
  answers: readonly Answer[],
  limits: Partial<StageCheck<{ most: number }>> = {},
): Promise<{ readonly run: RunView; readonly seconds: readonly number[] }> {
  const clock = virtualClock();
  const begin = clock.now();
  const seconds: number[] = [];
  const budget = checkStage<{ most: number }>({
    name: "error-budget",
    run: ({ measurement }) => {
      seconds.push((clock.now() - begin) / 1000);
      const answer = answers[measurement - 1] ?? new Error("was measured too often");
      if (answer instanceof Error) throw answer;
      return answer;
    },
    ...limits,
  });
  const checked = pipeline("checked").stage("budget left?", budget, () => ({ most: 1 }));
  const delivery = createDelivery({ engine: memory(), clock });
  const run = await clock.drive(delivery.start(checked, null));
  await clock.drive(run.outcome());
  const view = await run.state();
  await clock.drive(delivery.close());
  return { run: view, seconds };
}

it("succeeds when its check passes, and leaves the reason and the data to later stages", async () => {
  const { run } = await judged([{ verdict: "pass", reason: "40 % is left", data: { left: 40 } }]);
  expect(run.status).toBe("succeeded");
  expect(run.stages[0]?.output).toEqual({
    verdict: "pass",
    reason: "40 % is left",
    data: { left: 40 },
    measured: 1,
  });
});

it("fails with the reason when its check fails", async () => {
  const { run } = await judged([{ verdict: "fail", reason: "nothing is left" }]);
  expect(run.status).toBe("failed");
  expect(run.stages[0]?.error).toMatchObject({
    code: "check-failed",
    message: "error-budget failed: nothing is left",
  });
});

it("fails with a code of its own when its check cannot tell, and passes where that is asked for", async () => {
  const answers: Answer[] = [{ verdict: "inconclusive", reason: "3 requests are too few" }];
  const failed = await judged(answers);
  expect(failed.run.stages[0]?.error).toMatchObject({
    code: "check-inconclusive",
    message: "error-budget was inconclusive: 3 requests are too few",
  });
  const passed = await judged(answers, { onInconclusive: "pass" });
  expect(passed.run.status).toBe("succeeded");
  expect(passed.run.stages[0]?.output).toMatchObject({ verdict: "inconclusive" });
});

it("measures as often as it is told, and lets as many fail as may", async () => {
  const bad: CheckResult = { verdict: "fail", reason: "p99 is 900 ms" };
  const good: CheckResult = { verdict: "pass" };
  const limits = { times: 3, every: "1m", delay: "10s", failureLimit: 1 } as const;
  const passed = await judged([good, bad, good], limits);
  expect(passed.run.stages[0]?.output).toEqual({ verdict: "pass", measured: 3 });
  expect(passed.seconds).toEqual([10, 70, 130]);
  const failed = await judged([bad, bad], limits);
  expect(failed.run.stages[0]?.error?.message).toBe(
    "error-budget failed: p99 is 900 ms (2 of 2 measurements failed)",
  );
});

it("repeats a measurement that came to nothing, and gives up after so many errors", async () => {
  const down = new Error("the metrics cannot be reached");
  const passed = await judged([down, down, { verdict: "pass" }]);
  expect(passed.run.status).toBe("succeeded");
  expect(passed.seconds).toEqual([0, 5, 15]);
  const failed = await judged([down, down], { errorLimit: 1 });
  expect(failed.run.stages[0]?.error).toMatchObject({
    code: "check-inconclusive",
    message: "error-budget could not be measured: the metrics cannot be reached (2 errors in a row)",
  });
  const harsh = await judged([down], { errorLimit: 0, onError: "fail" });
  expect(harsh.run.stages[0]?.error?.code).toBe("check-failed");
});

it("counts an answer that is none as an error", async () => {
  const wrong = { verdict: "good" } as unknown as CheckResult;
  const { run } = await judged([wrong], { errorLimit: 0 });
  expect(run.stages[0]?.error?.message).toContain('"good" is not one of pass, fail, inconclusive');
});

it("does not measure again after a crash what was measured before", async () => {
  const clock = virtualClock();
  const engine = memory();
  const measured: number[] = [];
  const budget = checkStage({
    name: "error-budget",
    times: 3,
    every: "10m",
    run: ({ measurement }) => {
      measured.push(measurement);
      return { verdict: "pass" };
    },
  });
  const checked = pipeline("checked").stage("budget left?", budget, () => null);
  const first = createDelivery({ engine, clock, pipelines: [checked] });
  const { id } = await clock.drive(first.start(checked, null));
  await clock.advance(15 * 60_000);
  expect(measured).toEqual([1, 2]);
  await clock.drive(first.close());
  const second = createDelivery({ engine, clock, pipelines: [checked] });
  const again = await clock.drive(second.run(id));
  expect(await clock.drive(again.outcome())).toBe("succeeded");
  expect(measured).toEqual([1, 2, 3]);
  await clock.drive(second.close());
});

it("does not take its being stopped for an error of the measurement", async () => {
  const clock = virtualClock();
  const slow = checkStage({
    name: "slow",
    run: async ({ sleep }) => {
      await sleep(3_600_000);
      return { verdict: "pass" };
    },
  });
  const delivery = createDelivery({ engine: memory(), clock });
  const run = await clock.drive(
    delivery.start(
      pipeline("checked").stage("slow", slow, () => null),
      null,
    ),
  );
  await clock.advance(1000);
  await clock.drive(run.cancel({ actor: "ana" }));
  expect(await clock.drive(run.outcome())).toBe("cancelled");
  expect(Object.keys((await run.state()).stages[0] ?? {})).not.toContain("steps");
  const events = [];
  for await (const event of run.events()) events.push(event.type);
  expect(events).not.toContain("stage-step-recorded");
  await clock.drive(delivery.close());
});

const problemsOf = (check: object): readonly string[] => {
  try {
    checkStage(check as StageCheck<null>);
    return [];
  } catch (error) {
    return (error as ConfigurationError).problems;
  }
};
const passes = (): CheckResult => ({ verdict: "pass" });

it("says all that is wrong with a check that is to be a stage, at once", () => {
  expect(problemsOf({ name: "", run: 1 })).toEqual([
    "check: is needed (write the check that defineCheck made, or its name)",
  ]);
  expect(problemsOf({ name: "x", run: passes, times: 2, onInconclusive: "maybe", timeout: "1m" })).toEqual([
    'every: is needed where there are 2 measurements (write every: "1m")',
    'timeout: is the stage\'s own (write .stage(…, { timeout: "10m" }))',
    'onInconclusive: "maybe" is unknown (write "fail" or "pass")',
  ]);
  expect(problemsOf({ name: "x", run: passes, tries: 2 })[0]).toContain("tries: is not an option");
});

const either = ({ input }: MeasureContext<{ most: number }>): CheckResult => ({
  verdict: input.most > 0 ? "pass" : "fail",
});

it("takes a function that judges candidates as well", () => {
  const inRollouts: Check<{ most: number }> = defineCheck({ name: "both", run: either });
  expect(checkStage({ name: "both", run: either }).type).toBe(inRollouts.name);
});

const tell = defineStage({ type: "tell", run: ({ input }: StageContext<{ text: string }>) => input.text });

it("computes values once, and hands them to every stage after it", async () => {
  let calls = 0;
  const delivery = createDelivery();
  const valued = pipeline<{ image: string }>("valued")
    .stage("vars", evaluate, ({ input }) => ({
      tag: input.image.split(":")[1] ?? "latest",
      call: (calls += 1),
    }))
    .stage("a", tell, ({ outputs }) => ({ text: `${outputs.vars.tag} ${outputs.vars.call}` }))
    .stage("b", tell, ({ outputs }) => ({ text: `${outputs.vars.tag} ${outputs.vars.call}` }));
  const run = await delivery.start(valued, { image: "shop:v2" });
  expect(await run.outcome()).toBe("succeeded");
  expect((await run.state()).stages.map(({ output }) => output)).toEqual([
    { tag: "v2", call: 1 },
    "v2 1",
    "v2 1",
  ]);
  await delivery.close();
});

it.each([
  [
    "a reference to a secret",
    () => ({ key: secret("chat/token") }),
    'secret("chat/token"): is not for evaluate',
  ],
  ["what is not JSON", () => ({ at: new Map() }) as never, "input.at: a Map is not JSON"],
  [
    "an error in its function",
    (): never => {
      throw new Error("no tag");
    },
    "its input function threw: no tag",
  ],
])("fails on %s, and says so", async (_, make, message) => {
  const delivery = createDelivery();
  const run = await delivery.start(
    pipeline("valued").stage("vars", evaluate, make as () => object as never),
    null,
  );
  expect(await run.outcome()).toBe("failed");
  expect((await run.state()).stages[0]?.error?.message).toContain(message);
  await delivery.close();
});
