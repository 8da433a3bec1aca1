import { expect, it } from "vitest";
import type { Event } from "../src/index.ts";
import { evolveThread, threadActions, threadOf, threadText } from "../src/index.ts";
import { goldenRun } from "./fixtures/golden-runs.ts";

type Name = Parameters<typeof goldenRun>[0];

/** The thread's text after the first event of a type, of a stage if one is named. */
function after(name: Name, type: Event["type"], stage?: string): string {
  const { events } = goldenRun(name);
  const index = events.findIndex(
    (event) => event.type === type && (!stage || ("stage" in event && event.stage === stage)),
  );
  return threadText(threadOf(events.slice(0, index + 1))!);
}

it("shows who started what, and what is to come", () => {
  expect(after("succeeded", "run-started")).toBe(
    [
      "▶ ana started release  shop/api:succeeded",
      "   ○ settle   ○ smoke   ○ cut over?   ○ prod   ○ verify",
    ].join("\n"),
  );
});

it("shows an open question, and who may answer it", () => {
  expect(after("succeeded", "judgement-requested")).toBe(
    [
      "▶ ana started release  shop/api:succeeded",
      "   ✔ settle   ✔ smoke   ⏳ cut over?   ○ prod   ○ verify",
      "   └ cut over? qa:  waits for an answer",
    ].join("\n"),
  );
});

it("shows who answered, and the phases of the rollout under way", () => {
  expect(after("succeeded", "traffic-shifted")).toMatch(
    /^▶ ana started release {2}shop\/api:succeeded\n {3}✔ settle {3}✔ smoke {3}✔ cut over\? {3}● prod \(✔ launch · ● shift · ○ soak · ○ retire\) {3}○ verify\n {3}└ cut over\? qa: {2}(\? \w+ \d\d:\d\d[^✔]*)?✔ rui \d\d:\d\d/,
  );
});

it.each<[Name, string, string]>([
  ["succeeded", "✔ ana", "   └ succeeded after 12 m 47 s"],
  [
    "rolled-back",
    "↩ ana",
    "   └ rolled back after 12 m: prod: shop-api-v003 never became healthy (0 of 3 instances healthy)",
  ],
  ["cancelled", "— ana", "   └ cancelled after "],
])("shows how a run ended that %s, and why", (name, head, end) => {
  const text = threadText(threadOf(goldenRun(name).events)!);
  expect(text.startsWith(head)).toBe(true);
  expect(text.split("\n").some((line) => line.startsWith(end))).toBe(true);
});

it("shows the way back, and that what comes after will not run", () => {
  expect(after("rolled-back", "rollout-turned-back")).toContain("↩ prod (● launch · ○ shift");
  expect(threadText(threadOf(goldenRun("rolled-back").events)!)).toContain("↩ prod   — verify");
});

it("shows who cancelled, and why", () => {
  const lines = after("cancelled", "run-cancel-requested").split("\n");
  expect(lines.at(-1)).toMatch(/^ {3}└ \w+ cancels it \(graceful\): wrong branch$/);
});

it("offers the acts that the run takes as it stands", () => {
  const { events } = goldenRun("succeeded");
  const acts = (upTo: Event["type"]): readonly string[] =>
    threadActions(threadOf(events.slice(0, events.findIndex(({ type }) => type === upTo) + 1))!).map(
      ({ act }) => act,
    );
  expect(acts("run-started")).toEqual(["pause", "cancel"]);
  expect(acts("run-paused")).toEqual(["resume", "cancel"]);
  expect(acts("judgement-requested")).toEqual(["judge", "pause", "cancel"]);
  expect(acts("run-finished")).toEqual([]);
});

it("changes with milestones alone: nobody is told of what a reader does not see", () => {
  const silent = new Set<string>();
  for (const name of ["succeeded", "rolled-back", "cancelled"] as const) {
    let thread: ReturnType<typeof threadOf>;
    for (const event of goldenRun(name).events) {
      const next = evolveThread(thread, event);
      if (next === thread) silent.add(event.type);
      thread = next;
    }
  }
  expect([...silent]).toEqual(
    expect.arrayContaining(["rollout-observed", "rollout-command-sent", "stage-step-recorded"]),
  );
  for (const type of [
    "run-finished",
    "run-cancel-requested",
    "judgement-requested",
    "stage-failed",
    "rollout-turned-back",
  ])
    expect(silent).not.toContain(type);
});

it("ignores what it does not know, and a log that begins in its midst", () => {
  const { events } = goldenRun("succeeded");
  expect(threadOf(events.slice(1))).toBeUndefined();
  const foreign = { ...events[1]!, type: "stage-teleported", stage: "constructor" } as unknown as Event;
  expect(threadOf([events[0]!, foreign])).toEqual(threadOf([events[0]!]));
});

it("shows how many of several have approved, and what they chose", () => {
  const { events } = goldenRun("judged-by-several");
  const first = events.findIndex(({ type }) => type === "judgement-approved");
  expect(threadText(threadOf(events.slice(0, first + 1))!)).toContain(
    "└ cut over? qa (1 of 2):  ✔ rui 00:00 (us)",
  );
  const text = threadText(threadOf(events)!);
  expect(text).toContain("└ cut over? qa (2 of 2):");
  expect(text).toMatch(/✔ rui \d\d:\d\d \(eu\) {3}✔ eva \d\d:\d\d \(eu\): p99 is fine$/m);
});

it("shows until when a stage is held, and no longer once it begins", () => {
  const { events } = goldenRun("held-and-overridden");
  const at = (type: Event["type"], stage: string): string =>
    threadText(
      threadOf(
        events.slice(
          0,
          events.findIndex((event) => event.type === type && "stage" in event && event.stage === stage) + 1,
        ),
      )!,
    );
  expect(at("stage-held", "at night").split("\n").at(-1)).toBe(
    "   └ at night is held for 2 h, until 02:00: outside of all windows",
  );
  expect(at("stage-started", "at night")).not.toContain("is held");
  expect(at("stage-held", "frozen")).toMatch(/└ frozen is held for \d+ d.*, until 00:00: freeze$/m);
  expect(at("stage-started", "frozen")).not.toContain("is held");
});

it("tells nobody twice that a stage is held for the same reason", () => {
  const { events } = goldenRun("held-and-overridden");
  const upTo = events.findLastIndex(({ type }) => type === "stage-held");
  const held = threadOf(events.slice(0, upTo + 1))!;
  const again = { ...events[upTo]!, at: events[upTo]!.at + 86_400_000 } as Event;
  expect(evolveThread(held, again)).toBe(held);
});
