// The catalogue of events is the log's format: every type in it is emitted by some run, and no run emits another.
import {
  createDelivery,
  defineCheck,
  defineStage,
  type EventType,
  judgement,
  memory,
  pipeline,
  runPipeline,
  wait,
} from "@gennaker/core";
import { canary, highlander, redBlack } from "@gennaker/strategies";
import { expect, it } from "vitest";
import { simulatedCloud, virtualClock } from "../src/index.ts";

const CATALOGUE: Record<EventType, true> = {
  "run-started": true,
  "run-parked": true,
  "run-unparked": true,
  "run-paused": true,
  "run-resumed": true,
  "run-cancel-requested": true,
  "run-timed-out": true,
  "run-retried": true,
  "plan-expanded": true,
  "run-finished": true,
  "run-queued": true,
  "run-admitted": true,
  "stage-started": true,
  "stage-queued": true,
  "stage-admitted": true,
  "stage-progressed": true,
  "stage-step-recorded": true,
  "stage-retried": true,
  "stage-succeeded": true,
  "stage-failed": true,
  "stage-cancelled": true,
  "stage-skipped": true,
  "stage-bypassed": true,
  "stage-timed-out": true,
  "stage-run-started": true,
  "stage-superseded": true,
  "stage-held": true,
  "stage-released": true,
  "stage-windows-overridden": true,
  "wait-started": true,
  "judgement-requested": true,
  "judgement-approved": true,
  "judgement-answered": true,
  "judgement-expired": true,
  "rollout-planned": true,
  "rollout-claimed": true,
  "rollout-phase-started": true,
  "rollout-phase-reached": true,
  "rollout-phase-lost": true,
  "rollout-phase-promoted": true,
  "rollout-promoted-fully": true,
  "rollout-preview-available": true,
  "check-opened": true,
  "check-measured": true,
  "check-closed": true,
  "rollout-size-raised": true,
  "rollout-candidate-found": true,
  "rollout-baseline-found": true,
  "rollout-baseline-gone": true,
  "rollout-command-sent": true,
  "rollout-command-settled": true,
  "traffic-shifted": true,
  "rollout-observed": true,
  "rollout-paused": true,
  "rollout-turned-back": true,
  "rollout-finished": true,
  "rollout-healed": true,
  "pipeline-disabled": true,
  "pipeline-enabled": true,
};

const busy = defineStage({
  type: "busy",
  retry: { attempts: 2, delay: "1s" },
  run: async ({ attempt, progress, step }) => {
    await progress("half way", 0.5);
    await step("ticket", () => "T-1");
    if (attempt === 1) throw Object.assign(new Error("busy"), { retryable: true });
    return null;
  },
});
const smoke = defineCheck({ name: "smoke", run: () => ({ verdict: "pass" }) });
const chores = pipeline("chores")
  .stage("pause", wait, () => ({ for: "1m" }))
  .stage("call", busy, () => null)
  .stage("ok?", judgement, () => ({ roles: ["qa"], timeout: "1h", approvals: 2 }))
  .stage("never", busy, () => null);

// Closed for a minute; and for ever.
const shut = { closed: (now: number) => (now < opens ? { reason: "shut", opensAt: opens } : undefined) };
const sealed = { closed: () => ({ reason: "sealed" }) };
let opens = 0;
const bound = pipeline("bound")
  .stage("wait for it", wait, () => ({ for: "1s" }), { windows: shut })
  .stage("let it", wait, () => ({ for: "1s" }), { windows: sealed });
const below = pipeline("below").stage("pause", wait, () => ({ for: "1h" }));
const extras = pipeline("extras", { timeout: "1m" })
  .stage("not needed", busy, () => null, { when: () => false })
  .expand(
    "list",
    () => ["a"],
    busy,
    () => null,
  )
  .stage("below", runPipeline(below), () => null);
const alone = pipeline("alone", { concurrency: {} }).stage("nap", wait, () => ({ for: "1m" }));

it("emits every type of the catalogue, and no other", async () => {
  const clock = virtualClock();
  const cloud = simulatedCloud({ clock });
  cloud.behaviour(() => ({ bootMs: 2000 }));
  const provider = cloud.provider({ preview: true });
  const cluster = provider.cluster("shop");
  cloud.seed(cluster, [{ size: 3, share: 100 }]);
  const log = memory();
  const first = createDelivery({ engine: log, clock });
  const parked = await clock.drive(first.start(chores, null));
  await clock.drive(first.close());

  const delivery = createDelivery({ engine: log, clock, providers: [provider] });
  const inPhase = (phase: string): Promise<void> => {
    let there = false;
    delivery.on("rollout-phase-started", (event) => {
      there ||= event.phase === phase;
    });
    return clock.runUntil(() => there);
  };
  const strategy = redBlack({ soak: "10m", deadline: "1m", gate: [{ roles: ["qa"] }, { check: smoke }] });
  await clock.advance(120_000);
  let asked = false;
  delivery.on("judgement-requested", () => {
    asked = true;
  });
  delivery.register(chores);
  const again = await clock.drive(delivery.run(parked.id));
  await clock.runUntil(() => asked);
  await clock.drive(again.judge("ok?", { verdict: "pass", actor: "rui" }));
  await clock.drive(again.outcome());

  // Paused, judged twice, grown, promoted, sick beyond cure, failed, healed.
  const deploy = await clock.drive(delivery.deploy({ cluster, release: 1, strategy }));
  const next = await clock.drive(
    delivery.deploy({ cluster, release: 2, strategy: highlander(), onBusy: "queue" }),
  );
  await inPhase("launch");
  await clock.advance(5000);
  await clock.drive(next.cancel());
  cloud.scaleExternally(cluster, "shop-v001", 4);
  await clock.advance(30_000);
  await clock.drive(deploy.judge("deploy", { verdict: "inconclusive", actor: "rui" }));
  await clock.drive(deploy.pause());
  await clock.advance(1000);
  await clock.drive(deploy.resume());
  await clock.advance(1000);
  await clock.drive(deploy.judge("deploy", { verdict: "pass", actor: "rui" }));
  await inPhase("soak");
  await clock.drive(deploy.promote("deploy"));
  await clock.drive(deploy.promote("deploy", { full: true }));
  cloud.sicken(cluster, "shop-v001");
  cloud.sicken(cluster, "shop-v002");
  await clock.drive(deploy.outcome());
  cloud.heal(cluster, "shop-v001");
  await clock.advance(60_000);

  const compared = canary({ steps: [25], baseline: true });
  const last = await clock.drive(delivery.deploy({ cluster, release: 3, strategy: compared }));
  expect(await clock.drive(last.outcome())).toBe("succeeded");
  // Passed by, expanded, out of time, retried; switched off and on.
  const out = await clock.drive(delivery.start(extras, null));
  await clock.drive(out.outcome());
  await clock.drive(out.retryFrom("below"));
  await clock.drive(out.outcome());
  await clock.drive(delivery.disable(extras, { reason: "freeze" }));
  await clock.drive(delivery.enable(extras));
  // Held, released, and let begin all the same.
  opens = clock.now() + 60_000;
  const outside = await clock.drive(delivery.start(bound, null));
  await clock.advance(120_000);
  await clock.drive(outside.override("let it", { actor: "ana", reason: "now" }));
  await clock.drive(outside.outcome());

  // Superseded, and in a queue of runs.
  const third = await clock.drive(delivery.deploy({ cluster, release: 3, strategy }));
  await inPhase("launch");
  await clock.drive(delivery.deploy({ cluster, release: 4, strategy }));
  await clock.drive(third.outcome());
  await clock.drive(delivery.start(alone, null));
  await clock.drive((await clock.drive(delivery.start(alone, null))).outcome());

  const seen = new Set((await log.scan(0, 10_000)).map(({ type }) => type));
  expect([...seen].toSorted()).toEqual(Object.keys(CATALOGUE).toSorted());
});
