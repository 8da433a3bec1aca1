// What is said of acts that cannot be done, and that nothing is recorded of them.
import { afterEach, expect, it } from "vitest";
import {
  createDelivery,
  defineStage,
  type Delivery,
  judgement,
  pipeline,
  type RunHandle,
  runPipeline,
  wait,
} from "../../src/index.ts";

const open: Delivery[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((delivery) => delivery.close()));
});
const fails = defineStage({
  type: "fails",
  run: () => {
    throw new Error("disk full");
  },
});
const below = pipeline("below").stage("rest", wait, () => ({ for: "1h" as const }));
const asking = pipeline("asking")
  .stage("ok?", judgement, () => ({ roles: ["qa"] }), { skippable: true })
  .stage("run below", runPipeline(below), () => null, { after: [], skippable: true })
  .stage("broken", fails, () => null, { after: [], onFailure: "continue" })
  .finally("report", fails, () => null);

async function started(): Promise<{ readonly run: RunHandle; readonly delivery: Delivery }> {
  const delivery = createDelivery({ pipelines: [below] });
  open.push(delivery);
  const run = await delivery.start(asking, null, { actor: "ana" });
  const waited = new Set(["judgement-requested", "stage-run-started", "stage-failed"]);
  for await (const { type } of run.events()) if (waited.delete(type) && waited.size === 0) break;
  return { run, delivery };
}

it.for<[string, (run: RunHandle, delivery: Delivery) => Promise<unknown>, string]>([
  [
    "an answer without a name",
    (run) => run.judge("ok?", { verdict: "pass", actor: " " }),
    "actor: is missing; say who answers",
  ],
  [
    "an answer that is none",
    (run) => run.judge("ok?", { verdict: "yes" as "pass", actor: "a" }),
    '"yes" is not one of pass, fail, inconclusive; nothing was recorded',
  ],
  [
    "an answer to nobody's question",
    (run) => run.judge("broken", { verdict: "pass", actor: "a" }),
    "asks nothing now: it is failed",
  ],
  [
    "an answer for a stage that is not there",
    (run) => run.judge("ok", { verdict: "pass", actor: "a" }),
    'no stage is called "ok" (did you mean "ok?"?)',
  ],
  ["a promotion of nothing", (run) => run.promote("ok?"), "has no rollout on its way forward"],
  [
    "an override without a name and a reason",
    (run) => run.override("ok?", { actor: "", reason: "" }),
    "actor: is missing; say who lets it begin",
  ],
  [
    "an override without a reason",
    (run) => run.override("ok?", { actor: "a", reason: " " }),
    "reason: is missing; say why it cannot wait",
  ],
  [
    "an override of what is not held",
    (run) => run.override("ok?", { actor: "a", reason: "b" }),
    "is not held by its windows: it is running",
  ],
  [
    "a skip of a stage that may not be",
    (run) => run.skip("broken"),
    "its pipeline does not say { skippable: true }",
  ],
  ["a skip of a run below", (run) => run.skip("run below"), "cancel that run instead"],
  [
    "a retry of what clears up",
    (run) => run.retryFrom("report"),
    "clears up after others: retry from a stage of the ordinary course",
  ],
  ["a retry of what goes on", (run) => run.retryFrom("ok?"), "is running, and its run goes on"],
  [
    "a cancel of an unknown kind",
    (run) => run.cancel({ mode: "hard" as "forced" }),
    'mode: "hard" is not one of graceful, forced; nothing was recorded',
  ],
  [
    "a restart of what is not over",
    (run, delivery) => delivery.restart(run.id),
    "is not over: cancel it first, then start it anew",
  ],
  [
    "a switch without a reason",
    (_, delivery) => delivery.disable(below, { reason: "" }),
    "reason: is missing; whoever is refused will ask for it",
  ],
])("refuses %s, and records nothing", async ([, act, message]) => {
  const { run, delivery } = await started();
  const before = (await run.state()).stages;
  await expect(act(run, delivery)).rejects.toThrow(message);
  expect((await run.state()).stages).toEqual(before);
});

it("says that the delivery was closed to whoever waits for a run, and to whoever starts one", async () => {
  const { run, delivery } = await started();
  const outcome = run.outcome().catch((error: Error) => error.message);
  await new Promise((resolve) => setImmediate(resolve));
  await delivery.close();
  expect(await outcome).toContain("the delivery was closed before the run was over");
  await expect(delivery.start(asking, null)).rejects.toThrow("the delivery was closed");
});
