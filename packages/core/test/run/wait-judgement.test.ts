import { expect, it } from "vitest";
import { given, issued, stage, started, types } from "./given.ts";

const pause = { type: "stage-started" as const, at: 1000, stage: "pause", input: { for: "10s" } };
const waiting = started(stage("pause", { kind: "wait" }));

it("records the instant until which it waits, and wakes then", () => {
  const write = given(waiting).when(1000, pause);
  expect(write.events.at(-1)).toEqual({ type: "wait-started", at: 1000, stage: "pause", until: 11_000 });
  expect(write.wakeAt).toBe(11_000);
});

it("goes on at the instant, not before", () => {
  const wait = given(waiting, pause, { type: "wait-started", at: 1000, stage: "pause", until: 11_000 });
  expect(types(wait.when(10_999))).toEqual([]);
  expect(types(wait.when(11_000))).toEqual(["stage-succeeded", "run-finished"]);
});

it("does not count paused time", () => {
  const paused = given(
    waiting,
    pause,
    { type: "wait-started", at: 1000, stage: "pause", until: 11_000 },
    { type: "run-paused", at: 5000 },
  );
  expect(paused.when(60_000).wakeAt).toBeNull();
  expect(types(paused.when(60_000))).toEqual([]);
  const resumed = paused.when(65_000, { type: "run-resumed", at: 65_000 });
  expect(resumed.wakeAt).toBe(71_000);
});

it("makes nothing come sooner when the clock was set back while it was paused", () => {
  const paused = given(
    waiting,
    pause,
    { type: "wait-started", at: 1000, stage: "pause", until: 11_000 },
    { type: "run-paused", at: 5000 },
  );
  expect(paused.when(2000, { type: "run-resumed", at: 2000 }).wakeAt).toBe(11_000);
});

it("waits for a hundred thousand years when it is told to", () => {
  const long = { ...pause, input: { for: "36500000d" } };
  expect(given(waiting).when(1000, long).wakeAt).toBe(1000 + 36_500_000 * 86_400_000);
});

const asking = started(stage("ok?", { kind: "judgement" }), stage("next", { after: ["ok?"] }));
const asked = {
  type: "stage-started" as const,
  at: 0,
  stage: "ok?",
  input: { roles: ["qa"], timeout: "2d" },
};
const request = {
  type: "judgement-requested" as const,
  at: 0,
  stage: "ok?",
  judgement: "ok?",
  roles: ["qa"],
  expiresAt: 172_800_000,
};
const answer = (verdict: "pass" | "fail" | "inconclusive") => ({
  type: "judgement-answered" as const,
  at: 5,
  stage: "ok?",
  judgement: "ok?",
  verdict,
  actor: "rui",
});

it("asks, and says by when", () => {
  const write = given(asking).when(0, asked);
  expect(write.events.at(-1)).toEqual(request);
  expect(write.wakeAt).toBe(172_800_000);
});

it("goes on when somebody passes it, and later stages can see who", () => {
  const write = given(asking, asked, request).when(5, answer("pass"));
  expect(write.state.stages["ok?"]?.output).toEqual({ verdict: "pass", actor: "rui", at: 5 });
  expect(issued(write)).toEqual(["next"]);
});

it("fails when somebody fails it", () => {
  const write = given(asking, asked, request).when(5, answer("fail"));
  expect(write.state).toMatchObject({ outcome: "failed", reason: "ok?: rui judged it a fail" });
});

it("stays open on an inconclusive answer", () => {
  const write = given(asking, asked, request).when(5, answer("inconclusive"));
  expect(write.state.stages["ok?"]).toMatchObject({ status: "running", judgement: { judgement: "ok?" } });
  expect(types(given(asking, asked, request, answer("inconclusive")).when(6, answer("pass")))).toContain(
    "stage-succeeded",
  );
});

it("counts silence as a fail once the time is over", () => {
  const write = given(asking, asked, request).when(172_800_000);
  expect(types(write)).toEqual(["judgement-expired", "stage-failed", "stage-skipped", "run-finished"]);
});

it("ends what waits at once when the run is cancelled", () => {
  const write = given(asking, asked, request).when(7, {
    type: "run-cancel-requested",
    at: 7,
    mode: "graceful",
    actor: "ana",
  });
  expect(types(write)).toEqual(["run-cancel-requested", "stage-cancelled", "stage-skipped", "run-finished"]);
  expect(write.state).toMatchObject({ outcome: "cancelled", reason: "cancelled by ana" });
});

it("counts silence as a pass where that was asked for", () => {
  const silent = { ...asked, input: { roles: ["qa"], timeout: "2d", onTimeout: "pass" } };
  const write = given(asking, silent, request).when(172_800_000);
  expect(types(write)).toEqual(["judgement-expired", "stage-succeeded"]);
  expect(write.state.stages["ok?"]?.output).toEqual({ verdict: "pass", at: 172_800_000, expired: true });
});

it("says how many of those who must approve did so in time", () => {
  const several = { ...asked, input: { roles: ["qa"], timeout: "2d", approvals: 2 } };
  const write = given(
    asking,
    several,
    { ...request, approvals: 2 },
    { type: "judgement-approved", at: 5, stage: "ok?", judgement: "ok?", actor: "rui" },
  ).when(172_800_000);
  expect(write.state.stages["ok?"]?.error?.message).toBe("only 1 of 2 answered in time");
});

it("forbids whoever started the run to answer, where that was asked for", () => {
  const alone = { ...asked, input: { roles: ["qa"], excludeStarter: true } };
  expect(
    given({ ...asking, actor: "ana" })
      .when(0, alone)
      .events.at(-1),
  ).toMatchObject({ excludes: "ana" });
  expect(given(asking).when(0, alone).events.at(-1)).not.toHaveProperty("excludes");
});
