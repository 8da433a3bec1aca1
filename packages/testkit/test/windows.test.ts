import {
  type Calendar,
  createDelivery,
  defineStage,
  type Delivery,
  dryRunText,
  memory,
  pipeline,
  type RunHandle,
  wait,
} from "@gennaker/core";
import { windows } from "@gennaker/core/windows";
import { expect, it } from "vitest";
import { virtualClock, type VirtualClock } from "../src/index.ts";

const at = (text: string): number => Date.parse(text);
const office = windows({
  timeZone: "Europe/Berlin",
  allow: [{ days: ["mon", "tue", "wed", "thu", "fri"], from: "09:00", to: "17:00" }],
  deny: [{ since: "2026-12-20", until: "2027-01-03", reason: "year-end freeze" }],
});

interface Begun {
  readonly clock: VirtualClock;
  readonly delivery: Delivery;
  readonly run: RunHandle;
  /** When the stage ran. */
  readonly ran: () => string | undefined;
}

async function begin(start: string, calendar: Calendar, common?: Calendar): Promise<Begun> {
  const clock = virtualClock(at(start));
  let ran: string | undefined;
  const note = defineStage({
    type: "note",
    run: () => {
      ran = new Date(clock.now()).toISOString();
      return null;
    },
  });
  const noted = pipeline("noted", { ...(common && { windows: common }) })
    .stage("first", wait, () => ({ for: "1m" }))
    .stage("note", note, () => null, { windows: calendar });
  const delivery = createDelivery({ engine: memory(), clock, pipelines: [noted] });
  const run = await clock.drive(delivery.start(noted, null));
  return { clock, delivery, run, ran: () => ran };
}

it("begins a stage at once while its windows are open", async () => {
  const { clock, run, ran } = await begin("2026-11-26T10:00:00Z", office);
  expect(await clock.drive(run.outcome())).toBe("succeeded");
  expect(ran()).toBe("2026-11-26T10:01:00.000Z");
});

it("holds a stage until its windows open, over a change of clocks, and says why and until when", async () => {
  // Friday evening before the clocks are set back.
  const { clock, run, ran } = await begin("2026-10-23T20:00:00Z", office);
  await clock.advance(3_600_000);
  expect((await clock.drive(run.state())).stages[1]).toMatchObject({
    status: "pending",
    held: { reason: "outside of all windows", opensAt: at("2026-10-26T08:00:00Z") },
  });
  expect(await clock.drive(run.outcome())).toBe("succeeded");
  // 09:00 in Berlin is 08:00 UTC again.
  expect(ran()).toBe("2026-10-26T08:00:00.000Z");
});

it("holds through a freeze, and looks again each day", async () => {
  const { clock, run, ran } = await begin("2026-12-21T10:00:00Z", office);
  expect(await clock.drive(run.outcome())).toBe("succeeded");
  expect(ran()).toBe("2027-01-04T08:00:00.000Z");
});

it("lets somebody begin it in a freeze, with a reason that is recorded", async () => {
  const { clock, run, ran } = await begin("2026-12-21T10:00:00Z", office);
  await clock.advance(3_600_000);
  await expect(clock.drive(run.override("note", { actor: "", reason: "" }))).rejects.toThrow(
    /actor: is missing.*\n.*reason: is missing/,
  );
  await clock.drive(run.override("note", { actor: "ana", reason: "CVE-2026-1234" }));
  await clock.drive(run.override("note", { actor: "ana", reason: "again" }));
  expect(await clock.drive(run.outcome())).toBe("succeeded");
  expect(ran()).toBe("2026-12-21T11:00:00.000Z");
  const events = [];
  for await (const event of run.events()) events.push(event);
  expect(events.filter(({ type }) => type === "stage-windows-overridden")).toMatchObject([
    { actor: "ana", reason: "CVE-2026-1234", stage: "note" },
  ]);
});

it("refuses an override of a stage that is not held", async () => {
  const { clock, run } = await begin("2026-11-26T10:00:00Z", office);
  await expect(clock.drive(run.override("note", { actor: "ana", reason: "impatience" }))).rejects.toThrow(
    'stage "note" is not held by its windows: it is pending',
  );
});

it("needs the windows of the pipeline and those of the stage to be open", async () => {
  const afternoon = windows({ timeZone: "Europe/Berlin", allow: [{ from: "13:00", to: "23:00" }] });
  const { clock, run, ran } = await begin("2026-11-27T20:00:00Z", afternoon, office);
  expect(await clock.drive(run.outcome())).toBe("succeeded");
  expect(ran()).toBe("2026-11-30T12:00:00.000Z");
});

it("holds nothing up that clears up after a failure", async () => {
  const clock = virtualClock(at("2026-12-21T10:00:00Z"));
  const boom = defineStage({
    type: "boom",
    run: () => {
      throw new Error("boom");
    },
  });
  const fine = defineStage({ type: "fine", run: () => null });
  const broken = pipeline("broken", { windows: office })
    .stage("boom", boom, () => null)
    .onFailure("page", fine, () => null)
    .finally("sweep", fine, () => null);
  const delivery = createDelivery({ engine: memory(), clock });
  const run = await clock.drive(delivery.start(broken, null));
  await clock.drive(run.override("boom", { actor: "ana", reason: "it must" }));
  const begun = clock.now();
  expect(await clock.drive(run.outcome())).toBe("failed");
  expect(clock.now() - begun).toBeLessThan(60_000);
});

it("spreads what had to wait over the jitter, each run at its own moment, inside the window", async () => {
  const jittered = windows({
    timeZone: "UTC",
    allow: [{ from: "09:00", to: "09:30" }],
    jitter: "10m",
  });
  const moments = new Set<string | undefined>();
  for (let n = 0; n < 5; n += 1) {
    const { clock, run, ran } = await begin("2026-11-26T20:00:00Z", jittered);
    await clock.drive(run.outcome());
    moments.add(ran());
    expect(ran()! >= "2026-11-27T09:00:00.000Z" && ran()! < "2026-11-27T09:10:00.000Z").toBe(true);
  }
  expect(moments.size).toBeGreaterThan(1);
});

it("goes on holding after a restart, by the windows as they are then", async () => {
  const clock = virtualClock(at("2026-12-21T10:00:00Z"));
  const engine = memory();
  const fine = defineStage({ type: "fine", run: () => null });
  const frozen = pipeline("p").stage("s", fine, () => null, { windows: office });
  const first = createDelivery({ engine, clock, pipelines: [frozen] });
  const { id } = await clock.drive(first.start(frozen, null));
  await clock.advance(1000);
  await clock.drive(first.close());
  const thawed = pipeline("p").stage("s", fine, () => null);
  const second = createDelivery({ engine, clock, pipelines: [thawed] });
  const run = await clock.drive(second.run(id));
  expect(await clock.drive(run.outcome())).toBe("succeeded");
  // Within the day: the freeze was lifted, and it is looked at once a day.
  expect(clock.now()).toBeLessThanOrEqual(at("2026-12-22T10:00:01Z"));
});

it("fails the stage when its windows throw, rather than let it begin", async () => {
  const broken: Calendar = {
    closed: () => {
      throw new Error("the calendar cannot be reached");
    },
  };
  const { clock, run } = await begin("2026-11-26T10:00:00Z", broken);
  expect(await clock.drive(run.outcome())).toBe("failed");
  expect((await clock.drive(run.state())).stages[1]?.error?.message).toContain(
    "windows: threw: the calendar cannot be reached",
  );
});

it("is in the plan", async () => {
  const clock = virtualClock(at("2026-12-21T10:00:00Z"));
  const delivery = createDelivery({ engine: memory(), clock });
  const frozen = pipeline("frozen").stage("pause", wait, () => ({ for: "1m" }), { windows: office });
  const plan = await clock.drive(delivery.plan(frozen, null));
  expect(plan.stages[0]).toMatchObject({
    startsMs: at("2027-01-04T08:00:00Z") - at("2026-12-21T10:00:00Z"),
    held: { reason: "year-end freeze" },
  });
  expect(dryRunText(plan)).toContain("held until its windows open: year-end freeze");
});

it("says that windows are no calendar before anything is started", () => {
  const wrong = pipeline("p", { windows: { timeZone: "UTC" } as unknown as Calendar }).stage(
    "s",
    wait,
    () => ({ for: "1m" }),
    { windows: "office" as unknown as Calendar },
  );
  expect(wrong.problems).toEqual([
    "windows: is no calendar (make one with windows({ … }) of @gennaker/core/windows)",
    'stage "s"  windows: is no calendar (make one with windows({ … }) of @gennaker/core/windows)',
  ]);
});
