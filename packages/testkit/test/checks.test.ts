// Checks as operators use them: the real engine and the simulated cloud in virtual time.
import {
  type CheckContext,
  type CheckResult,
  type CheckUse,
  createDelivery,
  defineCheck,
  defineStage,
  type Delivery,
  type Engine,
  type Event,
  type EventType,
  memory,
  type RunHandle,
  stageGate,
  type Strategy,
} from "@gennaker/core";
import { canary, redBlack } from "@gennaker/strategies";
import { describe, expect, it } from "vitest";
import { type SimulatedCloud, simulatedCloud, virtualClock, type VirtualClock } from "../src/index.ts";

type Answer = CheckResult | Error | "hangs";

/** A check that answers as told, in turn; the last answer stands. */
function scripted(name: string, ...answers: readonly Answer[]) {
  const contexts: CheckContext<unknown>[] = [];
  const check = defineCheck<unknown>({
    name,
    async run(context) {
      const answer = answers[Math.min(contexts.push(context), answers.length) - 1] as Answer;
      if (answer === "hangs") return new Promise<CheckResult>(() => {});
      if (answer instanceof Error) throw answer;
      return answer;
    },
  });
  return { check, contexts };
}

const PASS: CheckResult = { verdict: "pass" };
const FAIL: CheckResult = { verdict: "fail", reason: "7 % of requests failed", data: { rate: 7 } };
const UNCLEAR: CheckResult = { verdict: "inconclusive", reason: "too few requests" };

function bed(
  options: { readonly engine?: Engine; readonly clock?: VirtualClock; readonly cloud?: SimulatedCloud } = {},
) {
  const clock = options.clock ?? virtualClock();
  const cloud = options.cloud ?? simulatedCloud({ clock });
  cloud.behaviour(() => ({ bootMs: 2000 }));
  const provider = cloud.provider({ preview: true });
  const cluster = provider.cluster("shop-api");
  if (!options.cloud) cloud.seed(cluster, [{ size: 4, share: 100, release: "v1" }]);
  const engine = options.engine ?? memory();
  const delivery = createDelivery({ engine, clock, providers: [provider], strategies: [canary, redBlack] });
  return {
    clock,
    cloud,
    delivery,
    engine,
    deploy: (strategy: Strategy) => clock.drive(delivery.deploy({ cluster, release: "v2", strategy })),
    groups: () =>
      cloud.world(cluster).groups.map(({ name, healthy, share }) => `${name} ${healthy} ${share} %`),
  };
}

async function eventsOf(engine: Engine, run: RunHandle): Promise<readonly Event[]> {
  return engine.read(run.id, 0, 10_000);
}

async function of<T extends EventType>(
  engine: Engine,
  run: RunHandle,
  type: T,
): Promise<Extract<Event, { readonly type: T }>[]> {
  return (await eventsOf(engine, run)).filter(
    (event): event is Extract<Event, { readonly type: T }> => event.type === type,
  );
}

async function until(clock: VirtualClock, delivery: Delivery, type: EventType): Promise<void> {
  let seen = false;
  const off = delivery.on(type, () => {
    seen = true;
  });
  await clock.runUntil(() => seen);
  off();
}

const step = (gate: CheckUse) => canary({ steps: [{ weight: 25, gate }] });

const beside = (check: CheckUse["check"]) =>
  canary({ steps: [{ weight: 25, hold: "10m" }], soak: "10m", analysis: { check, every: "1m" } });

const slow = (check: CheckUse["check"]) =>
  canary({
    steps: [
      { weight: 25, hold: "until-promoted" },
      { weight: 50, gate: { check } },
    ],
    soak: "1d",
    analysis: { check, every: "1h" },
  });

describe("a check as the gate of a canary's step", () => {
  it("lets it go on when it passes, and records what it measured", async () => {
    const { clock, deploy, engine } = bed();
    const { check, contexts } = scripted("error-rate", { ...PASS, data: { rate: 0.1 } });
    const run = await deploy(step({ check, input: { most: 1 } }));
    expect(await clock.drive(run.outcome())).toBe("succeeded");
    expect(contexts).toHaveLength(1);
    expect(contexts[0]).toMatchObject({
      input: { most: 1 },
      release: "v2",
      stable: { name: "shop-api-v001", share: 75 },
      candidate: { name: "shop-api-v002", share: 25, healthy: 1 },
      phase: "canary 25 %",
      measurement: 1,
    });
    const gate = "deploy/canary 25 %/1";
    expect(await of(engine, run, "check-opened")).toMatchObject([
      { gate, check: "error-rate", input: { most: 1 }, phase: "canary 25 %" },
    ]);
    expect(await of(engine, run, "check-measured")).toMatchObject([
      { gate, measurement: 1, verdict: "pass", data: { rate: 0.1 } },
    ]);
    expect(await of(engine, run, "check-closed")).toMatchObject([{ gate, verdict: "pass" }]);
  });

  it("leads back when it fails, with its reason", async () => {
    const { clock, deploy, groups } = bed();
    const run = await deploy(step({ check: scripted("error-rate", FAIL).check }));
    expect(await clock.drive(run.outcome())).toBe("rolled-back");
    expect(groups()).toEqual(["shop-api-v001 4 100 %"]);
    expect((await clock.drive(run.state())).reason).toContain(
      "canary 25 %: error-rate failed: 7 % of requests failed",
    );
  });

  it("is measured as often as asked, a while apart, and may fail as often as its limit says", async () => {
    const { clock, deploy, engine } = bed();
    const { check } = scripted("error-rate", PASS, FAIL, PASS);
    const run = await deploy(step({ check, times: 3, every: "1m", failureLimit: 1 }));
    expect(await clock.drive(run.outcome())).toBe("succeeded");
    const at = (await of(engine, run, "check-measured")).map((event) => event.at);
    expect(at.map((instant) => instant - (at[0] ?? 0))).toEqual([0, 60_000, 120_000]);
  });

  it("does not take an error of the measurement for a failure of the release", async () => {
    const { clock, deploy, engine } = bed();
    const down = new Error("connect ECONNREFUSED");
    const run = await deploy(step({ check: scripted("error-rate", down, down, PASS).check }));
    expect(await clock.drive(run.outcome())).toBe("succeeded");
    const measured = await of(engine, run, "check-measured");
    expect(measured.map(({ verdict }) => verdict)).toEqual(["error", "error", "pass"]);
    const at = measured.map((event) => event.at - (measured[0]?.at ?? 0));
    expect(at).toEqual([0, 5000, 15_000]);
  });

  it("pauses when it cannot be measured, and measures afresh when the run is resumed", async () => {
    const { clock, deploy, delivery, engine } = bed();
    const down = new Error("connect ECONNREFUSED");
    const run = await deploy(step({ check: scripted("error-rate", down, down, PASS).check, errorLimit: 1 }));
    await until(clock, delivery, "rollout-paused");
    expect((await of(engine, run, "rollout-paused"))[0]?.reason).toContain(
      "canary 25 %: error-rate could not be measured: connect ECONNREFUSED",
    );
    await clock.advance(3_600_000);
    await clock.drive(run.resume({ actor: "ana" }));
    expect(await clock.drive(run.outcome())).toBe("succeeded");
    const opened = (await of(engine, run, "check-opened")).map(({ gate }) => gate);
    expect(new Set(opened).size).toBe(2);
    expect((await of(engine, run, "check-measured")).at(-1)).toMatchObject({
      gate: opened[1],
      measurement: 1,
    });
  });

  it("leads back when it cannot be measured and that was asked for", async () => {
    const { clock, deploy } = bed();
    const run = await deploy(
      step({
        check: scripted("error-rate", new Error("no such metric")).check,
        errorLimit: 0,
        onError: "fail",
      }),
    );
    expect(await clock.drive(run.outcome())).toBe("rolled-back");
    expect((await clock.drive(run.state())).reason).toContain("could not be measured: no such metric");
  });

  it("pauses on an inconclusive measurement", async () => {
    const { clock, deploy, delivery } = bed();
    const run = await deploy(step({ check: scripted("error-rate", UNCLEAR, FAIL).check }));
    await until(clock, delivery, "rollout-paused");
    await clock.drive(run.resume());
    expect(await clock.drive(run.outcome())).toBe("rolled-back");
  });

  it("counts a measurement that takes too long as an error, and stops it", async () => {
    const { clock, deploy, engine } = bed();
    const { check, contexts } = scripted("error-rate", "hangs", PASS);
    const run = await deploy(step({ check, timeout: "30s" }));
    expect(await clock.drive(run.outcome())).toBe("succeeded");
    expect(contexts[0]?.signal.aborted).toBe(true);
    expect((await of(engine, run, "check-measured"))[0]).toMatchObject({
      verdict: "error",
      reason: "check error-rate did not answer within 30 s",
    });
  });

  it("takes an answer that is none for an error", async () => {
    const { clock, deploy, engine } = bed();
    const odd = { verdict: "maybe" } as unknown as CheckResult;
    const run = await deploy(step({ check: scripted("error-rate", odd, PASS).check }));
    expect(await clock.drive(run.outcome())).toBe("succeeded");
    expect((await of(engine, run, "check-measured"))[0]?.reason).toContain(
      'verdict: "maybe" is not one of pass, fail, inconclusive',
    );
  });

  it("is stopped when the run is cancelled", async () => {
    const { clock, deploy, delivery } = bed();
    const { check, contexts } = scripted("error-rate", "hangs");
    const run = await deploy(step({ check }));
    await until(clock, delivery, "check-opened");
    await clock.advance(1000);
    expect(contexts[0]?.signal.aborted).toBe(false);
    await clock.drive(run.cancel({ actor: "ana" }));
    expect(await clock.drive(run.outcome())).toBe("cancelled");
    expect(contexts[0]?.signal.aborted).toBe(true);
  });

  it("is not begun while the run is paused, and that time does not count", async () => {
    const { clock, deploy, delivery } = bed();
    const { check, contexts } = scripted("error-rate", PASS);
    const run = await deploy(step({ check, times: 2, every: "10m" }));
    await until(clock, delivery, "check-measured");
    await clock.drive(run.pause());
    await clock.advance(3_600_000);
    expect(contexts).toHaveLength(1);
    await clock.drive(run.resume());
    await clock.advance(500_000);
    expect(contexts).toHaveLength(1);
    await clock.advance(200_000);
    expect(contexts).toHaveLength(2);
    expect(await clock.drive(run.outcome())).toBe("succeeded");
  });
});

describe("after a crash", () => {
  it("a check is measured again, and the first life's answer does not count", async () => {
    const engine = memory();
    const first = bed({ engine });
    const hanging = scripted("error-rate", "hangs");
    const run = await first.deploy(step({ check: hanging.check }));
    await until(first.clock, first.delivery, "check-opened");
    await first.clock.advance(1000);
    await first.clock.drive(first.delivery.close());
    expect(hanging.contexts[0]?.signal.aborted).toBe(true);

    const { check, contexts } = scripted("error-rate", PASS);
    const { clock, cloud } = first;
    const delivery = createDelivery({
      engine,
      clock,
      providers: [cloud.provider()],
      strategies: [canary],
      checks: [check],
    });
    const again = await clock.drive(delivery.run(run.id));
    expect(await clock.drive(again.outcome())).toBe("succeeded");
    expect(contexts.map(({ measurement }) => measurement)).toEqual([1]);
    expect(await of(engine, run, "check-measured")).toHaveLength(1);
  });

  it("a run whose check is not registered is parked, says what to register, and goes back when cancelled", async () => {
    const engine = memory();
    const first = bed({ engine });
    const run = await first.deploy(step({ check: scripted("error-rate", "hangs").check }));
    await until(first.clock, first.delivery, "check-opened");
    await first.clock.drive(first.delivery.close());

    const { clock, cloud } = first;
    const delivery = createDelivery({ engine, clock, providers: [cloud.provider()], strategies: [canary] });
    const again = await clock.drive(delivery.run(run.id));
    await until(clock, delivery, "run-parked");
    expect((await clock.drive(again.state())).parked).toBe(
      'check "error-rate" is not registered here: pass it to createDelivery({ checks: […] })',
    );
    await clock.drive(again.cancel());
    expect(await clock.drive(again.outcome())).toBe("cancelled");
  });
});

it("parks a deploy whose check is nowhere, before anything is changed", async () => {
  const { clock, deploy, delivery, groups } = bed();
  const run = await deploy(step({ check: "error-rate" }));
  await until(clock, delivery, "run-parked");
  expect(groups()).toEqual(["shop-api-v001 4 100 %"]);
  await clock.drive(run.cancel());
  expect(await clock.drive(run.outcome())).toBe("cancelled");
});

const smoke = (run: () => Promise<string>) => defineStage<{ path: string }, string>({ type: "smoke", run });

describe("a stage as a gate", () => {
  it("passes when it succeeds", async () => {
    const { clock, deploy, engine } = bed();
    const run = await deploy(
      redBlack({
        gate: stageGate(
          smoke(async () => "200 OK"),
          { path: "/" },
        ),
      }),
    );
    expect(await clock.drive(run.outcome())).toBe("succeeded");
    expect(await of(engine, run, "check-measured")).toMatchObject([{ verdict: "pass", data: "200 OK" }]);
  });

  it("fails with its message", async () => {
    const { clock, deploy } = bed();
    const broken = smoke(async () => {
      throw new Error("GET / answered 500");
    });
    const run = await deploy(redBlack({ gate: stageGate(broken, { path: "/" }) }));
    expect(await clock.drive(run.outcome())).toBe("rolled-back");
    expect((await clock.drive(run.state())).reason).toContain("stage smoke failed: GET / answered 500");
  });

  it("is tried again as often as its retry says", async () => {
    const { clock, deploy } = bed();
    let calls = 0;
    const flaky = defineStage({
      type: "smoke",
      retry: { attempts: 2 },
      run: async ({ attempt }) => {
        calls += 1;
        if (attempt === 1) throw Object.assign(new Error("busy"), { retryable: true });
        return null;
      },
    });
    const run = await deploy(redBlack({ gate: stageGate(flaky, null) }));
    expect(await clock.drive(run.outcome())).toBe("succeeded");
    expect(calls).toBe(2);
  });
});

describe("a check beside all phases", () => {
  it("is measured from the first traffic to the point of no return", async () => {
    const { clock, deploy, engine } = bed();
    const { check, contexts } = scripted("error-rate", PASS);
    const run = await deploy(beside(check));
    expect(await clock.drive(run.outcome())).toBe("succeeded");
    expect(contexts.length).toBeGreaterThanOrEqual(20);
    expect(contexts[0]?.candidate.share).toBe(25);
    expect(new Set(contexts.map(({ phase }) => phase))).toEqual(new Set(["canary 25 %", "full", "soak"]));
    expect(await of(engine, run, "check-closed")).toMatchObject([{ verdict: "pass" }]);
  });

  it("turns the rollout back at once when it fails, in whatever phase it is", async () => {
    const { clock, deploy, engine, groups } = bed();
    const run = await deploy(beside(scripted("error-rate", PASS, PASS, FAIL).check));
    expect(await clock.drive(run.outcome())).toBe("rolled-back");
    expect((await of(engine, run, "rollout-turned-back"))[0]?.reason).toContain(
      "error-rate failed: 7 % of requests failed",
    );
    expect((await of(engine, run, "rollout-phase-started")).map(({ phase }) => phase)).not.toContain("full");
    expect(groups()).toEqual(["shop-api-v001 4 100 %"]);
  });

  it("has its say before the point of no return, however quick the phases are", async () => {
    const { clock, deploy } = bed();
    const { check } = scripted("error-rate", new Error("not yet"), FAIL);
    const run = await deploy(canary({ steps: [25], analysis: { check } }));
    expect(await clock.drive(run.outcome())).toBe("rolled-back");
  });

  it("pauses the rollout when it is inconclusive, and is measured afresh afterwards", async () => {
    const { clock, deploy, delivery, engine } = bed();
    const run = await deploy(beside(scripted("error-rate", PASS, UNCLEAR, PASS).check));
    await until(clock, delivery, "rollout-paused");
    await clock.drive(run.resume());
    expect(await clock.drive(run.outcome())).toBe("succeeded");
    expect(await of(engine, run, "check-opened")).toHaveLength(2);
  });
});

describe("gates after the cut-over", () => {
  it("lead back when one of them fails", async () => {
    const { clock, deploy, groups } = bed();
    const run = await deploy(
      redBlack({
        soak: "1m",
        postPromotion: [{ check: scripted("smoke", PASS).check }, { check: scripted("load", FAIL).check }],
      }),
    );
    expect(await clock.drive(run.outcome())).toBe("rolled-back");
    expect((await clock.drive(run.state())).reason).toContain("verify, check load: load failed");
    expect(groups()).toEqual(["shop-api-v001 4 100 %"]);
  });
});

describe("silence", () => {
  it("is a no", async () => {
    const { clock, deploy } = bed();
    const run = await deploy(redBlack({ gate: { roles: ["qa"], timeout: "2h" } }));
    expect(await clock.drive(run.outcome())).toBe("rolled-back");
  });

  it("is a yes where the gate says so", async () => {
    const { clock, deploy, engine } = bed();
    const run = await deploy(redBlack({ gate: { roles: ["qa"], timeout: "2h", onTimeout: "pass" } }));
    expect(await clock.drive(run.outcome())).toBe("succeeded");
    expect(await of(engine, run, "judgement-expired")).toHaveLength(1);
  });

  it("promotes a step that is to be promoted at the latest after a while", async () => {
    const { clock, deploy, engine } = bed();
    const run = await deploy(canary({ steps: [{ weight: 25, hold: { atLatest: "2h" } }] }));
    expect(await clock.drive(run.outcome())).toBe("succeeded");
    const [promoted] = await of(engine, run, "rollout-phase-promoted");
    const [reached] = await of(engine, run, "rollout-phase-reached");
    expect(promoted).toMatchObject({ phase: "canary 25 %", reason: "nobody promoted it within 2 h" });
    expect((promoted?.at ?? 0) - (reached?.at ?? 0)).toBe(7_200_000);
  });
});

describe("a full promotion", () => {
  it("skips all holds, gates and checks that are left", async () => {
    const { clock, deploy, delivery, engine } = bed();
    const { check } = scripted("error-rate", PASS, FAIL);
    const run = await deploy(slow(check));
    await until(clock, delivery, "check-measured");
    await clock.drive(run.promote("deploy", { full: true, actor: "ana", reason: "hotfix" }));
    expect(await clock.drive(run.outcome())).toBe("succeeded");
    expect(await of(engine, run, "rollout-promoted-fully")).toMatchObject([
      { actor: "ana", reason: "hotfix" },
    ]);
    expect(await of(engine, run, "check-measured")).toHaveLength(1);
  });

  it("does not skip health, and a pause stops it", async () => {
    const { clock, deploy, delivery, engine } = bed();
    const run = await deploy(slow(scripted("error-rate", PASS).check));
    await until(clock, delivery, "check-measured");
    await clock.drive(run.pause());
    await clock.drive(run.promote("deploy", { full: true }));
    await clock.advance(3_600_000);
    expect((await of(engine, run, "rollout-phase-started")).at(-1)?.phase).toBe("canary 25 %");
    await clock.drive(run.resume());
    expect(await clock.drive(run.outcome())).toBe("succeeded");
  });
});

describe("a preview", () => {
  const LATER = "http://shop-api-v002.preview.simulated";

  it("is opened once the candidate is healthy, and told to checks and people before it has traffic", async () => {
    const { clock, deploy, delivery, engine } = bed();
    const { check, contexts } = scripted("smoke", PASS);
    const run = await deploy(redBlack({ gate: [{ check }, { roles: ["qa"] }] }));
    await until(clock, delivery, "judgement-requested");
    expect(await of(engine, run, "rollout-preview-available")).toMatchObject([
      { group: "shop-api-v002", address: LATER },
    ]);
    expect(contexts[0]).toMatchObject({ preview: LATER, candidate: { share: 0, healthy: 4 } });
    expect(await of(engine, run, "judgement-requested")).toMatchObject([{ preview: LATER }]);
    expect((await clock.drive(run.state())).stages[0]).toMatchObject({
      judgement: { preview: LATER },
      rollout: { preview: LATER },
    });
    await clock.drive(run.judge("deploy", { verdict: "pass", actor: "rui" }));
    expect(await clock.drive(run.outcome())).toBe("succeeded");
  });

  it("holds nothing up when it cannot be opened", async () => {
    const { clock, cloud, deploy, engine } = bed();
    cloud.failNext("preview", "denied", 100);
    const run = await deploy(redBlack({ gate: { check: scripted("smoke", PASS).check } }));
    expect(await clock.drive(run.outcome())).toBe("succeeded");
    expect(await of(engine, run, "rollout-preview-available")).toEqual([]);
  });
});
