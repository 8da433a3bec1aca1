import { expect, it } from "vitest";
import { NO_TALLY } from "../load/tally.ts";
import { frame } from "../screen/frame.ts";
import { cut, plainText, styledText, widthOf } from "../screen/line.ts";
import { sentences } from "../screen/plain.ts";
import { follow, NO_PROGRESS, type Progress } from "../screen/progress.ts";
import type { Scene } from "../screen/scene.ts";
import { report } from "../screen/report.ts";
import { summary } from "../screen/summary.ts";
import { recordedEvents } from "./recorded-events.ts";

const LOAD = { ...NO_TALLY, sent: 14_213, perSecond: 1942, p99: 7.5, versions: { v1: 4213, v2: 10_000 } };

function progressAt(name: "well" | "bad" | "sick", ms: number): Progress {
  return recordedEvents(name)
    .filter(({ at }) => at <= ms)
    .reduce(follow, NO_PROGRESS);
}

function sceneAt(name: "well" | "bad" | "sick", now: number, more: Partial<Scene> = {}): Scene {
  return {
    title: "shop-api on local · red/black · v1 → v2",
    preparing: "",
    preparedSince: 0,
    progress: progressAt(name, now),
    load: LOAD,
    crashes: [],
    now,
    ...more,
  };
}

const drawn = (scene: Scene): string => `\n${frame(scene).map(plainText).join("\n")}\n`;

const holdBar = (progress: Progress, now: number): string =>
  drawn(sceneAt("well", 0, { progress, now })).match(/soak +(\S+)/)?.[1] ?? "";

function told(name: "well" | "bad" | "sick"): string {
  let progress = NO_PROGRESS;
  const lines = recordedEvents(name).flatMap((event) => {
    progress = follow(progress, event);
    return sentences(event, { progress, load: LOAD });
  });
  return `\n${lines.join("\n")}\n`;
}

it("shows what is being prepared before the rollout begins", () => {
  const scene = sceneAt("well", -1, { preparing: "starting 3 instances", preparedSince: -1201 });
  expect(drawn(scene)).toMatchInlineSnapshot(`
    "
    shop-api on local · red/black · v1 → v2

      ● prepare    starting 3 instances                                        1.2 s
    "
  `);
});

it("shows the phases to come, before anything has happened", () => {
  expect(drawn(sceneAt("well", 60))).toMatchInlineSnapshot(`
    "
    shop-api on local · red/black · v1 → v2                                  00:00.0

      ● launch     0 of 3 healthy                                              36 ms
        shift      100 % to v002
        soak       5 s, then retire v001
        retire     v001 to 0 instances (kept warm for undo until then)

      traffic      v001 ████████████████████ 100 %   v002 ░░░░░░░░░░░░░░░░░░░░   0 %
      instances    v001 3 healthy                    v002 none
      load         1,942 req/s · 14,213 sent · 0 failed · p99 8 ms

      a abort (way back: traffic to v001, remove v002)    p pause    n promote now
    "
  `);
});

it("shows a soak under way with all that there is to know", () => {
  expect(drawn(sceneAt("well", 3400))).toMatchInlineSnapshot(`
    "
    shop-api on local · red/black · v1 → v2                                  00:03.4

      ✔ launch     3 of 3 healthy                                              0.6 s
      ✔ shift      100 % to v002                                               16 ms
      ● soak       ███████████░░░░░░░░░  5 s, then retire v001                 2.8 s
        retire     v001 to 0 instances (kept warm for undo until then)

      traffic      v001 ░░░░░░░░░░░░░░░░░░░░   0 %   v002 ████████████████████ 100 %
      instances    v001 3 healthy                    v002 3 healthy
      load         1,942 req/s · 14,213 sent · 0 failed · p99 8 ms

      a abort (way back: traffic to v001, remove v002)    p pause    n promote now
    "
  `);
});

it("shows a rollout that succeeded", () => {
  expect(drawn(sceneAt("well", 60_000))).toMatchInlineSnapshot(`
    "
    shop-api on local · red/black · v1 → v2                                  00:05.6

      ✔ launch     3 of 3 healthy                                              0.6 s
      ✔ shift      100 % to v002                                               16 ms
      ✔ soak       held for 5 s                                                5.0 s
      ✔ retire     v001 to 0 instances                                         13 ms

      traffic      v001 ░░░░░░░░░░░░░░░░░░░░   0 %   v002 ████████████████████ 100 %
      instances    v001 0 instances                  v002 3 healthy
      load         1,942 req/s · 14,213 sent · 0 failed · p99 8 ms


    "
  `);
});

it("shows why a version does not become healthy while there is hope", () => {
  expect(drawn(sceneAt("bad", 2000))).toMatchInlineSnapshot(`
    "
    shop-api on local · red/black · v1 → v2                                  00:02.0

      ● launch     0 of 3 healthy                                              2.0 s
        shift      100 % to v002
        soak       5 s, then retire v001
        retire     v001 to 0 instances (kept warm for undo until then)

      traffic      v001 ████████████████████ 100 %   v002 ░░░░░░░░░░░░░░░░░░░░   0 %
      instances    v001 3 healthy                    v002 0 of 3 healthy
      load         1,942 req/s · 14,213 sent · 0 failed · p99 8 ms
      problem      GET /healthz answered 500, 3 of 3 instances

      a abort (way back: traffic to v001, remove v002)    p pause    n promote now
    "
  `);
});

it("shows the way back, and why it was taken", () => {
  expect(drawn(sceneAt("sick", 60_000, { load: { ...LOAD, sick: 113 } }))).toMatchInlineSnapshot(`
    "
    shop-api on local · red/black · v1 → v2                                  00:02.4

      ✔ launch     3 of 3 healthy                                              0.6 s
      ✔ shift      100 % to v002                                               19 ms
      ✖ soak       was to hold for 5 s                                         1.8 s
      ✔ restore    100 % to v001                                               12 ms
      ✔ remove     v002 gone                                                   28 ms

      traffic      v001 ████████████████████ 100 %   v002 ░░░░░░░░░░░░░░░░░░░░   0 %
      instances    v001 3 healthy                    v002 none
      load         1,942 req/s · 14,213 sent · 0 failed · p99 8 ms
      ill answers  113 errors by v002 itself, not among the failed
      turned back  v002 became unhealthy (GET /healthz answered 500, 1 of 3
                   instances)


    "
  `);
});

it("shows that the orchestrator died and that another one goes on", () => {
  const dead = drawn(sceneAt("well", 3400, { crashes: [{ at: 2100 }] }));
  expect(dead).toContain("  orchestrator killed (SIGKILL) at 00:02.1 · the service goes on without it");
  const resumed = { pid: 4711, at: 3000 };
  expect(drawn(sceneAt("well", 3400, { crashes: [{ at: 2100, resumed }] }))).toContain(
    "  orchestrator killed (SIGKILL) at 00:02.1 · resumed by pid 4711 after 0.9 s",
  );
});

it("does not let a hold go on while the run is paused", () => {
  const at = 2000;
  const base = { id: "r/99", run: "r", seq: 99, offset: 0 };
  const paused = follow(progressAt("well", at), { ...base, type: "run-paused", at });
  const before = holdBar(paused, at);
  expect(holdBar(paused, at + 3000)).toBe(before);
  const resumed = follow(paused, { ...base, type: "run-resumed", at: at + 3000 });
  expect(holdBar(resumed, at + 3000)).toBe(before);
  expect(holdBar(resumed, at + 5000)).not.toBe(before);
});

it("fits every line into 80 columns, whatever happens", () => {
  for (const name of ["well", "bad", "sick"] as const)
    for (let now = 0; now < 8000; now += 100) {
      const load = { ...LOAD, sent: 9_999_999, failed: 12_345, sick: 12_345 };
      const resumed = { pid: 4_194_304, at: 3000 };
      const crashes = [{ at: 2000, resumed }, { at: 4000 }];
      const widths = frame(sceneAt(name, now, { load, crashes })).map((line) => plainText(line).length);
      expect(Math.max(...widths)).toBeLessThanOrEqual(80);
    }
});

it("cuts a line by what is seen and not by its colours", () => {
  const line = frame(sceneAt("well", 3400))[3] ?? [];
  expect(widthOf(cut(line, 30))).toBe(30);
  expect(styledText(cut(line, 30))).toContain("\u001b[");
});

it("tells a log one line for each change", () => {
  expect(told("well")).toMatchInlineSnapshot(`
    "
    phases: launch → shift → soak → retire
    instances: v001 3 healthy
    ● launch     begins
    instances: v001 3 healthy, v002 0 of 3 healthy
    instances: v001 3 healthy, v002 1 of 3 healthy
    ✔ launch     3 of 3 healthy
    ● shift      begins
    traffic: 100 % v002 (14,213 sent, 0 failed)
    ✔ shift      100 % to v002
    ● soak       begins
    ● soak       5 s, then retire v001
    instances: v001 3 healthy, v002 3 healthy
    ✔ soak       held for 5 s
    ● retire     begins
    instances: v001 0 instances, v002 3 healthy
    ✔ retire     v001 to 0 instances
    "
  `);
  expect(told("sick")).toMatchInlineSnapshot(`
    "
    phases: launch → shift → soak → retire
    instances: v001 3 healthy
    ● launch     begins
    instances: v001 3 healthy, v002 0 of 3 healthy
    instances: v001 3 healthy, v002 1 of 3 healthy
    ✔ launch     3 of 3 healthy
    ● shift      begins
    traffic: 100 % v002 (14,213 sent, 0 failed)
    ✔ shift      100 % to v002
    ● soak       begins
    ● soak       5 s, then retire v001
    instances: v001 3 healthy, v002 3 healthy
    instances: v001 3 healthy, v002 2 of 3 healthy
    ✖ turned back: v002 became unhealthy (GET /healthz answered 500, 1 of 3 instances)
    ● restore    begins
    traffic: 100 % v001 (14,213 sent, 0 failed)
    ✔ restore    100 % to v001
    ● remove     begins
    instances: v001 3 healthy
    ✔ remove     v002 gone
    "
  `);
});

it("sums up in a line or two", () => {
  expect(summary(progressAt("well", 60_000), LOAD)).toMatchInlineSnapshot(`
    [
      "succeeded in 5.6 s · 14,213 requests, 0 failed",
    ]
  `);
  expect(summary(progressAt("bad", 60_000), LOAD)).toMatchInlineSnapshot(`
    [
      "rolled back after 4.0 s: v002 never became healthy (GET /healthz answered 500, 3 of 3 instances) · traffic never left v001",
      "14,213 requests, 0 failed",
    ]
  `);
  expect(summary(progressAt("sick", 60_000), { ...LOAD, sick: 113 })).toMatchInlineSnapshot(`
    [
      "rolled back after 2.4 s: v002 became unhealthy (GET /healthz answered 500, 1 of 3 instances) · traffic was back on v001 1.8 s after it had left",
      "14,213 requests, 0 failed · 113 errors were answered by the ill v002 itself",
    ]
  `);
});

it("names the reasons when requests failed", () => {
  const load = { ...LOAD, failed: 3, reasons: { ECONNRESET: 2, "status 503": 1 } };
  expect(summary(progressAt("well", 60_000), load)).toContainEqual(
    "failed requests: ECONNRESET × 2, status 503 × 1",
  );
});

const OF_RUN = { strategy: "red-black", crashes: 1, planned: ["launch", "shift", "soak", "retire"] };

it("reports for programs", () => {
  expect(report(progressAt("sick", 60_000), { ...LOAD, sick: 113 }, OF_RUN)).toMatchInlineSnapshot(`
    {
      "crashes": 1,
      "durationMs": 2432,
      "outcome": "rolled-back",
      "phases": [
        {
          "ms": 574,
          "name": "launch",
        },
        {
          "ms": 19,
          "name": "shift",
        },
        {
          "ms": 1768,
          "name": "soak",
        },
        {
          "ms": 12,
          "name": "restore",
        },
        {
          "ms": 28,
          "name": "remove",
        },
      ],
      "planned": [
        "launch",
        "shift",
        "soak",
        "retire",
      ],
      "requests": {
        "failed": 0,
        "sent": 14213,
        "sickAnswers": 113,
      },
      "strategy": "red-black",
      "traffic": {
        "v1": 4213,
        "v2": 10000,
      },
    }
  `);
});
