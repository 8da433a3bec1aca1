import { expect, it } from "vitest";
import { createDelivery, judgement, pipeline, type RunHandle } from "../../src/index.ts";

const asking = pipeline("asking").stage("cut over?", judgement, () => ({
  roles: ["qa"],
  instructions: "look at p99",
}));

async function asked(): Promise<{ run: RunHandle; close: () => Promise<void> }> {
  const delivery = createDelivery();
  const run = await delivery.start(asking, null);
  for await (const event of run.events()) if (event.type === "judgement-requested") break;
  return { run, close: () => delivery.close() };
}

it("waits for a person, and shows what is asked of whom", async () => {
  const { run, close } = await asked();
  expect((await run.state()).stages[0]?.judgement).toEqual({
    judgement: "cut over?",
    roles: ["qa"],
    instructions: "look at p99",
  });
  await run.judge("cut over?", { verdict: "pass", actor: "rui", reason: "fine" });
  expect(await run.outcome()).toBe("succeeded");
  expect((await run.state()).stages[0]?.output).toMatchObject({
    verdict: "pass",
    actor: "rui",
    reason: "fine",
  });
  await close();
});

it("says who was quicker when an answer comes too late", async () => {
  const { run, close } = await asked();
  await run.judge("cut over?", { verdict: "fail", actor: "rui" });
  await expect(run.judge("cut over?", { verdict: "pass", actor: "ana" })).rejects.toThrow(
    /asks nothing now: rui answered fail at 20/,
  );
  expect(await run.outcome()).toBe("failed");
  await close();
});

it("refuses an answer of somebody without the role, and of a stage that does not exist", async () => {
  const { run, close } = await asked();
  await expect(run.judge("cut over?", { verdict: "pass", actor: "bob", roles: ["dev"] })).rejects.toThrow(
    "bob is not one of qa",
  );
  await expect(run.judge("cut ovr?", { verdict: "pass", actor: "rui" })).rejects.toThrow(
    'did you mean "cut over?"',
  );
  await run.judge("cut over?", { verdict: "pass", actor: "rui", roles: ["qa", "dev"] });
  expect(await run.outcome()).toBe("succeeded");
  await close();
});
