import { expect, it } from "vitest";
import {
  createDelivery,
  judgement,
  type JudgementInput,
  pipeline,
  type RunHandle,
  wait,
} from "../../src/index.ts";

interface Asked {
  readonly run: RunHandle;
  readonly close: () => Promise<void>;
}

async function asked(input: JudgementInput): Promise<Asked> {
  const asking = pipeline("asking")
    .stage("cut over?", judgement, () => input)
    .stage("then", wait, () => ({ for: "0s" }));
  const delivery = createDelivery();
  const run = await delivery.start(asking, null, { actor: "ana" });
  for await (const event of run.events()) if (event.type === "judgement-requested") break;
  return { run, close: () => delivery.close() };
}

it("waits for as many different people as must approve, and says who they were", async () => {
  const { run, close } = await asked({ roles: ["qa"], approvals: 3 });
  await run.judge("cut over?", { verdict: "pass", actor: "rui" });
  await run.judge("cut over?", { verdict: "pass", actor: "rui" });
  await run.judge("cut over?", { verdict: "pass", actor: "eva", reason: "p99 is fine" });
  const [open] = (await run.state()).stages;
  expect(open?.judgement?.approvals).toBe(3);
  expect(open?.judgement?.approvedBy?.map(({ actor }) => actor)).toEqual(["rui", "eva"]);
  await run.judge("cut over?", { verdict: "pass", actor: "bob" });
  expect(await run.outcome()).toBe("succeeded");
  expect((await run.state()).stages[0]?.output).toMatchObject({
    verdict: "pass",
    actor: "bob",
    approvedBy: [{ actor: "rui" }, { actor: "eva", reason: "p99 is fine" }],
  });
  await close();
});

it("fails at the first fail, whoever approved before", async () => {
  const { run, close } = await asked({ roles: ["qa"], approvals: 2 });
  await run.judge("cut over?", { verdict: "pass", actor: "rui" });
  await run.judge("cut over?", { verdict: "fail", actor: "eva", reason: "errors in eu" });
  expect(await run.outcome()).toBe("failed");
  expect((await run.state()).stages[0]?.error?.message).toBe("eva judged it a fail: errors in eu");
  await close();
});

it("refuses the one who started the run where that is asked for", async () => {
  const { run, close } = await asked({ roles: ["qa"], excludeStarter: true });
  await expect(run.judge("cut over?", { verdict: "pass", actor: "ana" })).rejects.toThrow(
    "ana started the run: somebody else must answer",
  );
  await run.judge("cut over?", { verdict: "pass", actor: "rui" });
  expect(await run.outcome()).toBe("succeeded");
  await close();
});

it("lets an approval choose, and later stages see what", async () => {
  const { run, close } = await asked({ roles: ["qa"], choices: ["eu first", "us first"] });
  await expect(run.judge("cut over?", { verdict: "pass", actor: "rui" })).rejects.toThrow(
    "choice: is missing; choose one of eu first, us first",
  );
  await expect(run.judge("cut over?", { verdict: "pass", actor: "rui", choice: "eu frist" })).rejects.toThrow(
    '(did you mean "eu first"?)',
  );
  await run.judge("cut over?", { verdict: "pass", actor: "rui", choice: "eu first" });
  expect(await run.outcome()).toBe("succeeded");
  expect((await run.state()).stages[0]?.output).toMatchObject({ choice: "eu first" });
  await close();
});

it("needs several people to choose the same, and lets each change their mind", async () => {
  const { run, close } = await asked({ roles: ["qa"], approvals: 2, choices: ["eu", "us"] });
  await run.judge("cut over?", { verdict: "pass", actor: "rui", choice: "eu" });
  await run.judge("cut over?", { verdict: "pass", actor: "eva", choice: "us" });
  expect((await run.state()).stages[0]?.status).toBe("running");
  await run.judge("cut over?", { verdict: "pass", actor: "rui", choice: "us" });
  expect(await run.outcome()).toBe("succeeded");
  expect((await run.state()).stages[0]?.output).toMatchObject({ actor: "rui", choice: "us" });
  await close();
});

it("refuses a choice where none is to be made", async () => {
  const { run, close } = await asked({ roles: ["qa"] });
  await expect(run.judge("cut over?", { verdict: "pass", actor: "rui", choice: "eu" })).rejects.toThrow(
    'choice: "eu" was not asked for; leave it out',
  );
  await run.cancel();
  await close();
});

it("does not let a click on an old button answer another question", async () => {
  const { run, close } = await asked({ roles: ["qa"] });
  await expect(
    run.judge("cut over?", { verdict: "pass", actor: "rui", judgement: "prod/approve/1" }),
  ).rejects.toThrow("the question prod/approve/1 is not open any more");
  await run.judge("cut over?", { verdict: "pass", actor: "rui", judgement: "cut over?" });
  expect(await run.outcome()).toBe("succeeded");
  await close();
});

it("says what is wrong with a question, all at once", async () => {
  const bad = { roles: [], approvals: 0, choices: [""], onTimeout: "maybe" } as unknown as JudgementInput;
  const asking = pipeline("asking").stage("cut over?", judgement, () => bad);
  const delivery = createDelivery();
  const run = await delivery.start(asking, null);
  expect(await run.outcome()).toBe("failed");
  const message = (await run.state()).stages[0]?.error?.message ?? "";
  for (const field of ["roles:", "approvals:", "choices:", 'onTimeout: "maybe"', "without a timeout"])
    expect(message).toContain(field);
  await delivery.close();
});
